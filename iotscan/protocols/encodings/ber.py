"""BER as SNMP uses it: definite lengths, a handful of types. ITU-T X.690; RFC 3417 section 8."""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.protocols.encodings.der import element

INTEGER, OCTETS, NULL, OBJECT, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
# Sub-identifiers are 32-bit and an object identifier has at most 128 of them: RFC 2578 section 3.5.
_MOST_ARCS, _LARGEST_ARC = 128, 0xFFFF_FFFF
# No message of the protocols that send these over TCP comes near this.
_LONGEST = 1 << 24
# A 64-bit counter and a sign byte: nothing larger is an integer in SNMP.
_LONGEST_INTEGER = 9


def encode(tag: int, content: bytes) -> bytes:
    """One element, its length in the shortest form."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """An integer in two's complement, as short as it goes."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return encode(tag, value.to_bytes(size, "big", signed=True))


def encode_object(dotted: str) -> bytes:
    """An object identifier. Raises Malformed for what cannot be one."""
    try:
        arcs = [int(part) for part in dotted.split(".")]
    except ValueError as error:
        raise Malformed(f"{dotted!r} is no object identifier") from error
    if len(arcs) < 2 or not (0 <= arcs[0] <= 2 and 0 <= arcs[1] < 40) or min(arcs) < 0:
        raise Malformed(f"{dotted!r} is no object identifier")
    content = bytes([arcs[0] * 40 + arcs[1]])
    for arc in arcs[2:]:
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.append(arc & 0x7F | 0x80)
        content += bytes(reversed(digits))
    return encode(OBJECT, content)


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, content) of the elements that fill ``data``. Raises Malformed."""
    at = 0
    while at < len(data):
        tag, begin, end = element(data, at)
        yield tag, data[begin:end]
        at = end


def whole(data: bytes) -> int | None:
    """The length of the SEQUENCE that a stream goes on with, None while that is not known. Raises
    Malformed for other elements and for lengths that cannot be.
    """
    if data[:1] not in (bytes([SEQUENCE]), b""):
        raise Malformed("a message is a SEQUENCE")
    if len(data) < 2:
        return None
    if data[1] < 0x80:
        return 2 + data[1]
    width = data[1] & 0x7F
    if not 1 <= width <= 4:
        raise Malformed("a length that is not definite")
    if len(data) < 2 + width:
        return None
    length = int.from_bytes(data[2 : 2 + width], "big")
    if length > _LONGEST:
        raise Malformed(f"a message of {length} bytes")
    return 2 + width + length


def integer(content: bytes) -> int:
    """A signed integer. Raises Malformed."""
    if not 1 <= len(content) <= _LONGEST_INTEGER:
        raise Malformed(f"an integer of {len(content)} bytes")
    return int.from_bytes(content, "big", signed=True)


def object_identifier(content: bytes) -> str:
    """An object identifier, dotted; "0.0" for an empty one, which agents send for null."""
    arcs: list[int] = []
    value = 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if value > _LARGEST_ARC or len(arcs) > _MOST_ARCS:
            raise Malformed("an object identifier with too large a number, or too many")
        if byte < 0x80:
            arcs.append(value)
            value = 0
    if content and content[-1] >= 0x80:
        raise Malformed("an object identifier that ends in the middle of a number")
    first = arcs[0] if arcs else 0
    top = min(first // 40, 2)
    return ".".join(map(str, (top, first - 40 * top, *arcs[1:])))
