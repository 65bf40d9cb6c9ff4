"""The kernel's table of neighbours: which MAC it knows for which address. No privilege needed.

Linux is asked by a netlink dump (rtnetlink(7), RTM_GETNEIGH), which takes 0.1 ms; other systems by
their ``arp`` program. Empty where neither tells anything.
"""

from __future__ import annotations

import re
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

from iotscan.model import Address

Neighbour = tuple[Address, str, str]
# Whether a look at the table takes microseconds, or a program has to be started for it.
CHEAP = sys.platform == "linux"

_GET_NEIGHBOURS, _NEW_NEIGHBOUR, _DONE, _ERROR = 30, 28, 3, 2
_REQUEST_DUMP = 0x1 | 0x300
_DESTINATION, _LINK_ADDRESS = 1, 2
# Reachable, stale, delay, probe and permanent; not incomplete, failed and noarp. linux/neighbour.h
_KNOWN_STATES = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
_HEADER = struct.Struct("=IHHII")
_ENTRY = struct.Struct("=BxxxiHBB")
_ATTRIBUTE = struct.Struct("=HH")
# "? (192.168.1.1) at a4:2b:b0:1:2:3 on en0 ifscope [ethernet]", macOS and the BSDs
_BSD_LINE = re.compile(r"\(([\d.]+)\) at ([0-9A-Fa-f:]{11,17}) on (\S+)")
# "  192.168.1.1          a4-2b-b0-01-02-03     dynamic", Windows, in every language
_WINDOWS_LINE = re.compile(r"^\s+([\d.]+)\s+((?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})\s", re.MULTILINE)
_PATIENCE = 2.0


def neighbours() -> list[Neighbour]:
    """(address, MAC, interface name) of every known IPv4 and IPv6 neighbour.

    Link-local IPv6 addresses carry their interface. [] where the system does not tell.
    """
    if sys.platform == "linux":
        try:
            return list(parse_dump(_dump(), socket.if_indextoname))
        except OSError:
            return []
    return read_arp_program(_run_arp())


def parse_dump(data: bytes, name_of: Callable[[int], str]) -> Iterator[Neighbour]:
    """The neighbours in netlink messages; stops at what is damaged.

    ``name_of``: interface index → name, OSError for one that is gone.
    """
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        if kind == _NEW_NEIGHBOUR and length >= _HEADER.size + _ENTRY.size:
            entry = _read_entry(data[at + _HEADER.size : at + length], name_of)
            if entry is not None:
                yield entry
        at += (length + 3) & ~3


def read_arp_program(text: str) -> list[Neighbour]:
    """What ``arp -an`` (BSD, macOS) or ``arp -a`` (Windows) printed."""
    found = [(hit[1], hit[2], hit[3]) for hit in _BSD_LINE.finditer(text)]
    found += [(hit[1], hit[2], "") for hit in _WINDOWS_LINE.finditer(text)]
    entries: list[Neighbour] = []
    for address, mac, interface in found:
        octets = re.split("[:-]", mac.lower())
        raw = bytes(int(octet, 16) for octet in octets if len(octet) <= 2)
        try:
            parsed = IPv4Address(address)
        except AddressValueError:
            continue
        if len(octets) == len(raw) == 6 and not raw[0] & 1 and any(raw):
            entries.append((parsed, raw.hex(":"), interface))
    return entries


def _dump() -> bytes:
    family: int = getattr(socket, "AF_NETLINK")  # noqa: B009  (mypy on other systems)
    request = _HEADER.pack(_HEADER.size + _ENTRY.size, _GET_NEIGHBOURS, _REQUEST_DUMP, 1, 0)
    answer = bytearray()
    with socket.socket(family, socket.SOCK_RAW, 0) as link:
        link.settimeout(_PATIENCE)
        link.sendall(request + _ENTRY.pack(0, 0, 0, 0, 0))
        while True:
            part = link.recv(65_536)
            answer += part
            if not part or _ended(part):
                return bytes(answer)


def _ended(part: bytes) -> bool:
    at = 0
    while at + _HEADER.size <= len(part):
        length, kind, *_ = _HEADER.unpack_from(part, at)
        if kind in (_DONE, _ERROR) or length < _HEADER.size:
            return True
        at += (length + 3) & ~3
    return False


def _read_entry(body: bytes, name_of: Callable[[int], str]) -> Neighbour | None:
    _, index, state, _, _ = _ENTRY.unpack_from(body)
    attributes: dict[int, bytes] = {}
    at = _ENTRY.size
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            break
        attributes[kind] = body[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    raw, mac = attributes.get(_DESTINATION, b""), attributes.get(_LINK_ADDRESS, b"")
    if not state & _KNOWN_STATES or len(mac) != 6 or not any(mac) or len(raw) not in (4, 16):
        return None
    try:
        name = name_of(index)
    except OSError:
        return None
    address: Address = ip_address(raw)
    if isinstance(address, IPv6Address) and address.is_link_local:
        address = IPv6Address(f"{address}%{name}")
    return None if address.is_multicast else (address, mac.hex(":"), name)


def _run_arp() -> str:
    program = shutil.which("arp")
    if program is None:
        return ""
    argv = [program, "-a"] if sys.platform == "win32" else [program, "-an"]
    try:
        # The system's own program, with nothing of anyone else's in its words.
        done = subprocess.run(argv, capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")
