"""Protocol Buffers on the wire: numbered fields, without a schema. protobuf.dev, "Encoding".

Only what messages of devices use: variable-length numbers, fixed words and lengths with bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from iotscan.errors import Malformed

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
# Ten groups of seven bits hold the 64 bits that a number may have.
_LONGEST_VARINT = 10
# Messages of devices have dozens of fields; a list of a thousand values is one of them at most.
_MOST_FIELDS = 4096

Value = int | bytes


def varint(data: bytes, at: int = 0) -> tuple[int, int] | None:
    """The number at ``at`` and the position after it; None while incomplete. Raises Malformed."""
    number = 0
    for index, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, at + index + 1
    if len(data) - at >= _LONGEST_VARINT:
        raise Malformed("a number of more than 64 bits")
    return None


def fields(data: bytes) -> Mapping[int, Value]:
    """The last value of each field, by its number: bytes, or a number. Raises Malformed.

    A field that may be repeated keeps its last value only.
    """
    return dict(_walk(data))


def text(value: Value | None) -> str:
    """A field's text, "" where it is missing or a number."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def number(value: Value | None) -> int:
    """A field's number, 0 where it is missing or bytes: the default of proto3."""
    return value if isinstance(value, int) else 0


def put_varint(value: int) -> bytes:
    """A number that is not negative."""
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def put(field: int, value: Value | str) -> bytes:
    """One field with a number, bytes or text."""
    if isinstance(value, int):
        return put_varint(field << 3 | _VARINT) + put_varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return put_varint(field << 3 | _BYTES) + put_varint(len(raw)) + raw


def _walk(data: bytes) -> Iterator[tuple[int, Value]]:
    at = 0
    for _ in range(_MOST_FIELDS):
        if at == len(data):
            return
        tag, at = _whole(varint(data, at))
        field, kind = tag >> 3, tag & 7
        if not 0 < field < 1 << 29:
            raise Malformed("a field without a number")
        if kind == _VARINT:
            value, at = _whole(varint(data, at))
            yield field, value
            continue
        length, at = (_FIXED[kind], at) if kind in _FIXED else _length(data, at, kind)
        if at + length > len(data):
            raise Malformed("a field that is cut off")
        raw = data[at : at + length]
        yield field, int.from_bytes(raw, "little") if kind in _FIXED else raw
        at += length
    raise Malformed("a message of very many fields")


def _length(data: bytes, at: int, kind: int) -> tuple[int, int]:
    if kind != _BYTES:
        raise Malformed(f"a field of type {kind}")
    return _whole(varint(data, at))


def _whole(found: tuple[int, int] | None) -> tuple[int, int]:
    if found is None:
        raise Malformed("a number that is cut off")
    return found
