"""Full scan: telnet, MQTT, CoAP, UPnP and mDNS of the lab, against nmap with matching scripts

nmap gets the same ports, the same four telnet logins and its fastest safe timing (-T4). ``frames``
are what the scanner sent, counted on its interface; ``found`` is how many of the house's findings
each tool told of, by device and subject, counting only subjects that some nmap script looks for.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import counting
from benchmarks.measure import missing as _missing
from benchmarks.measure import run as measured

LAB = Path(__file__).resolve().parent.parent / "tests" / "lab"
SCRIPTS = (
    "banner,telnet-encryption,telnet-brute,mqtt-subscribe,coap-resources,upnp-info,ssl-cert,"
    "ssl-enum-ciphers,http-title,http-server-header,http-auth,http-security-headers,dns-service-discovery"
)
# The family of the house that both can judge; others have protocols that nmap has no script for.
FAMILY = "basics"
UDP = "1900,5353,5683,5684"
LOGINS = "root/xc3511\nroot/vizxv\nroot/admin\nadmin/admin\n"
# What of nmap's output tells of which of our findings, by the words of its scripts.
SAYS = {
    "default-credentials-telnet": r"admin:admin - Valid",
    "telnet-exposed": r"\d+/tcp +open +telnet",
    "mqtt-anonymous": r"mqtt-subscribe:",
    "mqtt-sys-readable": r"\$SYS/",
    "mqtt-secrets-retained": r"home/wifi/password",
    "coap-discovery-open": r"coap-resources:",
    "upnp-port-mapping-present": r"PortMapping",
    "discovery-leaks-identifiers": r"upnp-info:",
    "cert-self-signed": r"ssl-cert:",
    "version-disclosed": r"(http-server-header|upnp-info):",
    "http-security-headers-missing": r"http-security-headers:",
    "homekit-unpaired": r"_hap",
    "matter-commissioning-open": r"matterc",
    "printer-port-unauthenticated": r"9100/tcp +open",
}


def missing() -> str:
    return _missing("ip", "nmap", "tcpdump", "mosquitto")


def run() -> None:
    sys.path.insert(0, str(LAB))
    from houses import build, devices, truth
    from lan import NETWORK, lan

    from iotscan.net.ports import default_ports

    wanted = {
        (address, finding.split()[0])
        for name, address, *_ in devices(FAMILY)
        for finding in truth()[name]["findings"]
        if finding.split()[0] in SAYS
    }
    ports = ",".join(map(str, default_ports()))
    with tempfile.TemporaryDirectory() as scratch, lan(Path(scratch)) as network:
        folder = Path(scratch)
        scanner = build(network, FAMILY)
        (folder / "logins").write_text(LOGINS)
        commands = {
            "iotscan": [
                sys.executable, "-m", "iotscan", "scan", NETWORK, "--quiet", "--no-store",
                "--output", f"json:{folder}/report.json",
            ],
            "nmap with scripts": [
                "nmap", "-n", "-T4", "-sS", "-sU", "-sV", "-p", f"T:{ports},U:{UDP}",
                "--script", SCRIPTS, "--script-args",
                f"brute.mode=creds,brute.credfile={folder}/logins,mqtt-subscribe.listen-time=3s",
                NETWORK,
            ],
        }  # fmt: skip
        print(f"{'':20}{'wall':>8}{'cpu':>8}{'MB':>7}{'frames':>8}  found of {len(wanted)}")
        for name, argv in commands.items():
            with counting(scanner.namespace, folder) as sent:
                cost = measured(scanner.command(*argv))
            said = _ours(folder / "report.json") if name == "iotscan" else _nmap(cost.output)
            print(
                f"{name:20}{cost.wall:8.1f}{cost.processor:8.1f}{cost.memory:7.0f}"
                f"{sent.frames:8}  {len(said & wanted)}"
            )
            for address, rule in sorted(wanted - said):
                print(f"    missed: {address} {rule}")


def _ours(path: Path) -> set[tuple[str, str]]:
    report = json.loads(path.read_bytes())
    return {(finding["address"], finding["rule"]) for finding in report["findings"]}


def _nmap(output: str) -> set[tuple[str, str]]:
    found = set()
    for block in output.split("Nmap scan report for ")[1:]:
        address = block.split()[0]
        found |= {(address, rule) for rule, words in SAYS.items() if re.search(words, block)}
    return found
