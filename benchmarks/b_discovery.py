"""Discovery: who is there on a /24 with 64 hosts

``iotscan, ARP alone`` sends what arp-scan sends; ``iotscan, all of discovery`` also asks by mDNS
and SSDP and waits for answers, as every scan does. Each is a process of its own.
"""

from __future__ import annotations

import re
import sys

from benchmarks.lan import crowd
from benchmarks.measure import compare
from benchmarks.measure import missing as _missing

NETWORK, SCANNER = "10.78.0.0/24", "10.78.0.254"
HOSTS = [f"10.78.0.{number}" for number in range(1, 65)]


def missing() -> str:
    return _missing("ip", "arp-scan", "nmap")


def run() -> None:
    with crowd(NETWORK, SCANNER, HOSTS) as on:
        compare(
            {
                "iotscan, all of discovery": [
                    *on,
                    sys.executable,
                    "-m",
                    "benchmarks.discover",
                    NETWORK,
                ],
                "iotscan, ARP alone": [
                    *on,
                    sys.executable,
                    "-m",
                    "benchmarks.discover",
                    NETWORK,
                    "arp",
                ],
                "arp-scan": [*on, "arp-scan", "-I", "lan0", "-x", NETWORK],
                "nmap -sn": [*on, "nmap", "-n", "-sn", NETWORK],
            },
            _found,
        )


def _found(name: str, output: str) -> str:
    if name.startswith("iotscan"):
        return output.strip().splitlines()[-1]
    addresses = set(re.findall(r"10\.78\.0\.\d+", output)) - {SCANNER, "10.78.0.0"}
    return f"{len(addresses)} hosts"
