"""The DNS servers that this machine is told to ask, as its own files say. Nothing is asked here.

resolv.conf(5); systemd-resolved(8), whose stub on loopback hides the servers that it asks itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from iotscan.model import Address

SETTINGS = Path("/etc/resolv.conf")
# Kept by systemd-resolved with the servers behind its stub.
BEHIND_THE_STUB = Path("/run/systemd/resolve/resolv.conf")
_LARGEST = 1 << 16
# The C library heeds no more, MAXNS.
_MOST = 3


def resolvers(settings: Path = SETTINGS, behind: Path = BEHIND_THE_STUB) -> list[Address]:
    """The servers in their order; those behind a stub on loopback instead of it, where told."""
    found = list(_listed(settings))
    if found and all(address.is_loopback for address in found):
        found = list(_listed(behind)) or found
    return list(dict.fromkeys(found))[:_MOST]


def _listed(path: Path) -> Iterator[Address]:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST).decode("ascii", "replace")
    except OSError:
        return
    for line in text.splitlines():
        word, *rest = line.split()[:2] or [""]
        if word == "nameserver" and rest:
            try:
                yield ip_address(rest[0])
            except ValueError:
                continue
