"""MikroTik's discovery (MNDP): what its routers and access points tell everybody. UDP port 5678.

Four bytes of which the last two count, then fields of a type and a length of 16 bits each, least
significant byte last. Sources: the maker's manual on neighbour discovery, wireshark's dissector.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice

PORT = 5678
_HEAD = 4
_MAC, _IDENTITY, _VERSION, _PLATFORM, _SOFTWARE_ID, _BOARD = 1, 5, 7, 8, 11, 12
_MOST_FIELDS = 64


def read(data: bytes) -> LanDevice:
    """An announcement, in the form that makers' protocols share; behind the firmware's number it
    tells the channel and the date of the build. Raises Malformed for all else, questions too.
    """
    fields: dict[int, bytes] = {}
    for kind, value in _fields(data):
        fields.setdefault(kind, value)
    mac = fields.get(_MAC, b"")
    if len(mac) != 6 or _IDENTITY not in fields:
        raise Malformed("an announcement of MNDP tells a MAC and an identity")
    texts = {kind: value.decode("utf-8", "replace") for kind, value in fields.items()}
    licence = texts.get(_SOFTWARE_ID, "")
    return LanDevice(
        protocol="MNDP",
        vendor=texts.get(_PLATFORM, ""),
        model=texts.get(_BOARD, ""),
        firmware=texts.get(_VERSION, "").partition(" ")[0],
        name=texts[_IDENTITY],
        numbers=(mac.hex(":"), *([licence] if licence else [])),
        serial=bool(licence),
    )


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = _HEAD
    for _ in range(_MOST_FIELDS):
        if at == len(data):
            return
        kind, length = (int.from_bytes(data[i : i + 2], "big") for i in (at, at + 2))
        if at + _HEAD + length > len(data):
            raise Malformed("a field that is cut off")
        yield kind, data[at + _HEAD : at + _HEAD + length]
        at += _HEAD + length
    raise Malformed("an announcement of very many fields")
