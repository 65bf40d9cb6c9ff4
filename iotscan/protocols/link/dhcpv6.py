"""DHCP for IPv6: what clients say of themselves, and which addresses a server gives them. RFC 8415,
RFC 4704 (full names), RFC 8520 section 10 (MUD URLs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

from iotscan.errors import Malformed
from iotscan.protocols.link.arp import mac_text

# Messages of clients, and the one in which a server gives addresses.
_FROM_CLIENT = {1: "solicit", 3: "request", 4: "confirm", 5: "renew", 6: "rebind", 11: "inform"}
REPLY = 7
# In which a client tells the addresses that it has, and goes on to have (section 18.2.4).
_HOLDING = (5, 6)
_CLIENT_ID, _IA_NA, _ADDRESS, _ASKED, _VENDOR_CLASS, _FULL_NAME = 1, 3, 5, 6, 16, 39
_MUD_URL = 112
# DUIDs that hold a link-layer address: with a time, and bare; both name the hardware first.
_BARE = b"\0\3\0\1"
_DUID_MACS = {b"\0\1\0\1": 8, _BARE: 4}


@dataclass(frozen=True, slots=True)
class Dhcpv6:
    """One message. ``mac``: of the client's identifier, "" where that holds none; ``permanent``: it
    is of a network card that cannot be taken out, and of no other (section 11.4).

    ``assigned``: the addresses in a reply, or that a client renews; ``asked``: the options that a
    client asks for.
    """

    from_server: bool
    mac: str
    full_name: bytes
    vendor_class: bytes
    asked: tuple[int, ...]
    assigned: tuple[IPv6Address, ...]
    mud_url: bytes = b""
    permanent: bool = False


def parse(data: bytes) -> Dhcpv6:
    """The message of a client, or a reply to one. Raises Malformed for all others."""
    kind = data[0] if len(data) >= 4 else 0
    if kind not in _FROM_CLIENT and kind != REPLY:
        raise Malformed("no message of a DHCPv6 client and no reply to one")
    mac, name, vendor, mud_url = "", b"", b"", b""
    asked: tuple[int, ...] = ()
    assigned: list[IPv6Address] = []
    permanent = False
    for code, body in _options(data, 4):
        if code == _CLIENT_ID:
            mac, permanent = _mac(body), body.startswith(_BARE)
        elif code == _FULL_NAME:
            name = _unpacked(body[1:])
        elif code == _VENDOR_CLASS and len(body) > 6:
            vendor = body[6 : 6 + int.from_bytes(body[4:6], "big")]
        elif code == _ASKED:
            asked = tuple(int.from_bytes(body[i : i + 2], "big") for i in range(0, len(body), 2))
        elif code == _MUD_URL:
            mud_url = body
        elif code == _IA_NA and kind in (*_HOLDING, REPLY):
            assigned += _addresses(body, given=kind == REPLY)
    if not mac and not name and not asked and not assigned:
        raise Malformed("the message says nothing of its client")
    return Dhcpv6(kind == REPLY, mac, name, vendor, asked, tuple(assigned), mud_url, permanent)


def _options(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(data):
        code = int.from_bytes(data[at : at + 2], "big")
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if at + 4 + length > len(data):
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + length


def _addresses(association: bytes, *, given: bool) -> Iterator[IPv6Address]:
    """Of an association; its own fields take twelve bytes. A lifetime of 0 takes back what was
    ``given``; of clients it means nothing (section 21.6).
    """
    for code, body in _options(association, 12):
        if code == _ADDRESS and len(body) >= 24 and not (given and body[20:24] == bytes(4)):
            yield IPv6Address(body[:16])


def _mac(identifier: bytes) -> str:
    offset = _DUID_MACS.get(identifier[:4])
    raw = identifier[offset:] if offset else b""
    return mac_text(raw) if len(raw) == 6 else ""


def _unpacked(name: bytes) -> bytes:
    labels, at = [], 0
    while at < len(name) and 0 < name[at] <= 63:
        labels.append(name[at + 1 : at + 1 + name[at]])
        at += 1 + name[at]
    return b".".join(labels)
