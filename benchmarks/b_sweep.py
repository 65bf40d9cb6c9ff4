"""Port sweep: 1,000 addresses × 20 ports, 20 of them open

All refuse or take connections at once, so what is measured is the scanner. Rates are lifted for
iotscan as for nmap (-T5, no host discovery, no name look-ups).
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.lan import crowd
from benchmarks.measure import compare
from benchmarks.measure import missing as _missing

NETWORK, SCANNER = "10.79.0.0/22", "10.79.3.254"
HOSTS = [f"10.79.{n // 250}.{n % 250 + 1}" for n in range(1000)]
PORTS = "22,23,53,80,81,443,554,1883,1900,2323,5000,5683,7547,8000,8080,8081,8443,8883,9000,9100"
LISTENER = (
    "import socket,time;"
    "s=[socket.create_server((f'10.79.0.{n}',23),backlog=64) for n in range(1,21)];"
    "print('ready',flush=True);time.sleep(900)"
)


def missing() -> str:
    return _missing("ip", "nmap")


def run() -> None:
    with crowd(NETWORK, SCANNER, HOSTS) as on:
        there = on[-1][:-1] + "h"
        listener = subprocess.Popen(
            ["ip", "netns", "exec", there, sys.executable, "-c", LISTENER], stdout=subprocess.PIPE
        )
        assert listener.stdout is not None
        listener.stdout.readline()
        targets = ["10.79.0.1-250", "10.79.1.1-250", "10.79.2.1-250", "10.79.3.1-250"]
        nmap = ["nmap", "-n", "-Pn", "-T5", "-p", PORTS, "-oG", "-"]
        try:
            compare(
                {
                    "iotscan": [*on, sys.executable, "-m", "benchmarks.sweep", PORTS, *targets],
                    "nmap -sT": [*on, *nmap, "-sT", *targets],
                    "nmap -sS": [*on, *nmap, "-sS", *targets],
                    "nmap -sS --min-rate 20000": [
                        *on, *nmap, "-sS", "--min-rate", "20000", *targets
                    ],
                },
                _found,
                runs=3,
            )  # fmt: skip
        finally:
            listener.terminate()
            listener.wait()


def _found(name: str, output: str) -> str:
    if name == "iotscan":
        return output.strip().splitlines()[-1]
    return f"{output.count('/open/')} open"
