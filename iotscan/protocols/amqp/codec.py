"""AMQP's opening, in which clients log in: 0-9-1 (AMQP specification, sections 2.3 and 4.2) and the
SASL layer of 1.0 (OASIS AMQP 1.0 part 5.3). Bytes to dataclasses; nothing is ever sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed

# What a connection of each version begins with (4.2.2 of 0-9-1, 2.2 and 5.3.2 of 1.0).
HEADERS = {
    b"AMQP\x00\x00\x09\x01": "0-9-1",
    b"AMQP\x01\x01\x00\x09": "0-9",
    b"AMQP\x01\x01\x08\x00": "0-8",
    b"AMQP\x00\x01\x00\x00": "1.0",
    b"AMQP\x02\x01\x00\x00": "1.0 over TLS",
    b"AMQP\x03\x01\x00\x00": "1.0 with SASL",
}
METHOD, HEARTBEAT, END = 1, 8, 0xCE
# Larger frames than a connection's opening carries are not read to their end.
LARGEST = 131_072
CONNECTION, START, START_OK, TUNE, CLOSE = 10, 10, 11, 30, 50
# Every method of 0-9-1 by the number of its class (sections 1.1 to 1.8 of the reference).
_METHODS = {
    10: {10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 60, 61, 70, 71},
    20: {10, 11, 20, 21, 40, 41},
    40: {10, 11, 20, 21, 30, 31, 40, 51},
    50: {10, 11, 20, 21, 30, 31, 40, 41, 50, 51},
    60: {10, 11, 20, 21, 30, 31, 40, 50, 60, 70, 71, 72, 80, 90, 100, 110, 111, 120},
    85: {10, 11},
    90: {10, 11, 20, 21, 30, 31},
}
# Only servers deliver, and only clients publish and consume.
DELIVER, PUBLISH, CONSUME = (60, 60), (60, 40), (60, 20)
# Frames of a 1.0 SASL exchange: descriptors of sasl-mechanisms, sasl-init and sasl-outcome.
_SASL, _INIT, _OUTCOME = 1, 0x41, 0x44


@dataclass(frozen=True, slots=True)
class Header:
    version: str


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the class "connection"."""

    number: int
    arguments: bytes


@dataclass(frozen=True, slots=True)
class SaslInit:
    mechanism: str
    response: bytes


@dataclass(frozen=True, slots=True)
class SaslOutcome:
    code: int


@dataclass(frozen=True, slots=True)
class Other:
    """A frame that says nothing about logins. ``method``: class and number, of a known one."""

    method: tuple[int, int] | None = None


Item = Header | Method | SaslInit | SaslOutcome | Other


def take(data: bytes) -> tuple[Item, int] | None:
    """The first protocol header or frame and its length; None while incomplete.

    Raises Malformed. Whether a frame is one of 0-9-1 or of 1.0 shows in its own form.
    """
    if data.startswith(b"AMQP") or b"AMQP".startswith(data[:4]):
        if len(data) < 8:
            return None
        if data[:8] not in HEADERS:
            raise Malformed("a version of AMQP that nobody knows")
        return Header(HEADERS[data[:8]]), 8
    if len(data) < 8:
        return None
    if data[0] in (METHOD, 2, 3, HEARTBEAT):
        return _frame(data)
    return _sasl_frame(data)


def _frame(data: bytes) -> tuple[Item, int] | None:
    length = int.from_bytes(data[3:7], "big")
    if length > LARGEST:
        raise Malformed(f"a frame of {length} bytes")
    if len(data) < length + 8:
        return None
    if data[length + 7] != END:
        raise Malformed("a frame without its end")
    payload = data[7 : length + 7]
    if data[0] != METHOD or len(payload) < 4:
        return Other(), length + 8
    kind, number = int.from_bytes(payload[:2], "big"), int.from_bytes(payload[2:4], "big")
    if kind != CONNECTION:
        known = number in _METHODS.get(kind, ())
        return Other((kind, number) if known else None), length + 8
    return Method(number, payload[4:]), length + 8


def _sasl_frame(data: bytes) -> tuple[Item, int] | None:
    """A frame of 1.0: size, offset in words, type, two bytes; then a described list."""
    length, offset = int.from_bytes(data[:4], "big"), data[4] * 4
    if not 8 <= offset <= length <= LARGEST or data[5] not in (0, _SASL):
        raise Malformed("neither a frame of 0-9-1 nor of 1.0")
    if len(data) < length:
        return None
    body = data[offset:length]
    if data[5] != _SASL or len(body) < 4 or body[:2] != b"\x00\x53":
        return Other(), length
    values = _list(body[3:])
    if body[2] == _INIT and len(values) >= 2:
        return SaslInit(values[0].decode("ascii", "replace"), values[1]), length
    if body[2] == _OUTCOME and values and len(values[0]) == 1:
        return SaslOutcome(values[0][0]), length
    return Other(), length


def _list(data: bytes) -> list[bytes]:
    """The first values of a list, as far as they are bytes, strings, symbols, ubytes or null."""
    start = {0xC0: 3, 0xD0: 9}.get(data[0]) if data else None
    found: list[bytes] = []
    at = start if start is not None else len(data)
    while at < len(data) and len(found) < 4:
        code, at = data[at], at + 1
        if code == 0x40:
            found.append(b"")
        elif code == 0x50:
            found.append(data[at : at + 1])
            at += 1
        elif code in (0xA0, 0xA1, 0xA3, 0xB0, 0xB1, 0xB3):
            width = 1 if code < 0xB0 else 4
            length = int.from_bytes(data[at : at + width], "big")
            at += width
            found.append(data[at : at + length])
            at += length
        else:
            break
    return found


def start_ok(method: Method) -> tuple[str, bytes]:
    """(mechanism, response) of a client's start-ok: a table, a short and a long string.

    Raises Malformed.
    """
    data = method.arguments
    at = 4 + int.from_bytes(data[:4], "big")
    mechanism, at = _string(data, at, 1)
    response, _ = _string(data, at, 4)
    return mechanism.decode("ascii", "replace"), response


def _string(data: bytes, at: int, width: int) -> tuple[bytes, int]:
    start = at + width
    end = start + int.from_bytes(data[at:start], "big")
    if end > len(data) or start > len(data):
        raise Malformed("a string that is cut short")
    return data[start:end], end


def amqplain_user(response: bytes) -> bytes | None:
    """The user name of an AMQPLAIN response with a password in it: a table without its length,
    of which only long strings (S) are read.
    """
    found: dict[bytes, bytes] = {}
    at = 0
    try:
        while at < len(response) and len(found) < 8:
            name, at = _string(response, at, 1)
            if response[at : at + 1] != b"S":
                break
            found[name.upper()], at = _string(response, at + 1, 4)
    except Malformed:
        return None
    return found.get(b"LOGIN") if found.get(b"PASSWORD") else None
