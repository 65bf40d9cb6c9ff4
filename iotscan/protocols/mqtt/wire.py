"""The data types that MQTT packets are made of: integers, text, and the properties of version 5.

Sources: OASIS MQTT 3.1.1 section 1.5, OASIS MQTT 5.0 sections 1.5 and 2.2.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from iotscan.errors import Malformed

LARGEST = 268_435_455  # four bytes of seven bits: the largest remaining length, section 2.1.4

PropertyValue = int | str | bytes | tuple[str, str]


class Property(NamedTuple):
    """One property of a version 5 packet, by the name of section 2.2.2.2 in snake case."""

    name: str
    value: PropertyValue


Properties = tuple[Property, ...]

# Identifier → (name, type): table 2-4 of the standard. "pair" and "varint" ones may be repeated.
_PROPERTIES: dict[int, tuple[str, str]] = {
    0x01: ("payload_format_indicator", "byte"),
    0x02: ("message_expiry_interval", "u32"),
    0x03: ("content_type", "text"),
    0x08: ("response_topic", "text"),
    0x09: ("correlation_data", "binary"),
    0x0B: ("subscription_identifier", "varint"),
    0x11: ("session_expiry_interval", "u32"),
    0x12: ("assigned_client_identifier", "text"),
    0x13: ("server_keep_alive", "u16"),
    0x15: ("authentication_method", "text"),
    0x16: ("authentication_data", "binary"),
    0x17: ("request_problem_information", "byte"),
    0x18: ("will_delay_interval", "u32"),
    0x19: ("request_response_information", "byte"),
    0x1A: ("response_information", "text"),
    0x1C: ("server_reference", "text"),
    0x1F: ("reason_string", "text"),
    0x21: ("receive_maximum", "u16"),
    0x22: ("topic_alias_maximum", "u16"),
    0x23: ("topic_alias", "u16"),
    0x24: ("maximum_qos", "byte"),
    0x25: ("retain_available", "byte"),
    0x26: ("user_property", "pair"),
    0x27: ("maximum_packet_size", "u32"),
    0x28: ("wildcard_subscription_available", "byte"),
    0x29: ("subscription_identifiers_available", "byte"),
    0x2A: ("shared_subscription_available", "byte"),
}
_IDENTIFIERS = {name: (number, shape) for number, (name, shape) in _PROPERTIES.items()}
_REPEATABLE = frozenset({"user_property", "subscription_identifier"})


class Cursor:
    """Reads the fields of one packet's body in order; every method raises Malformed at its end."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._body) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise Malformed(f"MQTT field of {count} bytes, {self.left} left")
        self._at += count
        return self._body[self._at - count : self._at]

    def rest(self) -> bytes:
        return self.take(self.left)

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def varint(self) -> int:
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise Malformed("MQTT variable byte integer is longer than four bytes")

    def binary(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        """A UTF-8 string; U+0000 and surrogates are forbidden (section 1.5.4)."""
        raw = self.binary()
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise Malformed("MQTT string is not UTF-8") from error
        if "\0" in text:
            raise Malformed("MQTT string holds U+0000")
        return text

    def properties(self) -> Properties:
        """The properties that stand here. Raises Malformed for unknown or repeated ones."""
        inner = Cursor(self.take(self.varint()))
        found: list[Property] = []
        while inner.left:
            name, shape = _PROPERTIES.get(inner.varint(), ("", ""))
            if not name:
                raise Malformed("MQTT property is not in the standard")
            if name not in _REPEATABLE and any(name == other.name for other in found):
                raise Malformed(f"MQTT property {name} is given twice")
            found.append(Property(name, inner._value(shape)))
        return tuple(found)

    def end(self) -> None:
        """Raises Malformed when something is left."""
        if self.left:
            raise Malformed(f"{self.left} bytes after the end of an MQTT packet")

    def _value(self, shape: str) -> PropertyValue:
        match shape:
            case "byte":
                return self.number(1)
            case "u16":
                return self.number(2)
            case "u32":
                return self.number(4)
            case "varint":
                return self.varint()
            case "binary":
                return self.binary()
            case "pair":
                return self.text(), self.text()
            case _:
                return self.text()


def encode_varint(value: int) -> bytes:
    """One to four bytes. Raises Malformed when the value is too large for them."""
    if not 0 <= value <= LARGEST:
        raise Malformed(f"{value} does not fit an MQTT variable byte integer")
    out = bytearray()
    while True:
        value, byte = value >> 7, value & 0x7F
        out.append(byte | 0x80 if value else byte)
        if not value:
            return bytes(out)


def encode_binary(data: bytes | str) -> bytes:
    """Two bytes of length and the data, text as UTF-8. Raises Malformed above 65,535 bytes."""
    raw = data.encode() if isinstance(data, str) else data
    if len(raw) > 0xFFFF:
        raise Malformed(f"{len(raw)} bytes do not fit an MQTT field")
    return len(raw).to_bytes(2, "big") + raw


def encode_properties(properties: Iterable[Property]) -> bytes:
    """The properties with their length in front. Raises Malformed for an unknown name."""
    out = bytearray()
    for name, value in properties:
        if name not in _IDENTIFIERS:
            raise Malformed(f"no MQTT property is called {name}")
        number, shape = _IDENTIFIERS[name]
        out += encode_varint(number) + _encode_value(shape, value)
    return encode_varint(len(out)) + bytes(out)


def _encode_value(shape: str, value: PropertyValue) -> bytes:
    sizes = {"byte": 1, "u16": 2, "u32": 4}
    match value:
        case int() if shape == "varint":
            return encode_varint(value)
        case int() if shape in sizes and 0 <= value < 1 << 8 * sizes[shape]:
            return value.to_bytes(sizes[shape], "big")
        case (str() as key, str() as text) if shape == "pair":
            return encode_binary(key) + encode_binary(text)
        case str() if shape == "text":
            return encode_binary(value)
        case bytes() if shape == "binary":
            return encode_binary(value)
        case _:
            raise Malformed(f"{value!r} is no MQTT property value of type {shape}")
