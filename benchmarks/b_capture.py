"""Captures: iotscan beside tshark and scapy, on traffic like that of a home

The same files, made by ``benchmarks.traffic``. tshark extracts the fields that hold what iotscan
looks for; scapy only dissects packets. iotscan makes its whole report: devices, findings, verdicts.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import measure
from benchmarks.traffic import MIXES

MEGABYTES = 200
FIELDS = (
    "frame.number eth.src ip.src ip.dst ipv6.src tcp.dstport udp.dstport "
    "tls.handshake.version tls.handshake.ciphersuite x509sat.uTF8String mqtt.username "
    "mqtt.passwd http.authorization http.request.uri http.server ftp.request.command "
    "ftp.request.arg telnet.data dns.qry.name dhcp.option.hostname snmp.community "
    "coap.code rtsp.request sip.auth"
)

SCAPY = (
    "import sys; from scapy.all import PcapReader, TCP;"
    "print(sum(TCP in packet for packet in PcapReader(sys.argv[1])), 'of TCP')"
)


def missing() -> str:
    return "" if shutil.which("tshark") else "not installed: tshark"


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for mix in MIXES:
            path, small = Path(folder) / f"{mix}.pcap", Path(folder) / f"{mix}.small.pcap"
            print(f"{mix}: {MEGABYTES} MB; scapy reads a twentieth")
            for size, file in ((MEGABYTES, path), (MEGABYTES / 20, small)):
                make = ["-m", "benchmarks.traffic", mix, str(size), str(file)]
                print(measure.run([sys.executable, *make]).output.strip())
            measure.compare(_commands(path, small), lambda _, output: output.strip()[-60:], runs=1)
            path.unlink()


def _commands(path: Path, small: Path) -> dict[str, list[str]]:
    fields = " ".join(f"-e {field}" for field in FIELDS.split())
    tshark = f"tshark -n -r {shlex.quote(str(path))} -T fields {fields} 2>/dev/null | wc -l"
    replay = f"{sys.executable} -m iotscan replay {shlex.quote(str(path))} --quiet"
    return {
        "iotscan": ["sh", "-c", f"{replay} --fail-on critical | tail -n 3 | head -n 1"],
        "tshark": ["sh", "-c", tshark],
        "scapy (a twentieth)": [sys.executable, "-c", SCAPY, str(small)],
    }
