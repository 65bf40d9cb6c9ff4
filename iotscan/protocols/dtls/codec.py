"""DTLS 1.0 and 1.2 as far as it is in clear: a client's hellos, the server's whole answer.

Records and fragments are those of RFC 6347; the messages inside are those of TLS, and are read by
:mod:`iotscan.protocols.tls.messages`. Datagrams may come twice, in any order, and with gaps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from iotscan.errors import Malformed
from iotscan.protocols.dtls import handshake
from iotscan.protocols.dtls.records import VERSIONS, Record, records
from iotscan.protocols.tls.codec import ALERT, CHANGE_CIPHER, DATA, HANDSHAKE, Alert
from iotscan.protocols.tls.hello import ClientHello, parse_body
from iotscan.protocols.tls.messages import (
    KeyExchange,
    ServerHello,
    parse_chain,
    parse_cut_hello,
    parse_key_exchange,
    parse_server_hello,
)
from iotscan.protocols.tls.suites import suite
from iotscan.protocols.tls.wire import Cursor


@dataclass(frozen=True, slots=True)
class Flight:
    """All that a server said in clear. ``cookie``: of its HelloVerifyRequest, None without one.

    ``chain``: DER, leaf first. ``psk_hint``: b"" when a key exchange came without a hint, None when
    none came. ``client_certificate_requested``: None while it could still come. ``finished``:
    nothing more can be learned without a key. ``fault``: what could not be read of it.
    """

    cookie: bytes | None = None
    hello: ServerHello | None = None
    chain: tuple[bytes, ...] = ()
    key_exchange: KeyExchange | None = None
    psk_hint: bytes | None = None
    client_certificate_requested: bool | None = None
    alert: Alert | None = None
    finished: bool = False
    fault: str = ""


def looks_like_server(datagram: bytes) -> bool:
    """Whether a datagram is a server's answer to a hello: a cookie, a hello or an alert."""
    try:
        first = records(datagram)[0]
        if first.epoch == 0 and first.kind == ALERT:
            return len(first.payload) == 2 and first.payload[0] in (1, 2)
        if first.epoch or first.kind != HANDSHAKE:
            return False
        return next(handshake.fragments(first.payload)).kind in (
            handshake.SERVER_HELLO,
            handshake.VERIFY,
        )
    except Malformed:
        return False


def in_clear(datagram: bytes, *, alerts: bool) -> bool:
    """Whether a datagram holds a handshake message that is not encrypted, or such an alert."""
    kinds = {HANDSHAKE, ALERT} if alerts else {HANDSHAKE}
    try:
        found, begun = records(datagram), None
    except Malformed:
        found, begun = _cut(datagram)
    return begun is not None or any(r.epoch == 0 and r.kind in kinds for r in found)


def parse_server(datagrams: Iterable[bytes], *, captured: bool = False) -> Flight:
    """What a server said in these datagrams. Foreign ones are left out; a message that cannot be
    read costs only itself (``fault``). ``captured``: a capture may lack the end of some. Never
    raises.
    """
    pieces = handshake.Pieces()
    flight, cut = Flight(), None
    for datagram in datagrams:
        try:
            found = records(datagram)
        except Malformed as problem:
            flight = replace(flight, fault=str(problem))
            found, begun = _cut(datagram) if captured else ((), None)
            cut = cut or begun
        for record in found:
            flight = _with_record(flight, record, pieces)
    for kind, body in pieces.complete():
        try:
            flight = _with_message(flight, kind, body)
        except Malformed as problem:
            flight = replace(flight, fault=str(problem))
    return flight if flight.hello else replace(flight, hello=cut)


def _cut(datagram: bytes) -> tuple[tuple[Record, ...], ServerHello | None]:
    """Of a datagram of which a capture lacks the end: its whole records, and what is proven by a
    ServerHello in the one that is cut.
    """
    whole, cursor = list[Record](), Cursor(datagram)
    try:
        while cursor:
            kind, version, epoch = (cursor.number(size) for size in (1, 2, 2))
            sequence, length = cursor.number(6), cursor.number(2)
            if not CHANGE_CIPHER <= kind <= DATA + 2 or version not in VERSIONS:
                return (), None
            left = cursor.rest()
            if length > len(left):
                hello = _begun_hello(left) if kind == HANDSHAKE and not epoch else None
                return tuple(whole), hello
            whole.append(Record(kind, version, epoch, sequence, left[:length]))
            cursor = Cursor(left[length:])
    except Malformed:
        pass  # not even the head of the last one is whole
    return tuple(whole), None


def _begun_hello(payload: bytes) -> ServerHello | None:
    """The ServerHello that a cut record begins with."""
    cursor = Cursor(payload)
    try:
        kind, _, _, offset = (cursor.number(size) for size in (1, 3, 2, 3))
        cursor.take(3)
    except Malformed:
        return None
    return parse_cut_hello(cursor.rest()) if kind == handshake.SERVER_HELLO and not offset else None


def parse_client(datagrams: Iterable[bytes]) -> tuple[ClientHello, ...]:
    """The hellos that a client sent, the one without cookie first. Never raises."""
    pieces, found = handshake.Pieces(), []
    for datagram in datagrams:
        try:
            for record in records(datagram):
                if record.kind == HANDSHAKE and record.epoch == 0:
                    pieces.add(record.payload)
        except Malformed:
            continue
    for kind, body in pieces.complete():
        if kind == handshake.HELLO:
            try:
                found.append(parse_body(body, datagram=True))
            except Malformed:
                continue
    return tuple(found)


def _with_record(flight: Flight, record: Record, pieces: handshake.Pieces) -> Flight:
    if record.epoch:
        return flight
    if record.kind == ALERT and len(record.payload) == 2:
        alert = Alert(record.payload[0] == 2, record.payload[1])
        return replace(flight, alert=alert, finished=alert.fatal or alert.code == 0)
    if record.kind == HANDSHAKE:
        try:
            pieces.add(record.payload)
        except Malformed as problem:
            return replace(flight, fault=str(problem))
    return flight


def _with_message(flight: Flight, kind: int, body: bytes) -> Flight:
    hello = flight.hello
    match kind:
        case handshake.VERIFY:
            cursor = Cursor(body)
            cursor.number(2)
            return replace(flight, cookie=cursor.vector(1))
        case handshake.SERVER_HELLO:
            return replace(flight, hello=parse_server_hello(body))
        case handshake.CERTIFICATE:
            return replace(flight, chain=parse_chain(body))
        case handshake.KEY_EXCHANGE if hello is not None and hello.suite is not None:
            hint = Cursor(body).vector(2) if "PSK" in suite(hello.suite).key_exchange else None
            exchange = parse_key_exchange(body, hello.suite)
            return replace(flight, key_exchange=exchange, psk_hint=hint)
        case handshake.CERTIFICATE_REQUEST:
            return replace(flight, client_certificate_requested=True)
        case handshake.DONE:
            asked = bool(flight.client_certificate_requested)
            return replace(flight, client_certificate_requested=asked, finished=True)
    return flight
