"""What an AMQP broker says before anybody has logged in, and the login that needs no account.

AMQP 0-9-1 sections 1.4.2 and 4.2.5; RFC 4505 for the mechanism ANONYMOUS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.amqp.codec import CONNECTION, END, METHOD, START_OK, Method

HEADER = b"AMQP\x00\x00\x09\x01"
ANONYMOUS = "ANONYMOUS"
_MOST_FIELDS = 64
# Sizes of the field types that are passed over: 4.2.5.5 and RabbitMQ's errata.
_SIZES = {b"t": 1, b"b": 1, b"B": 1, b"s": 2, b"u": 2, b"I": 4, b"i": 4, b"l": 8, b"L": 8,
          b"f": 4, b"d": 8, b"D": 5, b"T": 8, b"V": 0}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Start:
    """``properties``: the texts among them; ``mechanisms``: how one may log in."""

    properties: Mapping[str, str]
    mechanisms: tuple[str, ...]


def parse_start(method: Method) -> Start:
    """A broker's first method. Raises Malformed."""
    data = method.arguments
    if data[:2] != b"\x00\x09":
        raise Malformed("not a start of AMQP 0-9")
    table, at = _long(data, 2)
    mechanisms, at = _long(data, at)
    _long(data, at)
    names = mechanisms.decode("ascii", "replace").split()
    return Start(_texts(table), tuple(names[:16]))


def anonymous_start_ok() -> bytes:
    """The answer of a client that gives no account."""
    mechanism = ANONYMOUS.encode()
    arguments = bytes(4) + bytes([len(mechanism)]) + mechanism + bytes(4) + b"\x05en_US"
    payload = CONNECTION.to_bytes(2, "big") + START_OK.to_bytes(2, "big") + arguments
    return bytes([METHOD, 0, 0]) + len(payload).to_bytes(4, "big") + payload + bytes([END])


def _texts(table: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(table):
        size = table[at]
        name, kind = table[at + 1 : at + 1 + size], table[at + 1 + size : at + 2 + size]
        at += 2 + size
        if kind in (b"S", b"F", b"A", b"x"):
            value, at = _long(table, at)
            if kind == b"S":
                key = name.decode("ascii", "backslashreplace")
                found[key] = value.decode("utf-8", "backslashreplace")
        elif kind in _SIZES:
            at += _SIZES[kind]
        else:
            raise Malformed("a field of AMQP of unknown type")
        if len(found) > _MOST_FIELDS:
            raise Malformed("too many fields of AMQP")
    return found


def _long(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 4 + int.from_bytes(data[at : at + 4], "big")
    if end > len(data) or at + 4 > len(data):
        raise Malformed("a string of AMQP that is cut short")
    return data[at + 4 : end], end
