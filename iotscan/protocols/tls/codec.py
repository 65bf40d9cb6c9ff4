"""A TLS connection as far as it is in clear: the client's hello, the server's whole answer.

Streams are not kept here: hand :func:`parse_server` all the bytes heard so far, and again when
more have come, until the flight is ``finished``. Sources: RFC 6101 (SSL 3.0), RFC 5246 (TLS 1.2),
RFC 8446 (TLS 1.3), draft-hickman-netscape-ssl (SSL 2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from iotscan.errors import Malformed
from iotscan.protocols.tls.hello import SSL2, TLS13, ClientHello, parse_body, parse_ssl2
from iotscan.protocols.tls.messages import (
    KeyExchange,
    ServerHello,
    parse_chain,
    parse_key_exchange,
    parse_server_hello,
)
from iotscan.protocols.tls.wire import Cursor, numbers

CHANGE_CIPHER, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
# The handshake message in which a side proves who it is, RFC 5246 section 7.4.
_CERTIFICATE = 11
# RFC 5246 section 6.2.3: 2**14 bytes and what encryption adds to them.
LONGEST_RECORD = 16_384 + 2_048
# Large chains take some 20 kB; the message could be 16 MB.
LONGEST_MESSAGE = 131_072
# IANA registry "TLS Alerts", those that answer a hello.
_ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    22: "record_overflow",
    40: "handshake_failure",
    47: "illegal_parameter",
    50: "decode_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that was not encrypted."""

    fatal: bool
    code: int

    @property
    def name(self) -> str:
        return _ALERTS.get(self.code, f"alert {self.code}")


@dataclass(frozen=True, slots=True)
class Flight:
    """All that a server said in clear up to here.

    ``chain``: DER, leaf first. ``client_certificate_requested``: None while it could still come.
    ``finished``: nothing more can be learned without a key. ``sealed``: encrypted TLS 1.3 records
    after the hello, header included; ``hello_message``: the ServerHello as it was hashed.
    ``fault``: why reading stopped although the server went on.
    """

    hello: ServerHello | None = None
    chain: tuple[bytes, ...] = ()
    key_exchange: KeyExchange | None = None
    client_certificate_requested: bool | None = None
    alert: Alert | None = None
    finished: bool = False
    sealed: tuple[bytes, ...] = ()
    hello_message: bytes = b""
    fault: str = ""


def looks_like_server(heard: bytes) -> bool:
    """Whether these first bytes are a TLS server's hello or alert, in any version."""
    if len(heard) < 7 or heard[1] != 3 or heard[2] > 4:
        return heard[:1] >= b"\x80" and heard[2:3] == b"\x04" and _is_ssl2_hello(heard)
    if heard[0] == ALERT:
        return heard[3:5] == b"\x00\x02" and heard[5] in (1, 2)
    return heard[0] == HANDSHAKE and heard[5] == 2


def parse_client(data: bytes) -> ClientHello | None:
    """The ClientHello at the start of what a client said; None while it is not complete.

    Raises Malformed for anything else.
    """
    if data[:1] >= b"\x80":
        if len(data) < 2 or len(data) < 2 + _ssl2_length(data):
            return None
        return parse_ssl2(data[2 : 2 + _ssl2_length(data)])
    for kind, message in _messages(data):
        if kind != 1:
            raise Malformed(f"handshake message {kind} where a ClientHello belongs")
        return parse_body(message[4:])
    return None


def shows_certificate(data: bytes) -> bool | None:
    """Whether a client, in what it said, proved itself by a certificate; None where none was asked
    for, or it cannot be seen: TLS 1.3 encrypts it.
    """
    try:
        for kind, message in _messages(data):
            if kind == 256 + CHANGE_CIPHER:
                break
            if kind == _CERTIFICATE:
                return bool(parse_chain(message[4:]))
    except Malformed:
        pass
    return None


def parse_server(data: bytes) -> Flight:
    """The flight so far. Raises Malformed when not even the first record is TLS; what is wrong
    later only ends the reading (``fault``), since what came before it stands.
    """
    if data[:1] >= b"\x80":
        return _parse_ssl2(data)
    flight = Flight()
    started = False
    try:
        for kind, message in _messages(data):
            flight = _with_message(flight, kind, message)
            started = True
            if flight.finished:
                break
    except Malformed as problem:
        if not started:
            raise
        return replace(flight, fault=str(problem), finished=True)
    return flight


def handshake_messages(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, message with its header) of the complete messages in a handshake stream."""
    at = 0
    while len(stream) >= at + 4:
        end = at + 4 + int.from_bytes(stream[at + 1 : at + 4], "big")
        if end - at > LONGEST_MESSAGE:
            raise Malformed(f"a handshake message of {end - at} bytes")
        if len(stream) < end:
            return
        yield stream[at], stream[at:end]
        at = end


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, bytes) of handshake messages; other records as (256 + record type, whole record)."""
    stream = bytearray()
    at = 0
    while len(data) >= at + 5:
        kind, major, length = data[at], data[at + 1], int.from_bytes(data[at + 3 : at + 5], "big")
        if not CHANGE_CIPHER <= kind <= 24 or major != 3 or length > LONGEST_RECORD:
            raise Malformed("not a TLS record")
        content = data[at + 5 : at + 5 + length]
        if kind != HANDSHAKE and len(content) < length:
            return
        if kind == HANDSHAKE:
            stream += content
            used = 0
            for number, message in handshake_messages(bytes(stream)):
                used += len(message)
                yield number, message
            del stream[:used]
        else:
            yield 256 + kind, data[at : at + 5 + length]
        at += 5 + length
    left = data[at:]
    if left and not (CHANGE_CIPHER <= left[0] <= 24 and left[1:2] in (b"", b"\x03")):
        raise Malformed("not a TLS record")


def _with_message(flight: Flight, kind: int, message: bytes) -> Flight:
    hello, body = flight.hello, message[4:]
    match kind:
        case 2:
            chosen = parse_server_hello(body)
            return replace(flight, hello=chosen, hello_message=message, finished=chosen.retry)
        case 11:
            return replace(flight, chain=parse_chain(body, hello.version if hello else 0))
        case 12 if hello and hello.suite is not None:
            return replace(flight, key_exchange=parse_key_exchange(body, hello.suite))
        case 13:
            return replace(flight, client_certificate_requested=True)
        case 14:
            asked = bool(flight.client_certificate_requested)
            return replace(flight, client_certificate_requested=asked, finished=True)
    if kind == 256 + ALERT and len(message) == 7:
        alert = Alert(message[5] == 2, message[6])
        return replace(flight, alert=alert, finished=alert.fatal or alert.code == 0)
    if hello and hello.version == TLS13:
        # The lone change_cipher_spec of TLS 1.3 is there for middle boxes, RFC 8446 appendix D.4.
        sealed = (*flight.sealed, message) if kind == 256 + DATA else flight.sealed
        return replace(flight, sealed=sealed)
    # A session taken up again goes straight to encryption.
    return replace(flight, finished=True) if kind >= 256 else flight


def _ssl2_length(data: bytes) -> int:
    return int.from_bytes(data[:2], "big") & 0x7FFF


def _is_ssl2_hello(data: bytes) -> bool:
    # After the record length: type 4, a session flag, certificate type 1 (X.509) and version 2.
    return data[3:4] in (b"\x00", b"\x01") and data[4:7] in (b"\x00\x00\x02", b"\x01\x00\x02")


def _parse_ssl2(data: bytes) -> Flight:
    """A SERVER-HELLO or an ERROR of SSL 2.0, draft-hickman-netscape-ssl sections C.2 and D.1."""
    if len(data) >= 3 and data[2] not in (0, 4):
        raise Malformed("not an SSL 2.0 answer")
    if len(data) < 3 or len(data) < 2 + _ssl2_length(data):
        return Flight()
    cursor = Cursor(data[2 : 2 + _ssl2_length(data)])
    if cursor.number(1) == 0:
        return Flight(alert=Alert(True, cursor.number(2)), finished=True)
    cursor.take(2)
    version = cursor.number(2)
    if version != SSL2:
        raise Malformed("not an SSL 2.0 answer")
    lengths = [cursor.number(2) for _ in range(3)]
    certificate, kinds = cursor.take(lengths[0]), numbers(cursor.take(lengths[1]), 3)
    hello = ServerHello(version, None, kinds=kinds)
    return Flight(hello, (certificate,) if certificate else (), finished=True)
