"""MongoDB's wire protocol, as far as asking a server about itself goes, and the BSON it speaks.

MongoDB wire protocol (OP_QUERY, OP_REPLY, OP_MSG) and bsonspec.org 1.1.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed

_REPLY, _QUERY, _MSG = 1, 2004, 2013
_HEAD = struct.Struct("<iiii")
# A list of databases is small; servers send at most 48 MB.
LONGEST = 65_536
_DEEPEST = 8
_MOST_FIELDS = 512
# Values that are passed over, by type and size: ObjectId, timestamp, decimal, regular parts.
_SIZES = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8,
          0x13: 16, 0x7F: 0, 0xFF: 0}  # fmt: skip
_STRING, _DOCUMENT, _ARRAY, _BINARY, _REGEX = 0x02, 0x03, 0x04, 0x05, 0x0B

Value = float | bool | int | str | Mapping[str, "Value"] | Sequence["Value"] | None
Document = Mapping[str, Value]
# Since 3.6 servers take OP_MSG; below that wire version only OP_QUERY.
FIRST_WITH_MSG = 6
# The command needs a right that no stranger has where logins are asked for.
UNAUTHORISED = 13


@dataclass(frozen=True, slots=True)
class Answer:
    """``to``: the number of the question; ``end``: where this message ends in the stream."""

    to: int
    document: Document
    end: int


def old_command(number: int, command: str) -> bytes:
    """A command to the admin database that every version takes for ``isMaster`` (OP_QUERY)."""
    document = _encode({command: 1})
    body = struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + document
    return _message(number, _QUERY, body)


def command(number: int, name: str, **options: bool) -> bytes:
    """A command to the admin database (OP_MSG)."""
    document = _encode({name: 1, **options, "$db": "admin"})
    return _message(number, _MSG, struct.pack("<iB", 0, 0) + document)


def parse_answer(data: bytes) -> Answer | None:
    """The first answer in ``data``; None while more is needed. Raises Malformed."""
    if len(data) < _HEAD.size:
        return None
    size, _, to, kind = _HEAD.unpack_from(data)
    # A document comes behind four numbers in OP_REPLY, behind flags and a section type in OP_MSG.
    begin = {_REPLY: 36, _MSG: 21}.get(kind, 0)
    if not begin or not begin + 5 <= size <= LONGEST:
        raise Malformed("not an answer of MongoDB")
    if len(data) < size:
        return None
    if kind == _MSG and data[20] != 0:
        raise Malformed("an answer that does not begin with its document")
    document, _ = _decode(data[:size], begin, 0)
    return Answer(to, document, size)


def _message(number: int, kind: int, body: bytes) -> bytes:
    return _HEAD.pack(_HEAD.size + len(body), number, 0, kind) + body


def _encode(fields: Mapping[str, bool | int | str]) -> bytes:
    body = b""
    for name, value in fields.items():
        key = name.encode() + b"\0"
        if isinstance(value, bool):
            body += b"\x08" + key + bytes([value])
        elif isinstance(value, int):
            body += b"\x10" + key + struct.pack("<i", value)
        else:
            text = value.encode() + b"\0"
            body += b"\x02" + key + struct.pack("<i", len(text)) + text
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def _decode(data: bytes, at: int, depth: int) -> tuple[dict[str, Value], int]:
    """A document and where it ends."""
    if depth > _DEEPEST or at + 5 > len(data):
        raise Malformed("BSON that is cut short or too deep")
    end = at + _number(data, at)
    if not at + 5 <= end <= len(data) or data[end - 1]:
        raise Malformed("BSON of an impossible length")
    fields: dict[str, Value] = {}
    at += 4
    while at < end - 1:
        kind, stop = data[at], data.find(b"\0", at + 1, end - 1)
        if stop < 0 or len(fields) >= _MOST_FIELDS:
            raise Malformed("BSON with a name that does not end, or too many")
        name = data[at + 1 : stop].decode("utf-8", "backslashreplace")
        fields[name], at = _value(data[: end - 1], kind, stop + 1, depth)
    return fields, end


def _value(data: bytes, kind: int, at: int, depth: int) -> tuple[Value, int]:
    if kind in (_DOCUMENT, _ARRAY):
        document, end = _decode(data, at, depth + 1)
        return (document if kind == _DOCUMENT else tuple(document.values())), end
    if kind in (_STRING, _BINARY):
        size = _number(data, at) + (kind == _BINARY)
        end = at + 4 + size
        if size < 1 or end > len(data):
            raise Malformed("BSON text of an impossible length")
        text = data[at + 4 : end - 1].decode("utf-8", "backslashreplace")
        return (text if kind == _STRING else None), end
    if kind == _REGEX:
        middle = data.find(b"\0", at)
        end = data.find(b"\0", middle + 1) + 1 if middle >= 0 else 0
        if not end:
            raise Malformed("BSON with an expression that does not end")
        return None, end
    size = _SIZES.get(kind, -1)
    end = at + size
    if size < 0 or end > len(data):
        raise Malformed(f"BSON of type 0x{kind:02x}")
    return _scalar(kind, data[at:end]), end


def _scalar(kind: int, raw: bytes) -> Value:
    match kind:
        case 0x01:
            return float(struct.unpack("<d", raw)[0])
        case 0x08:
            return raw != b"\0"
        case 0x10 | 0x12:
            return int.from_bytes(raw, "little", signed=True)
        case _:
            return None


def _number(data: bytes, at: int) -> int:
    if at + 4 > len(data):
        raise Malformed("BSON that is cut short")
    return int.from_bytes(data[at : at + 4], "little", signed=True)
