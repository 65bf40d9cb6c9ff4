"""ClientHello: ours to send, anyone's to read. SSL 2.0 to TLS 1.3.

Sources: draft-hickman-netscape-ssl (SSL 2.0), RFC 6101 (SSL 3.0), RFC 5246, RFC 8446.
"""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.tls.wire import Cursor, extensions, numbers, vector

SSL2, SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
DTLS10, DTLS12, DTLS13 = 0xFEFF, 0xFEFD, 0xFEFC

# Extension numbers of the IANA registry "TLS ExtensionType Values".
SERVER_NAME, GROUPS, POINT_FORMATS, SIGNATURES = 0, 10, 11, 13
ALPN, MASTER_SECRET, VERSIONS, KEY_SHARE, RENEGOTIATION = 16, 23, 43, 51, 0xFF01

_NAMES = {
    SSL2: "SSL 2.0",
    SSL3: "SSL 3.0",
    TLS10: "TLS 1.0",
    TLS11: "TLS 1.1",
    TLS12: "TLS 1.2",
    TLS13: "TLS 1.3",
    DTLS10: "DTLS 1.0",
    DTLS12: "DTLS 1.2",
    DTLS13: "DTLS 1.3",
    0x0100: "DTLS 0.9",  # what OpenSSL before 0.9.8f called DTLS; Cisco AnyConnect still does
}


def version_name(version: int) -> str:
    """The usual name of a version number on the wire ("TLS 1.2"), else the number in hex."""
    return _NAMES.get(version, f"0x{version:04X}")


def is_grease(number: int) -> bool:
    """Whether this is one of the values that clients send to be ignored. RFC 8701."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client offers. ``version`` is the legacy field: the highest before TLS 1.3.

    ``versions`` is the supported_versions extension, () without one. ``extensions`` are the types
    in their order. GREASE values are left out of the lists. ``ssl2``: in SSL 2.0 form; ``suites``
    then are 24-bit cipher kinds. ``cookie`` is of DTLS only.
    """

    version: int
    suites: tuple[int, ...]
    versions: tuple[int, ...] = ()
    sni: str = ""
    alpn: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    signatures: tuple[int, ...] = ()
    shares: tuple[tuple[int, bytes], ...] = ()
    compressions: tuple[int, ...] = (0,)
    random: bytes = bytes(32)
    session: bytes = b""
    extensions: tuple[int, ...] = ()
    ssl2: bool = False
    cookie: bytes | None = None

    @property
    def highest(self) -> int:
        """The newest version offered."""
        if not self.versions:
            return self.version
        # DTLS counts downwards.
        return min(self.versions) if self.versions[0] >= 0xFE00 else max(self.versions)

    def body(self) -> bytes:
        """The message without handshake header; DTLS uses the same form with a cookie."""
        parts = [
            self.version.to_bytes(2, "big"),
            self.random,
            vector(self.session, 1),
            b"" if self.cookie is None else vector(self.cookie, 1),
            vector(_list(self.suites, 2), 2),
            vector(bytes(self.compressions), 1),
        ]
        block = self._extension_block()
        return b"".join(parts) + (vector(block, 2) if block else b"")

    def encode(self) -> bytes:
        """One record, ready to be sent. The record layer says at most TLS 1.0, since old servers
        look at its version (RFC 8446 appendix D.4). Raises ValueError for a random not 32 long.
        """
        if self.ssl2:
            return self._encode_ssl2()
        if len(self.random) != 32:
            raise ValueError("the random of a hello is 32 bytes long")
        message = b"\x01" + vector(self.body(), 3)
        return b"\x16" + min(self.version, TLS10).to_bytes(2, "big") + vector(message, 2)

    def _encode_ssl2(self) -> bytes:
        kinds, challenge = _list(self.suites, 3), self.random[:16]
        lengths = b"".join(n.to_bytes(2, "big") for n in (len(kinds), 0, len(challenge)))
        message = b"\x01" + self.version.to_bytes(2, "big") + lengths + kinds + challenge
        return (0x8000 | len(message)).to_bytes(2, "big") + message

    def _extension_block(self) -> bytes:
        made: dict[int, bytes] = {}
        if self.sni:
            made[SERVER_NAME] = vector(b"\x00" + vector(self.sni.encode("ascii"), 2), 2)
        if self.groups:
            made[GROUPS] = vector(_list(self.groups, 2), 2)
            made[POINT_FORMATS] = b"\x01\x00"
        if self.signatures:
            made[SIGNATURES] = vector(_list(self.signatures, 2), 2)
        if self.alpn:
            made[ALPN] = vector(b"".join(vector(name.encode(), 1) for name in self.alpn), 2)
        if self.versions:
            made[VERSIONS] = vector(_list(self.versions, 2), 1)
        if self.shares:
            keys = (group.to_bytes(2, "big") + vector(key, 2) for group, key in self.shares)
            made[KEY_SHARE] = vector(b"".join(keys), 2)
        for kind in self.extensions:
            made.setdefault(kind, b"\x00" if kind == RENEGOTIATION else b"")
        return b"".join(kind.to_bytes(2, "big") + vector(data, 2) for kind, data in made.items())


def parse_body(body: bytes, *, datagram: bool = False) -> ClientHello:
    """A ClientHello without its handshake header; ``datagram``: in DTLS form. Raises Malformed."""
    cursor = Cursor(body)
    version, random, session = cursor.number(2), cursor.take(32), cursor.vector(1)
    cookie = cursor.vector(1) if datagram else None
    suites, compressions = numbers(cursor.vector(2), 2), tuple(cursor.vector(1))
    found = extensions(cursor.vector(2)) if cursor else {}
    return ClientHello(
        version=version,
        suites=_meant(suites),
        versions=_meant(numbers(Cursor(found.get(VERSIONS, b"\x00")).vector(1), 2)),
        sni=_server_name(found.get(SERVER_NAME, b"")),
        alpn=_protocols(found.get(ALPN, b"")),
        groups=_meant(numbers(_inner(found.get(GROUPS, b"")), 2)),
        signatures=_meant(numbers(_inner(found.get(SIGNATURES, b"")), 2)),
        shares=_shares(found.get(KEY_SHARE, b"")),
        compressions=compressions,
        random=random,
        session=session,
        extensions=_meant(tuple(found)),
        cookie=cookie,
    )


def parse_ssl2(message: bytes) -> ClientHello:
    """A ClientHello in SSL 2.0 form, without the two bytes of its record. Raises Malformed."""
    cursor = Cursor(message)
    if cursor.number(1) != 1:
        raise Malformed("not an SSL 2.0 ClientHello")
    version = cursor.number(2)
    lengths = [cursor.number(2) for _ in range(3)]
    kinds, session, challenge = (cursor.take(length) for length in lengths)
    return ClientHello(version, numbers(kinds, 3), random=challenge, session=session, ssl2=True)


def _list(values: tuple[int, ...], size: int) -> bytes:
    return b"".join(value.to_bytes(size, "big") for value in values)


def _meant(values: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(value for value in values if not is_grease(value))


def _inner(data: bytes) -> bytes:
    return Cursor(data).vector(2) if data else b""


def _server_name(data: bytes) -> str:
    cursor = Cursor(_inner(data))
    while cursor:
        kind, name = cursor.number(1), cursor.vector(2)
        if kind == 0:
            return name.decode("ascii", "backslashreplace")
    return ""


def _protocols(data: bytes) -> tuple[str, ...]:
    cursor, names = Cursor(_inner(data)), []
    while cursor:
        names.append(cursor.vector(1).decode("utf-8", "backslashreplace"))
    return tuple(names)


def _shares(data: bytes) -> tuple[tuple[int, bytes], ...]:
    cursor, shares = Cursor(_inner(data)), []
    while cursor:
        group = cursor.number(2)
        key = cursor.vector(2)
        if not is_grease(group):
            shares.append((group, key))
    return tuple(shares)
