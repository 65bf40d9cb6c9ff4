"""The Internet Printing Protocol: asking a printer about itself. RFC 8010, RFC 8011."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 631
MEDIA_TYPE = "application/ipp"
PRINT_JOB = 0x0002
_GET_PRINTER_ATTRIBUTES = 0x000B
# Version 1.1 is what every printer must take: RFC 8011 section 4.1.8.
_VERSION = b"\x01\x01"
_OPERATION, _END = 0x01, 0x03
_LARGEST_DELIMITER = 0x0F
_INTEGERS = frozenset({0x21, 0x23})
_BOOLEAN, _KEYWORD, _URI, _CHARSET, _LANGUAGE = 0x22, 0x44, 0x45, 0x47, 0x48
_MOST_VALUES = 2048
# RFC 8011 appendix B.1: below 0x0100 it went well.
_FAILED = 0x0100

Value = bool | int | bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """``attributes``: name → values, of all groups; ``request_id``: of the question."""

    status: int
    request_id: int
    attributes: Mapping[str, tuple[Value, ...]]

    @property
    def went_well(self) -> bool:
        return self.status < _FAILED

    def texts(self, name: str) -> tuple[str, ...]:
        """The values that are texts; clean them before use."""
        values = self.attributes.get(name, ())
        return tuple(v.decode("utf-8", "backslashreplace") for v in values if isinstance(v, bytes))


def get_printer_attributes(uri: str, number: int, wanted: Sequence[str]) -> bytes:
    """The question for some attributes of a printer, which prints nothing."""
    attributes = [
        _attribute(_CHARSET, "attributes-charset", "utf-8"),
        _attribute(_LANGUAGE, "attributes-natural-language", "en"),
        _attribute(_URI, "printer-uri", uri),
    ]
    # Further values of an attribute have no name: RFC 8010 section 3.1.5.
    attributes += [
        _attribute(_KEYWORD, "" if i else "requested-attributes", value)
        for i, value in enumerate(wanted)
    ]
    head = _VERSION + _GET_PRINTER_ATTRIBUTES.to_bytes(2, "big") + number.to_bytes(4, "big")
    return head + bytes([_OPERATION]) + b"".join(attributes) + bytes([_END])


def parse_answer(data: bytes) -> Answer:
    """What a printer answered. Raises Malformed."""
    if len(data) < 9 or data[0] not in (1, 2) or data[8] != _OPERATION:
        raise Malformed("not an answer of IPP")
    found: dict[str, list[Value]] = {}
    values: list[Value] = []
    at, count = 8, 0
    while at < len(data) and data[at] != _END:
        tag = data[at]
        if tag <= _LARGEST_DELIMITER:
            at += 1
            continue
        name, at = _field(data, at + 1)
        raw, at = _field(data, at)
        if name:
            values = found.setdefault(name.decode("ascii", "backslashreplace"), [])
        count += 1
        if count > _MOST_VALUES:
            raise Malformed("an answer of IPP with too many values")
        values.append(_value(tag, raw))
    if at >= len(data):
        raise Malformed("an answer of IPP that does not end")
    status, number = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:8], "big")
    return Answer(status, number, {name: tuple(each) for name, each in found.items()})


def _attribute(tag: int, name: str, value: str) -> bytes:
    parts = (text.encode("utf-8") for text in (name, value))
    return bytes([tag]) + b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def _field(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(data[at : at + 2], "big")
    if end > len(data) or at + 2 > len(data):
        raise Malformed("an attribute of IPP that is cut short")
    return data[at + 2 : end], end


def _value(tag: int, raw: bytes) -> Value:
    if tag in _INTEGERS and len(raw) == 4:
        return int.from_bytes(raw, "big", signed=True)
    if tag == _BOOLEAN and len(raw) == 1:
        return raw != b"\0"
    return raw
