"""DNP3 link frames with their check sums, and how the application layer begins.

Source: IEEE 1815-2012: clause 9 (data link layer: frame format, function codes, check sum),
clause 8 (transport function), clause 4.2 (application header and function codes), clause 7
(secure authentication).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT, SECURE_PORT = 20000, 19999
START = b"\x05\x64"
# Control byte: who sends (set: the master), and whether it begins a link transaction.
FROM_MASTER, PRIMARY = 0x80, 0x40
REQUEST_LINK_STATUS, LINK_STATUS = 9, 11
_USER_DATA = frozenset({3, 4})
# Clause 9.2.4: any device that is set to may take frames to this address for its own.
SELF_ADDRESS = 0xFFFC
_BLOCK = 16
FUNCTIONS: Mapping[int, str] = {
    0: "confirm",
    1: "read",
    2: "write",
    3: "select",
    4: "operate",
    5: "direct operate",
    6: "direct operate, no acknowledgement",
    7: "freeze",
    8: "freeze, no acknowledgement",
    9: "freeze and clear",
    10: "freeze and clear, no acknowledgement",
    11: "freeze at time",
    12: "freeze at time, no acknowledgement",
    13: "cold restart",
    14: "warm restart",
    15: "initialize data",
    16: "initialize application",
    17: "start application",
    18: "stop application",
    19: "save configuration",
    20: "enable unsolicited responses",
    21: "disable unsolicited responses",
    22: "assign class",
    23: "delay measurement",
    24: "record current time",
    25: "open file",
    26: "close file",
    27: "delete file",
    28: "get file information",
    29: "authenticate file",
    30: "abort file",
    31: "activate configuration",
    32: "authentication request",
    33: "authentication request, no acknowledgement",
    129: "response",
    130: "unsolicited response",
    131: "authentication response",
}
AUTHENTICATION = frozenset({32, 33, 131})
RESPONSES = frozenset({129, 130, 131})


@dataclass(frozen=True, slots=True)
class Link:
    """One link frame. ``data`` is the transport segment it carries, check sums taken out."""

    control: int
    destination: int
    source: int
    data: bytes

    @property
    def function(self) -> int:
        return self.control & 0x0F

    @property
    def from_master(self) -> bool:
        return bool(self.control & FROM_MASTER)


def _table() -> tuple[int, ...]:
    """Reflected polynomial x16 + x13 + x12 + x11 + x10 + x8 + x6 + x5 + x2 + 1."""
    values = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xA6BC if value & 1 else 0)
        values.append(value)
    return tuple(values)


_CRC = _table()


def check_sum(data: bytes) -> bytes:
    """The two bytes that follow a block, low byte first."""
    value = 0
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return (value ^ 0xFFFF).to_bytes(2, "little")


def encode(link: Link) -> bytes:
    """The bytes of a frame."""
    head = START + bytes([5 + len(link.data), link.control])
    head += link.destination.to_bytes(2, "little") + link.source.to_bytes(2, "little")
    blocks = [link.data[i : i + _BLOCK] for i in range(0, len(link.data), _BLOCK)]
    return b"".join(block + check_sum(block) for block in (head, *blocks))


def decode(data: bytes) -> tuple[Link, int] | None:
    """The first frame and its length, None while it is not complete.

    Raises Malformed, also when a check sum is wrong.
    """
    if not START.startswith(data[:2]):
        raise Malformed("a DNP3 frame begins with 05 64")
    if len(data) < 10:
        return None
    if data[2] < 5 or check_sum(data[:8]) != data[8:10]:
        raise Malformed("the header of a DNP3 frame is damaged")
    left, offset, segment = data[2] - 5, 10, b""
    if len(data) < 10 + left + 2 * -(-left // _BLOCK):
        return None
    while left:
        size = min(left, _BLOCK)
        block = data[offset : offset + size]
        if check_sum(block) != data[offset + size : offset + size + 2]:
            raise Malformed("a block of a DNP3 frame is damaged")
        segment += block
        left -= size
        offset += size + 2
    destination, source = (int.from_bytes(data[i : i + 2], "little") for i in (4, 6))
    return Link(data[3], destination, source, segment), offset


def request_status(destination: int, source: int) -> bytes:
    """The link layer's question whether a station is there: no application sees it."""
    return encode(Link(FROM_MASTER | PRIMARY | REQUEST_LINK_STATUS, destination, source, b""))


def application_function(link: Link) -> int | None:
    """The function code of a frame that begins an application fragment, else None."""
    first = bool(link.data) and bool(link.data[0] & 0x40)
    if not first or link.function not in _USER_DATA or len(link.data) < 3:
        return None
    code = link.data[2]
    return code if code in FUNCTIONS else None
