"""SNMP messages, versions 1, 2c and 3. RFC 1157, RFC 1901, RFC 3412, RFC 3414, RFC 3416, and RFC
3430 for those over TCP.

Only what is sent in clear is read of version 3; an encrypted part is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.encodings import ber
from iotscan.protocols.encodings.der import element, opened

PORT, TRAP_PORT = 161, 162
# As much as fits a datagram, which agents that speak both send at most.
LARGEST = 65_536
V1, V2C, V3 = "1", "2c", "3"
_VERSIONS = {0: V1, 1: V2C, 3: V3}
_NUMBERS = {name: number for number, name in _VERSIONS.items()}

GET, GET_NEXT, RESPONSE, SET = "get", "get-next", "response", "set"
TRAP_V1, GET_BULK, INFORM, TRAP, REPORT = "trap-v1", "get-bulk", "inform", "trap", "report"
_PDUS = dict(
    enumerate((GET, GET_NEXT, RESPONSE, SET, TRAP_V1, GET_BULK, INFORM, TRAP, REPORT), 0xA0)
)
_TAGS = {name: tag for tag, name in _PDUS.items()}
ASKING = frozenset({GET, GET_NEXT, GET_BULK, SET})
ANSWERING = frozenset({RESPONSE, REPORT})
TELLING = frozenset({TRAP_V1, TRAP, INFORM})

# RFC 3416 section 3: what stands in a varbind whose value is not there.
_ABSENT = {0x80: "noSuchObject", 0x81: "noSuchInstance", 0x82: "endOfMibView"}
_INTEGERS = frozenset({ber.INTEGER, 0x41, 0x42, 0x43, 0x46, 0x47})
_OCTETS = frozenset({ber.OCTETS, 0x40, 0x44, 0x45})
_MOST_VARBINDS = 1024
# usmStatsUnknownEngineIDs, which a report about a discovery counts: RFC 3414 section 4.
UNKNOWN_ENGINE = "1.3.6.1.6.3.15.1.1.4.0"
# What an asker can take and what the flags say: answers wanted, neither signed nor encrypted.
_MAX_SIZE, _REPORTABLE, _ENCRYPTED = 65_507, b"\x04", 2
_USM = 3


@dataclass(frozen=True, slots=True)
class Absent:
    """In place of a value: noSuchObject, noSuchInstance or endOfMibView."""

    why: str


Value = int | bytes | str | Absent | None


@dataclass(frozen=True, slots=True)
class Pdu:
    """``kind``: get, response, trap …; ``values``: (object identifier, value), where octets are
    bytes, object identifiers text, and None is null. ``error`` is the error status, of a get-bulk
    the non-repeaters; a trap of version 1 has neither id nor error.
    """

    kind: str
    request_id: int = 0
    error: int = 0
    index: int = 0
    values: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message. ``community`` for versions 1 and 2c; the engine's fields for version 3.

    ``pdu`` is None when it is encrypted; ``boots`` and ``time`` (seconds since the last boot) are
    the engine's clock.
    """

    version: str
    community: bytes = b""
    pdu: Pdu | None = None
    message_id: int = 0
    engine_id: bytes = b""
    boots: int = 0
    time: int = 0
    user: bytes = b""


def get(version: str, community: bytes, request_id: int, objects: Sequence[str]) -> bytes:
    """A question for the values of some objects, in version 1 or 2c."""
    return _classic(version, community, _pdu(GET, request_id, 0, 0, objects))


def get_bulk(community: bytes, request_id: int, repetitions: int, objects: Sequence[str]) -> bytes:
    """A question for the next values behind each object, which version 2c has."""
    return _classic(V2C, community, _pdu(GET_BULK, request_id, 0, repetitions, objects))


def discovery(message_id: int) -> bytes:
    """The question for an engine's id and clock, which needs no account: RFC 3414 section 4."""
    header = _sequence(
        ber.encode_integer(message_id),
        ber.encode_integer(_MAX_SIZE),
        ber.encode(ber.OCTETS, _REPORTABLE),
        ber.encode_integer(_USM),
    )
    empty = ber.encode(ber.OCTETS, b"")
    zero = ber.encode_integer(0)
    security = ber.encode(ber.OCTETS, _sequence(empty, zero, zero, empty, empty, empty))
    scoped = _sequence(empty, empty, _pdu(GET, message_id, 0, 0, ()))
    return _sequence(ber.encode_integer(_NUMBERS[V3]), header, security, scoped)


def decode(data: bytes) -> Message:
    """The message that one datagram is. Raises Malformed."""
    if data[:1] != b"\x30":
        raise Malformed("not an SNMP message")
    ((_, body),) = _exactly(data, 1)
    parts = list(ber.elements(body))
    if not 3 <= len(parts) <= 4 or parts[0][0] != ber.INTEGER:
        raise Malformed("not an SNMP message")
    version = _VERSIONS.get(ber.integer(parts[0][1]))
    if version is None:
        raise Malformed("an unknown version of SNMP")
    if version == V3:
        return _decode_v3(parts)
    if len(parts) != 3 or parts[1][0] != ber.OCTETS:
        raise Malformed("not an SNMP message with a community")
    return Message(version, parts[1][1], _decode_pdu(*parts[2]))


def take(data: bytes) -> tuple[Message, int] | None:
    """The first message of a TCP connection and its length (RFC 3430 section 2.1); None while it is
    incomplete. Raises Malformed.
    """
    length = ber.whole(data)
    if length is None or len(data) < length:
        return None
    return decode(data[:length]), length


def decode_beginning(data: bytes) -> Message:
    """Version, community and sort of a message of which the end is missing, without its numbers
    and values. Raises Malformed.
    """
    tag, body, end = opened(data)
    if tag != ber.SEQUENCE or end <= len(data):
        raise Malformed("not the beginning of an SNMP message")
    tag, begin, end = element(data, body)
    version = _VERSIONS.get(ber.integer(data[begin:end]))
    if tag != ber.INTEGER or version is None or version == V3:
        raise Malformed("an unknown version of SNMP, or one without communities")
    tag, begin, end = element(data, end)
    if tag != ber.OCTETS or end >= len(data) or data[end] not in _PDUS:
        raise Malformed("not an SNMP message with a community")
    return Message(version, data[begin:end], Pdu(_PDUS[data[end]]))


def _decode_v3(parts: Sequence[tuple[int, bytes]]) -> Message:
    if len(parts) != 4 or [tag for tag, _ in parts[1:3]] != [ber.SEQUENCE, ber.OCTETS]:
        raise Malformed("not an SNMPv3 message")
    number, _, flags, model = _exactly(parts[1][1], 4)
    if len(flags[1]) != 1 or ber.integer(model[1]) != _USM:
        raise Malformed("SNMPv3 with a security model other than that of users")
    ((_, security),) = _exactly(parts[2][1], 1)
    engine, boots, time, user, _, _ = _exactly(security, 6)
    pdu = None
    if not flags[1][0] & _ENCRYPTED:
        if parts[3][0] != ber.SEQUENCE:
            raise Malformed("SNMPv3 that is neither encrypted nor readable")
        pdu = _decode_pdu(*_exactly(parts[3][1], 3)[2])
    return Message(
        V3,
        pdu=pdu,
        message_id=ber.integer(number[1]),
        engine_id=engine[1],
        boots=ber.integer(boots[1]),
        time=ber.integer(time[1]),
        user=user[1],
    )


def _decode_pdu(tag: int, content: bytes) -> Pdu:
    kind = _PDUS.get(tag)
    if kind is None:
        raise Malformed("no PDU of SNMP")
    if kind == TRAP_V1:
        parts = _exactly(content, 6)
        return Pdu(kind, values=_decode_values(parts[5]))
    parts = _exactly(content, 4)
    if any(part[0] != ber.INTEGER for part in parts[:3]):
        raise Malformed("a PDU without its numbers")
    request_id, error, index = (ber.integer(part[1]) for part in parts[:3])
    return Pdu(kind, request_id, error, index, _decode_values(parts[3]))


def _decode_values(part: tuple[int, bytes]) -> tuple[tuple[str, Value], ...]:
    if part[0] != ber.SEQUENCE:
        raise Malformed("a PDU without its list of values")
    values: list[tuple[str, Value]] = []
    for tag, content in ber.elements(part[1]):
        if tag != ber.SEQUENCE or len(values) >= _MOST_VARBINDS:
            raise Malformed("not a list of values")
        name, value = _exactly(content, 2)
        if name[0] != ber.OBJECT:
            raise Malformed("a value without a name")
        values.append((ber.object_identifier(name[1]), _decode_value(*value)))
    return tuple(values)


def _decode_value(tag: int, content: bytes) -> Value:
    if tag in _INTEGERS:
        return ber.integer(content)
    if tag in _OCTETS:
        return content
    if tag == ber.OBJECT:
        return ber.object_identifier(content)
    if tag in _ABSENT:
        return Absent(_ABSENT[tag])
    if tag == ber.NULL:
        return None
    raise Malformed(f"a value of unknown type 0x{tag:02x}")


def _exactly(data: bytes, count: int) -> list[tuple[int, bytes]]:
    parts = list(ber.elements(data))
    if len(parts) != count:
        raise Malformed(f"{len(parts)} elements where {count} belong")
    return parts


def _classic(version: str, community: bytes, pdu: bytes) -> bytes:
    return _sequence(ber.encode_integer(_NUMBERS[version]), ber.encode(ber.OCTETS, community), pdu)


def _pdu(kind: str, request_id: int, first: int, second: int, objects: Sequence[str]) -> bytes:
    names = (_sequence(ber.encode_object(name), ber.encode(ber.NULL, b"")) for name in objects)
    numbers = (ber.encode_integer(number) for number in (request_id, first, second))
    return ber.encode(_TAGS[kind], b"".join(numbers) + _sequence(*names))


def _sequence(*parts: bytes) -> bytes:
    return ber.encode(ber.SEQUENCE, b"".join(parts))
