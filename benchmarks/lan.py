"""Two namespaces and a wire: a scanner, and a host that has as many addresses as are asked for."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def crowd(network: str, scanner: str, addresses: Sequence[str]) -> Iterator[list[str]]:
    """The argv prefix that runs a program on the scanner, beside a host with these addresses.

    Every address answers ARP, and refuses connections to ports on which nothing listens.
    """
    here, there = f"iotb{os.getpid()}s", f"iotb{os.getpid()}h"
    length = network.partition("/")[2]
    try:
        for name in (here, there):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip(
            "-n",
            here,
            "link",
            "add",
            "lan0",
            "type",
            "veth",
            "peer",
            "name",
            "lan0",
            "netns",
            there,
        )
        for name in (here, there):
            _ip("-n", name, "link", "set", "lan0", "up")
        _ip("-n", here, "addr", "add", f"{scanner}/{length}", "dev", "lan0")
        batch = "".join(f"addr add {address}/{length} dev lan0\n" for address in addresses)
        subprocess.run(
            ["ip", "-n", there, "-batch", "-"],
            input=batch.encode(),
            check=True,
            capture_output=True,
        )
        # Otherwise the kernel, not the scanner, is what is measured.
        for name in (here, there):
            for setting in ("gc_thresh1=8192", "gc_thresh2=16384", "gc_thresh3=32768"):
                subprocess.run(
                    [
                        "ip",
                        "netns",
                        "exec",
                        name,
                        "sysctl",
                        "-qw",
                        f"net.ipv4.neigh.default.{setting}",
                    ],
                    check=False,
                    capture_output=True,
                )
        yield ["ip", "netns", "exec", here]
    finally:
        for name in (here, there):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
