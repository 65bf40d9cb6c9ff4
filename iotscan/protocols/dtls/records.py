"""Records of DTLS 1.0 and 1.2, and where they stand in a datagram. RFC 6347 section 4.1."""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.tls.codec import CHANGE_CIPHER, DATA
from iotscan.protocols.tls.hello import DTLS10, DTLS12
from iotscan.protocols.tls.wire import Cursor, vector

_CAPWAP = b"\1\0\0\0"
# Record versions in use; 0x0100 is what OpenSSL spoke before the standard (RFC 4347) was out.
VERSIONS = frozenset({DTLS10, DTLS12, 0x0100})


@dataclass(frozen=True, slots=True)
class Record:
    """One record; ``epoch`` above 0 is encrypted."""

    kind: int
    version: int
    epoch: int
    sequence: int
    payload: bytes


def encode_record(record: Record) -> bytes:
    head = bytes([record.kind]) + record.version.to_bytes(2, "big")
    numbers = record.epoch.to_bytes(2, "big") + record.sequence.to_bytes(6, "big")
    return head + numbers + vector(record.payload, 2)


def records(datagram: bytes) -> tuple[Record, ...]:
    """The records of a datagram. Raises Malformed unless all of it is whole records."""
    cursor, found = Cursor(datagram), []
    while cursor:
        kind, version = cursor.number(1), cursor.number(2)
        if not CHANGE_CIPHER <= kind <= DATA + 2 or version not in VERSIONS:
            raise Malformed("not a DTLS record")
        epoch, sequence = cursor.number(2), cursor.number(6)
        found.append(Record(kind, version, epoch, sequence, cursor.vector(2)))
    if not found:
        raise Malformed("an empty datagram")
    return tuple(found)


def bare(datagram: bytes) -> bytes:
    """Without the four bytes that CAPWAP puts before DTLS: RFC 5415 section 4.2."""
    return datagram[4:] if datagram.startswith(_CAPWAP) and len(datagram) > 4 else datagram
