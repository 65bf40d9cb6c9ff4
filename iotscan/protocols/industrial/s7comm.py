"""S7comm over ISO transport: TPKT, COTP, and the messages of Siemens S7 controllers.

Sources: RFC 1006 section 6 (TPKT), RFC 905 / ITU-T X.224 section 13 (COTP). S7comm itself is not
published; its layout is known from the dissectors of Wireshark and the sources of snap7, and system
state lists from the "System Software for S7-300/400" reference manual, chapter 34.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 102
_TPKT = 4
CONNECT, CONFIRM, DATA, DISCONNECT = 0xE0, 0xD0, 0xF0, 0x80
_TSAP_CALLING, _TSAP_CALLED, _SIZE = 0xC1, 0xC2, 0xC0
S7, S7_PLUS = 0x32, 0x72
JOB, ACK, ACK_DATA, USERDATA = 1, 2, 3, 7
MODULE, COMPONENT = 0x0011, 0x001C
FUNCTIONS: Mapping[int, str] = {
    0x00: "CPU services",
    0x04: "read variable",
    0x05: "write variable",
    0x1A: "request download",
    0x1B: "download block",
    0x1C: "download ended",
    0x1D: "start upload",
    0x1E: "upload",
    0x1F: "end upload",
    0x28: "PLC control",
    0x29: "PLC stop",
    0xF0: "setup communication",
}
# A program is sent by the client's wish, and then fetched by the controller, block by block.
_FETCHED = frozenset({0x1B, 0x1C})
WRITES = frozenset({0x05, 0x1A, 0x1B, 0x1C, 0x28, 0x29})


@dataclass(frozen=True, slots=True)
class Cotp:
    """One COTP TPDU. ``parameters``: code → value (connection TPDUs); ``data``: of a DT TPDU."""

    kind: int
    destination: int
    source: int
    parameters: Mapping[int, bytes]
    data: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """An S7comm message; ``function`` is the first byte of its parameters, 0 for user data."""

    rosctr: int
    reference: int
    function: int
    parameters: bytes
    data: bytes
    error: int = 0


def decode(data: bytes) -> tuple[Cotp, int] | None:
    """The first TPDU in its TPKT and its length, None while incomplete. Raises Malformed."""
    if not b"\x03\x00".startswith(data[:2]):
        raise Malformed("this is no TPKT of version 3")
    if len(data) < 7:
        return None
    length, header, kind = int.from_bytes(data[2:4], "big"), data[4], data[5] & 0xF0
    if length < 7 or header < 2 or header + 5 > length or kind not in _KINDS:
        raise Malformed("this is no COTP TPDU")
    if kind == DATA and header != 2:
        raise Malformed("this is no DT TPDU of class 0")
    if len(data) < length:
        return None
    fixed, rest = data[6 : 5 + header], data[5 + header : length]
    if kind == DATA:
        return Cotp(kind, 0, 0, {}, rest), length
    if len(fixed) < 5:
        raise Malformed("a connection TPDU is cut off")
    ends = int.from_bytes(fixed[:2], "big"), int.from_bytes(fixed[2:4], "big")
    return Cotp(kind, *ends, _parameters(fixed[5:]), rest), length


_KINDS = frozenset({CONNECT, CONFIRM, DATA, DISCONNECT})


def _parameters(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while data:
        if len(data) < 2 or len(data) < 2 + data[1]:
            raise Malformed("a COTP parameter is cut off")
        found[data[0]] = data[2 : 2 + data[1]]
        data = data[2 + data[1] :]
    return found


def connect(source: int, called: int) -> bytes:
    """A connection request of class 0 to a TSAP, such as 0x0102: programming device, slot 2."""
    parameters = bytes([_TSAP_CALLING, 2, 1, 0, _TSAP_CALLED, 2]) + called.to_bytes(2, "big")
    parameters += bytes([_SIZE, 1, 0x0A])
    fixed = bytes([CONNECT, 0, 0]) + source.to_bytes(2, "big") + b"\0" + parameters
    return _tpkt(bytes([len(fixed)]) + fixed)


def confirmed(answer: Cotp, source: int) -> bool:
    """Whether this confirms our connection request, with the TSAPs that S7 controllers repeat."""
    tsaps = {_TSAP_CALLING, _TSAP_CALLED} <= set(answer.parameters)
    return answer.kind == CONFIRM and answer.destination == source and tsaps


def setup(reference: int) -> bytes:
    """Set up communication: one job at a time, PDUs of 480 bytes. The session's only state."""
    return _s7(JOB, reference, b"\xf0\0\0\x01\0\x01\x01\xe0", b"")


def read_list(reference: int, identifier: int) -> bytes:
    """Read one system state list, index 0: what a programming device does to show a module."""
    parameters = b"\0\x01\x12\x04\x11\x44\x01\0"
    wanted = b"\xff\x09\0\x04" + identifier.to_bytes(2, "big") + b"\0\0"
    return _s7(USERDATA, reference, parameters, wanted)


def _s7(rosctr: int, reference: int, parameters: bytes, data: bytes) -> bytes:
    head = bytes([S7, rosctr, 0, 0]) + reference.to_bytes(2, "big")
    head += len(parameters).to_bytes(2, "big") + len(data).to_bytes(2, "big")
    return _tpkt(b"\x02\xf0\x80" + head + parameters + data)


def _tpkt(tpdu: bytes) -> bytes:
    return b"\x03\0" + (len(tpdu) + _TPKT).to_bytes(2, "big") + tpdu


def message(tpdu: Cotp) -> Message:
    """The S7comm message of a DT TPDU. Raises Malformed when it holds none."""
    data = tpdu.data
    if tpdu.kind != DATA or len(data) < 10 or data[0] != S7 or data[2:4] != b"\0\0":
        raise Malformed("this is no S7comm")
    rosctr = data[1]
    if rosctr not in (JOB, ACK, ACK_DATA, USERDATA):
        raise Malformed("no such kind of S7comm message")
    head = 12 if rosctr in (ACK, ACK_DATA) else 10
    size, more = int.from_bytes(data[6:8], "big"), int.from_bytes(data[8:10], "big")
    if len(data) != head + size + more:
        raise Malformed("the lengths of an S7comm message do not add up")
    parameters = data[head : head + size]
    function = 0 if rosctr == USERDATA or not parameters else parameters[0]
    error = int.from_bytes(data[10:12], "big") if head == 12 else 0
    reference = int.from_bytes(data[4:6], "big")
    return Message(rosctr, reference, function, parameters, data[head + size :], error)


def asks(found: Message) -> bool | None:
    """Whether the controller's client says this; None when it cannot be told."""
    if found.rosctr == USERDATA:
        # The fifth and sixth byte hold method and type; type 4 is a request, 8 a response.
        kind = found.parameters[5] >> 4 if len(found.parameters) > 5 else 0
        return {4: True, 8: False}.get(kind)
    return (found.rosctr == JOB) is not (found.function in _FETCHED)


def listed(found: Message) -> tuple[int, dict[int, bytes]]:
    """(list id, index → record without its index) of an answer to ``read_list``.

    Raises Malformed when it is none or says that the list does not exist.
    """
    data = found.data
    if found.rosctr != USERDATA or asks(found) is not False or len(data) < 12 or data[0] != 0xFF:
        raise Malformed("this is no system state list")
    size, count = int.from_bytes(data[8:10], "big"), int.from_bytes(data[10:12], "big")
    if size < 2 or len(data) < 12 + size * count:
        raise Malformed("a system state list is cut off")
    records = (data[12 + size * i : 12 + size * (i + 1)] for i in range(count))
    return int.from_bytes(data[4:6], "big"), {
        int.from_bytes(record[:2], "big"): record[2:] for record in records
    }
