"""Flights of a DTLS server that knows a pre-shared key, record by record."""

from __future__ import annotations

from iotscan.protocols.dtls.records import Record, encode_record
from iotscan.protocols.tls.codec import ALERT, HANDSHAKE
from iotscan.protocols.tls.hello import DTLS10, DTLS12


def message(kind: int, body: bytes, number: int) -> bytes:
    """A record with one handshake message in one fragment (RFC 6347 section 4.2.2)."""
    size = len(body).to_bytes(3, "big")
    head = bytes([kind]) + size + number.to_bytes(2, "big") + bytes(3) + size
    return encode_record(Record(HANDSHAKE, DTLS12, 0, number, head + body))


def hello(suite: int, version: int = DTLS12) -> bytes:
    """The body of a ServerHello without extensions."""
    return version.to_bytes(2, "big") + bytes(33) + suite.to_bytes(2, "big") + b"\x00"


COOKIE = b"c" * 16
VERIFY = message(3, b"\xfe\xff\x10" + COOKIE, 0)
PSK_FLIGHT = message(2, hello(0xC0A8), 1) + message(12, b"\x00\x04cam1", 2) + message(14, b"", 3)
REFUSAL = encode_record(Record(ALERT, DTLS10, 0, 0, b"\x02\x46"))
