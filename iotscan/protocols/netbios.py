"""NetBIOS over UDP: names that hosts register, answer for and announce. RFC 1001, RFC 1002."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from iotscan.errors import Malformed

NAME_PORT, DATAGRAM_PORT = 137, 138
# The sixteenth byte of a name says what it stands for.
WORKSTATION, SERVER = 0x00, 0x20
_QUERY, _REGISTRATION, _REFRESH, _REFRESH_ALSO = 0, 5, 8, 9
_NB, _NBSTAT = 0x20, 0x21
_GROUP_FLAG = 0x80
_DIRECT_UNIQUE, _DIRECT_GROUP, _BROADCAST = 0x10, 0x11, 0x12


@dataclass(frozen=True, slots=True)
class Name:
    """A name without its padding. ``group``: many hosts carry it, as of a workgroup."""

    text: bytes
    suffix: int
    group: bool


def names(data: bytes) -> tuple[Name, ...]:
    """The names that the sender of a name service packet says are its own. Raises Malformed."""
    if len(data) < 12:
        raise Malformed("a NetBIOS name packet has at least 12 bytes")
    flags = int.from_bytes(data[2:4], "big")
    questions, answers = (int.from_bytes(data[i : i + 2], "big") for i in (4, 6))
    additional = int.from_bytes(data[10:12], "big")
    response, operation = bool(flags & 0x8000), flags >> 11 & 15
    if response and operation == _QUERY and not flags & 15 and answers == 1 and not questions:
        return tuple(_answered(data))
    registers = operation in (_REGISTRATION, _REFRESH, _REFRESH_ALSO)
    if not response and registers and questions == 1 and additional == 1:
        return tuple(_registered(data))
    if flags & 0x7800 > 0x4800:
        raise Malformed(f"NetBIOS has no operation {operation}")
    return ()


def sender(data: bytes) -> Name:
    """The name that the sender of a datagram gives itself. Raises Malformed."""
    if len(data) < 14 + 34 or data[0] not in (_DIRECT_UNIQUE, _DIRECT_GROUP, _BROADCAST):
        raise Malformed("no NetBIOS datagram with a name")
    text, suffix, _ = _name(data, 14)
    return Name(text, suffix, group=False)


def _registered(data: bytes) -> Iterator[Name]:
    text, suffix, at = _name(data, 12)
    record = at + 4
    # The record repeats the name, mostly by a pointer to the question.
    record += 2 if data[record : record + 1] >= b"\xc0" else 34
    if int.from_bytes(data[record : record + 2], "big") == _NB and len(data) >= record + 16:
        yield Name(text, suffix, group=bool(data[record + 10] & _GROUP_FLAG))


def _answered(data: bytes) -> Iterator[Name]:
    text, suffix, at = _name(data, 12)
    kind = int.from_bytes(data[at : at + 2], "big")
    body = data[at + 10 :]
    if kind == _NB and len(body) >= 6:
        yield Name(text, suffix, group=bool(body[0] & _GROUP_FLAG))
    elif kind == _NBSTAT and body:
        for i in range(min(body[0], (len(body) - 1) // 18)):
            entry = body[1 + i * 18 : 19 + i * 18]
            yield Name(entry[:15].rstrip(b" \0"), entry[15], group=bool(entry[16] & _GROUP_FLAG))


def _name(data: bytes, at: int) -> tuple[bytes, int, int]:
    """(name, suffix, offset behind it) of a first-level encoded name: 32 letters from A to P."""
    if data[at : at + 1] != b"\x20" or len(data) < at + 34:
        raise Malformed("no NetBIOS name")
    letters = data[at + 1 : at + 33]
    if not all(0x41 <= letter <= 0x50 for letter in letters):
        raise Malformed("a NetBIOS name has letters from A to P only")
    raw = bytes(
        (high - 0x41) << 4 | (low - 0x41)
        for high, low in zip(letters[::2], letters[1::2], strict=True)
    )
    at += 33
    while at < len(data) and data[at]:  # a scope
        at += 1 + data[at]
    return raw[:15].rstrip(b" \0"), raw[15], at + 1
