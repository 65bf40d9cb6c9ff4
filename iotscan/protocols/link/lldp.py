"""LLDP: what switches, access points and phones say of themselves on each link. IEEE 802.1AB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from iotscan.errors import Malformed
from iotscan.protocols.link.arp import mac_text

ETHERTYPE = 0x88CC
_END, _CHASSIS, _PORT, _LIFETIME = 0, 1, 2, 3
_NAME, _DESCRIPTION, _CAPABILITIES, _MANAGEMENT, _OWN = 5, 6, 7, 8, 127
# The subtype of a chassis that a MAC names, table 8-2.
_CHASSIS_MAC = b"\x04"
_TIA = b"\x00\x12\xbb"
# IANA's own identifier with the subtype of MUD URLs, RFC 8520 section 12.
_IANA_MUD = b"\x00\x00\x5e\x01"
# LLDP-MED inventory (ANSI/TIA-1057): subtype → what it tells.
_INVENTORY = {6: "firmware", 8: "serial", 9: "vendor", 10: "model"}
# Bits of what is switched on, table 8-4. Bridging is left out: many that are no switches do it too.
_KINDS = {4: "router", 3: "access point", 5: "phone"}


@dataclass(frozen=True, slots=True)
class Lldp:
    """One frame. ``chassis_mac`` is "" where the chassis is named otherwise. ``kinds``: what the
    sender does, as far as it is switched on; ``inventory``: (word, text) pairs.
    """

    chassis_mac: str
    name: bytes
    description: bytes
    kinds: tuple[str, ...]
    addresses: tuple[IPv4Address | IPv6Address, ...]
    inventory: tuple[tuple[str, bytes], ...]
    mud_url: bytes = b""


def parse(data: bytes) -> Lldp:
    """What a frame says. It begins with chassis, port and lifetime. Raises Malformed."""
    fields = list(_fields(data))
    if [kind for kind, _ in fields[:3]] != [_CHASSIS, _PORT, _LIFETIME]:
        raise Malformed("LLDP begins with chassis, port and lifetime")
    chassis = fields[0][1]
    mac = mac_text(chassis[1:]) if chassis[:1] == _CHASSIS_MAC and len(chassis) == 7 else ""
    name = next((body for kind, body in fields if kind == _NAME), b"")
    described = next((body for kind, body in fields if kind == _DESCRIPTION), b"")
    enabled = next((body[2:4] for kind, body in fields if kind == _CAPABILITIES), b"")
    bits = int.from_bytes(enabled, "big")
    kinds = tuple(word for bit, word in _KINDS.items() if bits >> bit & 1)
    addresses = tuple(a for kind, body in fields if kind == _MANAGEMENT for a in _address(body))
    inventory = tuple(
        (_INVENTORY[body[3]], body[4:])
        for kind, body in fields
        if kind == _OWN and body[:3] == _TIA and len(body) > 4 and body[3] in _INVENTORY
    )
    own = (body for kind, body in fields if kind == _OWN)
    mud_url = next((body[4:] for body in own if body[:4] == _IANA_MUD), b"")
    return Lldp(mac, name, described, kinds, addresses, inventory, mud_url)


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(data):
        head = int.from_bytes(data[at : at + 2], "big")
        kind, length = head >> 9, head & 0x1FF
        if kind == _END:
            return
        if at + 2 + length > len(data):
            raise Malformed("a field of LLDP is cut off")
        yield kind, data[at + 2 : at + 2 + length]
        at += 2 + length


def _address(body: bytes) -> Iterator[IPv4Address | IPv6Address]:
    """Address families as IANA numbers them: 1 is IPv4, 2 is IPv6."""
    if body[:2] == b"\x05\x01" and len(body) >= 6:
        yield IPv4Address(body[2:6])
    elif body[:2] == b"\x11\x02" and len(body) >= 18:
        yield IPv6Address(body[2:18])
