"""EtherNet/IP encapsulation and the identity a device lists, bytes to dataclasses.

Source: ODVA, The CIP Networks Library volume 2, EtherNet/IP Adaptation of CIP: section 2-3 (message
header), 2-4.2 (ListIdentity), 2-6 (common packet format). Integers are little-endian.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 44818
_HEADER = 24
LIST_IDENTITY = 0x63
COMMANDS: Mapping[int, str] = {
    0x00: "NOP",
    0x04: "ListServices",
    0x63: "ListIdentity",
    0x64: "ListInterfaces",
    0x65: "RegisterSession",
    0x66: "UnRegisterSession",
    0x6F: "SendRRData",
    0x70: "SendUnitData",
}
# Section 2-3.5; 0 is success.
_STATUSES = frozenset({0x00, 0x01, 0x02, 0x03, 0x64, 0x65, 0x69})
_IDENTITY_ITEM = 0x0C
# Item types of the common packet format, section 2-6.2.
_ITEMS = frozenset({0x00, 0x0C, 0x85, 0x86, 0x91, 0xA1, 0xB1, 0xB2, 0x100, 0x8000, 0x8001, 0x8002})
# ODVA vendor ids that are met most; a number without a name here is given as a number.
VENDORS: Mapping[int, str] = {
    1: "Rockwell Automation",
    12: "Banner Engineering",
    26: "Festo",
    40: "WAGO",
    46: "ABB",
    47: "OMRON",
    57: "Pepperl+Fuchs",
    90: "HMS Industrial Networks",
    108: "Beckhoff Automation",
    161: "Mitsubishi Electric",
    243: "Schneider Electric",
    255: "Bosch Rexroth",
    256: "Turck",
    283: "Hilscher",
    367: "Keyence",
    562: "Phoenix Contact",
    678: "Cognex",
    808: "SICK",
    991: "Moxa",
    1059: "Delta Electronics",
}
# CIP volume 1, chapter 6: device profiles.
PROFILES: Mapping[int, str] = {
    0x02: "AC drive",
    0x03: "motor overload",
    0x06: "photoelectric sensor",
    0x07: "general purpose discrete I/O",
    0x0C: "communications adapter",
    0x0E: "PLC",
    0x10: "position controller",
    0x13: "DC drive",
    0x16: "motor starter",
    0x17: "soft starter",
    0x18: "human-machine interface",
    0x1B: "pneumatic valve",
    0x22: "encoder",
    0x23: "safety discrete I/O",
    0x25: "motion drive",
    0x2C: "managed switch",
}


@dataclass(frozen=True, slots=True)
class Packet:
    """One encapsulated message. ``context`` is what the asker wants to see again."""

    command: int
    session: int
    status: int
    context: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device lists of itself; ``revision`` is "major.minor"."""

    vendor: int
    profile: int
    product_code: int
    revision: str
    serial: int
    name: bytes


def encode(packet: Packet) -> bytes:
    """The bytes of a message."""
    head = packet.command.to_bytes(2, "little") + len(packet.data).to_bytes(2, "little")
    head += packet.session.to_bytes(4, "little") + packet.status.to_bytes(4, "little")
    return head + packet.context.ljust(8, b"\0")[:8] + bytes(4) + packet.data


def decode(data: bytes) -> tuple[Packet, int] | None:
    """The first message and its length, None while it is not complete. Raises Malformed."""
    if len(data) >= 2 and int.from_bytes(data[:2], "little") not in COMMANDS:
        raise Malformed("no such encapsulation command")
    if len(data) < _HEADER:
        return None
    command, length, session, status = (
        int.from_bytes(data[start:end], "little")
        for start, end in ((0, 2), (2, 4), (4, 8), (8, 12))
    )
    if status not in _STATUSES or any(data[20:24]):
        raise Malformed("status or options are not those of EtherNet/IP")
    if len(data) < _HEADER + length:
        return None
    body = data[_HEADER : _HEADER + length]
    if not _plausible(command, status, session, body):
        raise Malformed("the data does not fit the command")
    return Packet(command, session, status, data[12:20], body), _HEADER + length


def _plausible(command: int, status: int, session: int, body: bytes) -> bool:
    if status:
        return True
    if command in (0x6F, 0x70):
        # Interface handle 0 (CIP), time-out, then items.
        return session != 0 and body[:4] == bytes(4) and len(body) >= 8 and bool(_items(body[6:]))
    if command == 0x65:
        return body == b"\x01\0\0\0"
    if command == 0x66:
        return not body and session != 0
    if command == 0x00:
        return session != 0 or bool(body)
    return not body or bool(_items(body))


def _items(body: bytes) -> list[tuple[int, bytes]]:
    """(type, data) of a common packet format; empty when the bytes are none."""
    found: list[tuple[int, bytes]] = []
    offset = 2
    for _ in range(int.from_bytes(body[:2], "little")):
        kind = int.from_bytes(body[offset : offset + 2], "little")
        length = int.from_bytes(body[offset + 2 : offset + 4], "little")
        if offset + 4 + length > len(body) or kind not in _ITEMS:
            return []
        found.append((kind, body[offset + 4 : offset + 4 + length]))
        offset += 4 + length
    return found if offset == len(body) else []


def identities(packet: Packet) -> list[Identity]:
    """What an answer to ListIdentity says. Raises Malformed when it is none."""
    if packet.command != LIST_IDENTITY or packet.status or not packet.data:
        raise Malformed("this is no answer to ListIdentity")
    return [_identity(item) for kind, item in _items(packet.data) if kind == _IDENTITY_ITEM]


def _identity(item: bytes) -> Identity:
    """Version, socket address (16 bytes), then the attributes of the Identity object."""
    if len(item) < 33 or len(item) < 33 + item[32]:
        raise Malformed("the identity is cut off")
    vendor, profile, code = (int.from_bytes(item[at : at + 2], "little") for at in (18, 20, 22))
    serial = int.from_bytes(item[28:32], "little")
    revision = f"{item[24]}.{item[25]}"
    return Identity(vendor, profile, code, revision, serial, item[33 : 33 + item[32]])
