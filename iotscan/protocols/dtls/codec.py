"""DTLS 1.0 and 1.2 as far as it is in clear: our ClientHello, the server's whole answer.

Records and fragments are those of RFC 6347; the messages inside are those of TLS, and are read by
:mod:`iotscan.protocols.tls.messages`. Datagrams may come twice, in any order, and with gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from iotscan.errors import Malformed
from iotscan.protocols.tls.codec import ALERT, CHANGE_CIPHER, DATA, HANDSHAKE, Alert
from iotscan.protocols.tls.hello import (
    DTLS10,
    DTLS12,
    MASTER_SECRET,
    RENEGOTIATION,
    ClientHello,
    parse_body,
)
from iotscan.protocols.tls.messages import (
    KeyExchange,
    ServerHello,
    parse_chain,
    parse_cut_hello,
    parse_key_exchange,
    parse_server_hello,
)
from iotscan.protocols.tls.offers import RANDOM
from iotscan.protocols.tls.suites import suite
from iotscan.protocols.tls.wire import Cursor, vector

HELLO, SERVER_HELLO, VERIFY, CERTIFICATE = 1, 2, 3, 11
KEY_EXCHANGE, CERTIFICATE_REQUEST, DONE = 12, 13, 14
_RECORD_HEAD, _MESSAGE_HEAD = 13, 12
_CAPWAP = b"\1\0\0\0"
# Record versions in use; 0x0100 is what OpenSSL spoke before the standard (RFC 4347) was out.
_VERSIONS = frozenset({DTLS10, DTLS12, 0x0100})
# A flight has at most eight messages; a chain of certificates stays far below this.
_MOST_MESSAGES = 16
_LONGEST_MESSAGE = 65_536
# What devices with DTLS are built with: pre-shared keys (LwM2M, IKEA), then raw keys and
# certificates, then what is old (CBC), then what should not be taken (NULL, anonymous).
_PSK_SUITES = (0xC0A8, 0xC0A4, 0xC0A9, 0x00A8, 0x00AE, 0xC037, 0xD005, 0xD001, 0xCCAC, 0xCCAB)
_SUITES = (
    0xC0AE, 0xC0AC, 0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA9, 0xCCA8, 0xC023, 0xC027, 0x009E,
    0xC09C, 0xC0A0, 0x009C, 0x009D, 0x003C,
)  # fmt: skip
_OLD_SUITES = (
    0xC035, 0x008C, 0x008D, 0xC009, 0xC00A, 0xC013, 0xC014, 0x0033, 0x0039, 0x002F, 0x0035,
    0x000A, 0xC012, 0xC018, 0x0034, 0x00B0, 0x002C, 0x0002,
)  # fmt: skip
_CURVES = (23, 29, 24, 25)
_SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201)


@dataclass(frozen=True, slots=True)
class Record:
    """One record; ``epoch`` above 0 is encrypted."""

    kind: int
    version: int
    epoch: int
    sequence: int
    payload: bytes


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


def client_hello(version: int, cookie: bytes = b"", *, number: int = 0, psk: bool = True) -> bytes:
    """A datagram that offers nothing above ``version``. ``number`` is 1 for the second hello of a
    handshake, the one that carries the cookie. Without ``psk``, no suite with a pre-shared key.
    """
    modern = version == DTLS12
    suites = (*_PSK_SUITES, *_SUITES, *_OLD_SUITES) if modern else _OLD_SUITES
    hello = ClientHello(
        version,
        tuple(number for number in suites if psk or "PSK" not in suite(number).key_exchange),
        groups=_CURVES,
        signatures=_SIGNATURES if modern else (),
        random=RANDOM,
        extensions=(MASTER_SECRET, RENEGOTIATION),
        cookie=cookie,
    )
    body = hello.body()
    size = len(body).to_bytes(3, "big")
    head = bytes([HELLO]) + size + number.to_bytes(2, "big") + bytes(3) + size
    # The first record says 1.0 whatever is offered, RFC 6347 section 4.2.1.
    return encode_record(Record(HANDSHAKE, DTLS10, 0, number, head + body))


def goodbye(version: int) -> bytes:
    """A datagram that ends a handshake early, so that the server frees what it holds for it:
    user_canceled and close_notify, RFC 5246 section 7.2.
    """
    alerts = (b"\x01\x5a", b"\x01\x00")
    return b"".join(
        encode_record(Record(ALERT, version, 0, 2 + i, alert)) for i, alert in enumerate(alerts)
    )


def encode_record(record: Record) -> bytes:
    head = bytes([record.kind]) + record.version.to_bytes(2, "big")
    numbers = record.epoch.to_bytes(2, "big") + record.sequence.to_bytes(6, "big")
    return head + numbers + vector(record.payload, 2)


def records(datagram: bytes) -> tuple[Record, ...]:
    """The records of a datagram. Raises Malformed unless all of it is whole records."""
    cursor, found = Cursor(datagram), []
    while cursor:
        kind, version = cursor.number(1), cursor.number(2)
        if not CHANGE_CIPHER <= kind <= DATA + 2 or version not in _VERSIONS:
            raise Malformed("not a DTLS record")
        epoch, sequence = cursor.number(2), cursor.number(6)
        found.append(Record(kind, version, epoch, sequence, cursor.vector(2)))
    if not found:
        raise Malformed("an empty datagram")
    return tuple(found)


def bare(datagram: bytes) -> bytes:
    """Without the four bytes that CAPWAP puts before DTLS: RFC 5415 section 4.2."""
    return datagram[4:] if datagram.startswith(_CAPWAP) and len(datagram) > 4 else datagram


def looks_like_server(datagram: bytes) -> bool:
    """Whether a datagram is a server's answer to a hello: a cookie, a hello or an alert."""
    try:
        first = records(datagram)[0]
        if first.epoch == 0 and first.kind == ALERT:
            return len(first.payload) == 2 and first.payload[0] in (1, 2)
        if first.epoch or first.kind != HANDSHAKE:
            return False
        return next(_fragments(first.payload)).kind in (SERVER_HELLO, VERIFY)
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
    pieces = Pieces()
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
            if not CHANGE_CIPHER <= kind <= DATA + 2 or version not in _VERSIONS:
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
    return parse_cut_hello(cursor.rest()) if kind == SERVER_HELLO and not offset else None


def parse_client(datagrams: Iterable[bytes]) -> tuple[ClientHello, ...]:
    """The hellos that a client sent, the one without cookie first. Never raises."""
    pieces, found = Pieces(), []
    for datagram in datagrams:
        try:
            for record in records(datagram):
                if record.kind == HANDSHAKE and record.epoch == 0:
                    pieces.add(record.payload)
        except Malformed:
            continue
    for kind, body in pieces.complete():
        if kind == HELLO:
            try:
                found.append(parse_body(body, datagram=True))
            except Malformed:
                continue
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Fragment:
    kind: int
    length: int
    number: int
    offset: int
    data: bytes


@dataclass(slots=True)
class _Message:
    body: bytearray
    missing: bytearray


@dataclass(slots=True)
class Pieces:
    """Puts handshake messages together from fragments: RFC 6347 section 4.2.3."""

    _found: dict[tuple[int, int, int], _Message] = field(default_factory=dict)

    def add(self, payload: bytes) -> None:
        """Take in one handshake record. Raises Malformed when it is none."""
        for fragment in _fragments(payload):
            key = (fragment.number, fragment.kind, fragment.length)
            if key not in self._found and len(self._found) == _MOST_MESSAGES:
                raise Malformed("too many handshake messages")
            fresh = _Message(bytearray(fragment.length), bytearray(b"\x01" * fragment.length))
            message = self._found.setdefault(key, fresh)
            end = fragment.offset + len(fragment.data)
            message.body[fragment.offset : end] = fragment.data
            message.missing[fragment.offset : end] = bytes(len(fragment.data))

    def complete(self) -> Iterator[tuple[int, bytes]]:
        """(type, body) of the messages that are whole, in the order of the handshake."""
        for (_, kind, _), message in sorted(self._found.items(), key=lambda item: item[0]):
            if 1 not in message.missing:
                yield kind, bytes(message.body)


def _fragments(payload: bytes) -> Iterator[_Fragment]:
    cursor = Cursor(payload)
    if not cursor:
        raise Malformed("an empty handshake record")
    while cursor:
        kind, length, number = cursor.number(1), cursor.number(3), cursor.number(2)
        offset, size = cursor.number(3), cursor.number(3)
        if offset + size > length or length > _LONGEST_MESSAGE:
            raise Malformed("a fragment that does not fit its message")
        yield _Fragment(kind, length, number, offset, cursor.take(size))


def _with_record(flight: Flight, record: Record, pieces: Pieces) -> Flight:
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
        case 3:
            cursor = Cursor(body)
            cursor.number(2)
            return replace(flight, cookie=cursor.vector(1))
        case 2:
            return replace(flight, hello=parse_server_hello(body))
        case 11:
            return replace(flight, chain=parse_chain(body))
        case 12 if hello is not None and hello.suite is not None:
            hint = Cursor(body).vector(2) if "PSK" in suite(hello.suite).key_exchange else None
            exchange = parse_key_exchange(body, hello.suite)
            return replace(flight, key_exchange=exchange, psk_hint=hint)
        case 13:
            return replace(flight, client_certificate_requested=True)
        case 14:
            asked = bool(flight.client_certificate_requested)
            return replace(flight, client_certificate_requested=asked, finished=True)
    return flight
