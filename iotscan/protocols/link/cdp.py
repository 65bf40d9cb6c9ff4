"""CDP: what switches, routers, access points and phones of Cisco and others say on each link.

Cisco's own protocol, which lldpd, MikroTik and Ubiquiti speak too. Behind SNAP with Cisco's
identifier and 0x2000: version, lifetime, checksum, then fields of a type and a length, each two
bytes, the length with both. Sources: Cisco's description of the frame format, lldpd's reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from iotscan.errors import Malformed

ETHERTYPE = 0x2000
_VERSIONS = (1, 2)
_HEAD, _FIELD_HEAD = 4, 4
_DEVICE, _ADDRESSES, _CAPABILITIES, _SOFTWARE, _PLATFORM = 1, 2, 4, 5, 6
_SYSTEM_NAME, _MANAGEMENT = 0x14, 0x16
# Bits of capabilities, the telling ones first: a phone switches too. What routes and switches may
# be built for either.
_KINDS = {
    1 << 7: "ip phone",
    1 << 9: "camera",
    1 << 3 | 1: "",
    1 << 3: "network switch",
    1: "router",
}
# Protocol of an address as NLPID or behind SNAP, and how long its addresses are.
_IPV4, _IPV6 = b"\x01\x01\xcc\0\4", b"\x02\x08\xaa\xaa\x03\0\0\0\x86\xdd\0\x10"
_MOST_ADDRESSES = 16


@dataclass(frozen=True, slots=True)
class Cdp:
    """One frame; texts as sent, empty where they are not. ``kind``: a word for what it does."""

    device: bytes
    name: bytes
    platform: bytes
    software: bytes
    kind: str
    addresses: tuple[IPv4Address | IPv6Address, ...]


def parse(data: bytes) -> Cdp:
    """What a frame says. It names the device. Raises Malformed."""
    if len(data) < _HEAD or data[0] not in _VERSIONS:
        raise Malformed("CDP has versions 1 and 2")
    fields: dict[int, bytes] = {}
    for kind, body in _fields(data):
        fields.setdefault(kind, body)
    if not fields.get(_DEVICE):
        raise Malformed("CDP without the device that speaks")
    bits = int.from_bytes(fields.get(_CAPABILITIES, b""), "big")
    found = (*_addresses(fields.get(_ADDRESSES, b"")), *_addresses(fields.get(_MANAGEMENT, b"")))
    return Cdp(
        fields[_DEVICE],
        fields.get(_SYSTEM_NAME, b""),
        fields.get(_PLATFORM, b""),
        fields.get(_SOFTWARE, b""),
        next((word for mask, word in _KINDS.items() if bits & mask == mask), ""),
        tuple(dict.fromkeys(found)),
    )


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = _HEAD
    while at + _FIELD_HEAD <= len(data):
        kind, length = (int.from_bytes(data[i : i + 2], "big") for i in (at, at + 2))
        if length < _FIELD_HEAD or at + length > len(data):
            raise Malformed("a field of CDP is cut off")
        yield kind, data[at + _FIELD_HEAD : at + length]
        at += length


def _addresses(body: bytes) -> Iterator[IPv4Address | IPv6Address]:
    """A count, then protocol and address each; whatever is behind an unknown one is left."""
    at = 4
    for _ in range(min(int.from_bytes(body[:4], "big"), _MOST_ADDRESSES)):
        if body[at:].startswith(_IPV4) and len(body) >= at + 9:
            yield IPv4Address(body[at + 5 : at + 9])
            at += 9
        elif body[at:].startswith(_IPV6) and len(body) >= at + 28:
            yield IPv6Address(body[at + 12 : at + 28])
            at += 28
        else:
            return
