"""BACnet/IP: virtual link messages, network headers and application messages.

Source: ANSI/ASHRAE 135-2020: annex J.2 (BVLC), clause 6.2 (network layer), clause 20.1 (application
messages) and 20.2 (tags), clause 21 (numbers of services, objects and properties). Big-endian.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 47808
VERSION = 1
# Functions of the virtual link layer.
RESULT, READ_BDT, BDT, FORWARDED, READ_FDT, FDT = 0x00, 0x02, 0x03, 0x04, 0x06, 0x07
UNICAST, BROADCAST = 0x0A, 0x0B
_FUNCTIONS = frozenset(range(0x0D))
_CARRIES_NETWORK = frozenset({FORWARDED, 0x09, UNICAST, BROADCAST})
_ORIGIN = 6  # bytes of the B/IP address in front of a forwarded NPDU
_ENTRY = 10  # bytes of an entry in either table
# Kinds of application message.
CONFIRMED, UNCONFIRMED, SIMPLE_ACK, COMPLEX_ACK, SEGMENT_ACK, ERROR, REJECT, ABORT = range(8)
KINDS: Mapping[int, str] = {
    CONFIRMED: "confirmed request",
    UNCONFIRMED: "unconfirmed request",
    SIMPLE_ACK: "simple-ack",
    COMPLEX_ACK: "complex-ack",
    SEGMENT_ACK: "segment-ack",
    ERROR: "error",
    REJECT: "reject",
    ABORT: "abort",
}
ANSWERS = frozenset({SIMPLE_ACK, COMPLEX_ACK, SEGMENT_ACK, ERROR, REJECT, ABORT})
# Services: confirmed ones have numbers to 34, unconfirmed ones to 13.
READ_PROPERTY = 12
I_AM, I_HAVE, WHO_IS = 0, 1, 8
_HIGHEST = {CONFIRMED: 34, UNCONFIRMED: 13}
DEVICE = 8
# The instance that stands for whatever device receives the request (clause 15.5.2).
ANY_INSTANCE = 4_194_303
OBJECT_IDENTIFIER, OBJECT_NAME, VENDOR_NAME, MODEL_NAME, FIRMWARE = 75, 77, 121, 70, 44
_TEXT_TAG = 7


@dataclass(frozen=True, slots=True)
class Link:
    """A BVLC message. ``origin`` is whether it was forwarded for another device."""

    function: int
    data: bytes
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """An application message. ``routed``: it comes from another network behind the sender."""

    kind: int
    service: int
    invoke: int
    body: bytes
    routed: bool = False


def decode(data: bytes) -> tuple[Link, int] | None:
    """The BVLC message that a datagram is. Raises Malformed."""
    if len(data) < 4 or data[0] != 0x81 or data[1] not in _FUNCTIONS:
        raise Malformed("this is no BACnet/IP message")
    length = int.from_bytes(data[2:4], "big")
    if length != len(data):
        raise Malformed("the length of a BACnet/IP message is that of its datagram")
    forwarded = data[1] == FORWARDED
    start = 4 + (_ORIGIN if forwarded else 0)
    if len(data) < start:
        raise Malformed("a forwarded message names its origin")
    return Link(data[1], data[start:], forwarded), length


def message(link: Link) -> Message:
    """The application message in a BVLC message. Raises Malformed when it holds none."""
    if link.function not in _CARRIES_NETWORK:
        raise Malformed("this carries no network message")
    return application(link.data)


def application(npdu: bytes) -> Message:
    """The application message of a network message, as BACnet over Ethernet carries it too.

    Raises Malformed, also for messages of the network layer itself.
    """
    if len(npdu) < 3 or npdu[0] != VERSION or npdu[1] & 0x50:
        raise Malformed("this is no network message of BACnet")
    control, offset = npdu[1], 2
    if control & 0x80:
        raise Malformed("a network layer message carries no application message")
    for bit in (0x20, 0x08):
        if control & bit:
            offset += 3 + _at(npdu, offset + 2)
    offset += 1 if control & 0x20 else 0
    return _apdu(npdu[offset:], routed=bool(control & 0x08))


def _apdu(data: bytes, *, routed: bool) -> Message:
    kind = _at(data, 0) >> 4
    if kind not in KINDS or len(data) < 2:
        raise Malformed("no such application message")
    if kind == UNCONFIRMED:
        service, invoke, body = data[1], 0, data[2:]
    elif kind == CONFIRMED:
        offset = 5 if data[0] & 8 else 3
        service, invoke, body = _at(data, offset), _at(data, 2), data[offset + 1 :]
    elif kind == COMPLEX_ACK:
        offset = 4 if data[0] & 8 else 2
        service, invoke, body = _at(data, offset), data[1], data[offset + 1 :]
    elif kind in (SIMPLE_ACK, ERROR):
        service, invoke, body = _at(data, 2), data[1], data[3:]
    else:
        service, invoke, body = 0, data[1], data[2:]
    if service > _HIGHEST.get(kind, _HIGHEST[CONFIRMED]):
        raise Malformed("no such service")
    return Message(kind, service, invoke, body, routed)


def _at(data: bytes, offset: int) -> int:
    if offset >= len(data):
        raise Malformed("a BACnet message is cut off")
    return data[offset]


def encode(function: int, data: bytes) -> bytes:
    """The bytes of a BVLC message."""
    return bytes([0x81, function]) + (4 + len(data)).to_bytes(2, "big") + data


def read_property(invoke: int, instance: int, wanted: int) -> bytes:
    """A request for one property of a device, in one piece of at most 1,476 bytes."""
    identifier = (DEVICE << 22 | instance).to_bytes(4, "big")
    apdu = bytes([0, 5, invoke, READ_PROPERTY, 0x0C]) + identifier + bytes([0x19, wanted])
    return encode(UNICAST, b"\x01\x04" + apdu)


def who_is() -> bytes:
    """The question for any device, to a single one: it answers with an I-Am."""
    return encode(UNICAST, bytes([VERSION, 0, UNCONFIRMED << 4, WHO_IS]))


def device_property(answer: Message) -> tuple[int, int, bytes]:
    """(instance, property, encoded value) in an answer to ``read_property``. Raises Malformed."""
    body = answer.body
    if answer.kind != COMPLEX_ACK or answer.service != READ_PROPERTY or len(body) < 9:
        raise Malformed("this answers no ReadProperty")
    identifier = int.from_bytes(body[1:5], "big")
    value, end = body[8:-1], body[-1:]
    if body[0] != 0x0C or body[5] != 0x19 or body[7] != 0x3E or end != b"\x3f":
        raise Malformed("this is no value of a property")
    if identifier >> 22 != DEVICE:
        raise Malformed("this is no property of a device")
    return identifier & ANY_INSTANCE, body[6], value


def character_string(value: bytes) -> str:
    """A character string in UTF-8, Latin-1 or UCS-2. Raises Malformed for anything else."""
    if not value or value[0] >> 4 != _TEXT_TAG or value[0] & 8:
        raise Malformed("this is no character string")
    length, start = value[0] & 7, 1
    if length == 5:
        length, start = _at(value, 1), 2
        if length == 254:
            length, start = int.from_bytes(value[2:4], "big"), 4
    raw = value[start : start + length]
    if not raw or len(raw) < length:
        raise Malformed("a character string is cut off")
    encoding = {0: "utf-8", 4: "utf-16-be", 5: "latin-1"}.get(raw[0], "ascii")
    return raw[1:].decode(encoding, "backslashreplace")


def announced(said: Message) -> int:
    """The device instance in an I-Am or I-Have. Raises Malformed when it is neither."""
    if said.kind != UNCONFIRMED or said.service not in (I_AM, I_HAVE) or len(said.body) < 5:
        raise Malformed("this announces no device")
    identifier = int.from_bytes(said.body[1:5], "big")
    if said.body[0] != 0xC4 or identifier >> 22 != DEVICE:
        raise Malformed("this announces no device")
    return identifier & ANY_INSTANCE


def vendor_number(said: Message) -> int:
    """The vendor identifier in an I-Am: the last of its four values. Raises Malformed."""
    announced(said)
    offset = 5
    value = b""
    for _ in range(3):
        size = _at(said.body, offset) & 7
        value = said.body[offset + 1 : offset + 1 + size]
        offset += 1 + size
    if said.service != I_AM or not value or offset > len(said.body):
        raise Malformed("this names no vendor")
    return int.from_bytes(value, "big")


def table(link: Link) -> list[bytes]:
    """The entries (ten bytes each) of a broadcast distribution or foreign device table.

    Raises Malformed when this is neither.
    """
    if link.function not in (BDT, FDT) or len(link.data) % _ENTRY:
        raise Malformed("this is no table")
    return [link.data[i : i + _ENTRY] for i in range(0, len(link.data), _ENTRY)]
