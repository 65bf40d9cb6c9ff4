"""HART-IP messages, bytes to dataclasses.

Source: FieldComm Group HCF_SPEC-085 (HART-IP): message header of eight bytes, message types and
identifiers, session initiation. Integers are big-endian; the length counts the header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 5094
_HEADER = 8
REQUEST, RESPONSE, PUBLISH, NAK = 0, 1, 2, 15
INITIATE = 0
IDENTIFIERS: Mapping[int, str] = {
    0: "session initiate",
    1: "session close",
    2: "keep alive",
    3: "token-passing PDU",
    4: "direct PDU",
    5: "read audit log",
    128: "discovery",
}
# Master type (secondary or primary) and inactivity timer.
_INITIATE_BODY = 5
# A token-passing PDU: delimiter, address, command, byte count, up to 255 bytes, check byte.
_LONGEST = 1_024


@dataclass(frozen=True, slots=True)
class Message:
    kind: int
    identifier: int
    status: int
    transaction: int
    body: bytes


def decode(data: bytes) -> tuple[Message, int] | None:
    """The first message and its length, None while it is not complete. Raises Malformed."""
    if data and data[0] not in (1, 2):
        raise Malformed("no such version of HART-IP")
    if len(data) < _HEADER:
        return None
    kind, identifier, length = data[1], data[2], int.from_bytes(data[6:8], "big")
    if kind not in (REQUEST, RESPONSE, PUBLISH, NAK) or identifier not in IDENTIFIERS:
        raise Malformed("no such HART-IP message")
    if not _HEADER <= length <= _LONGEST:
        raise Malformed("no HART-IP message is of this length")
    if len(data) < length:
        return None
    body = data[_HEADER:length]
    needs = identifier == INITIATE and (kind == REQUEST or (kind == RESPONSE and not data[3]))
    if needs and len(body) < _INITIATE_BODY:
        raise Malformed("a session is initiated with a master type and a timer")
    if identifier == 3 and not _passes_token(body):
        raise Malformed("the check byte of a HART PDU is wrong")
    transaction = int.from_bytes(data[4:6], "big")
    return Message(kind, identifier, data[3], transaction, body), length


def _passes_token(body: bytes) -> bool:
    """Whether these bytes, exclusive-ored, leave nothing: the longitudinal parity of a HART PDU."""
    parity = 0
    for byte in body:
        parity ^= byte
    return len(body) >= 5 and parity == 0
