"""The messages a TLS server sends in clear, one by one; DTLS uses the same bodies.

Sources: RFC 5246 section 7.4 (TLS 1.2), RFC 8422 (elliptic curves), RFC 8446 section 4 (TLS 1.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.tls.hello import (
    ALPN,
    DTLS10,
    DTLS12,
    KEY_SHARE,
    SSL3,
    TLS12,
    TLS13,
    VERSIONS,
)
from iotscan.protocols.tls.suites import SUITES
from iotscan.protocols.tls.wire import Cursor, extensions

LONGEST_CHAIN = 16
# First byte of the suites that belong to TLS 1.3 alone.
_TLS13_SUITES = 0x13
# The random that turns a ServerHello into a HelloRetryRequest, RFC 8446 section 4.1.3.
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")

# IANA registry "TLS Supported Groups": name and size in bits.
GROUPS = {
    15: ("secp160k1", 160),
    16: ("secp160r1", 160),
    17: ("secp160r2", 160),
    18: ("secp192k1", 192),
    19: ("secp192r1", 192),
    20: ("secp224k1", 224),
    21: ("secp224r1", 224),
    22: ("secp256k1", 256),
    23: ("secp256r1", 256),
    24: ("secp384r1", 384),
    25: ("secp521r1", 521),
    26: ("brainpoolP256r1", 256),
    27: ("brainpoolP384r1", 384),
    28: ("brainpoolP512r1", 512),
    29: ("x25519", 255),
    30: ("x448", 448),
    256: ("ffdhe2048", 2048),
    257: ("ffdhe3072", 3072),
    258: ("ffdhe4096", 4096),
    4588: ("X25519MLKEM768", 255),
}


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose. ``suite`` is None in SSL 2.0, where ``kinds`` are what it takes.

    ``retry``: a HelloRetryRequest, which settles version and suite but no key. ``share``: its part
    of the key agreement in TLS 1.3, (group, public key). ``extensions``: their types.
    """

    version: int
    suite: int | None
    compression: int = 0
    extensions: tuple[int, ...] = ()
    alpn: str = ""
    share: tuple[int, bytes] | None = None
    retry: bool = False
    kinds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyExchange:
    """The server's ephemeral key: ``group`` by name ("" for its own prime), ``bits`` its size.

    For DHE the bits of the prime, for an export RSA key those of the modulus.
    """

    bits: int
    group: str = ""


def parse_server_hello(body: bytes) -> ServerHello:
    """A ServerHello without its header; the same in DTLS. Raises Malformed."""
    cursor = Cursor(body)
    version, random = cursor.number(2), cursor.take(32)
    cursor.vector(1)
    suite, compression = cursor.number(2), cursor.number(1)
    found = extensions(cursor.vector(2)) if cursor else {}
    if VERSIONS in found:
        version = Cursor(found[VERSIONS]).number(2)
    if not SSL3 <= version < 0x0400 and version < 0xFE00 and version != 0x0100:
        raise Malformed(f"no TLS version: 0x{version:04x}")
    retry = random == _RETRY
    return ServerHello(
        version=version,
        suite=suite,
        compression=compression,
        extensions=tuple(found),
        alpn=_alpn(found.get(ALPN, b"")),
        share=None if retry else _share(found.get(KEY_SHARE, b"")),
        retry=retry,
    )


def parse_cut_hello(body: bytes) -> ServerHello | None:
    """What is proven by the beginning of a ServerHello that a capture cut; None where too little of
    it is left. The suite is, once it is there; the version as well, but 1.2 may become 1.3 later on
    in the message, unless the suite tells (RFC 8446 appendix B.4).
    """
    cursor = Cursor(body)
    try:
        version, random = cursor.number(2), cursor.take(32)
    except Malformed:
        return None
    number: int | None = None
    try:
        cursor.vector(1)
        number = cursor.number(2)
    except Malformed:
        pass
    if version in (TLS12, DTLS12):
        if number is None:
            return None
        version = TLS13 if version == TLS12 and number >> 8 == _TLS13_SUITES else version
    elif not SSL3 <= version < TLS12 and version not in (DTLS10, 0x0100):
        return None
    return ServerHello(version, number, retry=random == _RETRY)


def parse_chain(body: bytes, version: int = 0) -> tuple[bytes, ...]:
    """The certificates of a Certificate message, leaf first, at most 16. Raises Malformed."""
    cursor = Cursor(body)
    if version == TLS13:
        cursor.vector(1)
    listed = Cursor(cursor.vector(3))
    chain: list[bytes] = []
    while listed and len(chain) < LONGEST_CHAIN:
        chain.append(listed.vector(3))
        if version == TLS13:
            listed.vector(2)
    return tuple(chain)


def parse_key_exchange(body: bytes, suite: int) -> KeyExchange | None:
    """The key of a ServerKeyExchange, which is laid out as the suite says; None for suites whose
    message holds no key of interest (PSK, SRP). RFC 5246 §7.4.3, RFC 8422 §5.4. Raises Malformed.
    """
    known = SUITES.get(suite)
    kind = known.key_exchange if known else ""
    cursor = Cursor(body)
    if "PSK" in kind:
        cursor.vector(2)  # the identity hint, RFC 4279 section 3
    if kind.startswith("ECDH"):
        if cursor.number(1) != 3:  # not a named curve: RFC 8422 forbids the other forms
            return None
        number = cursor.number(2)
        name, bits = GROUPS.get(number, (f"group {number}", 0))
        return KeyExchange(bits, name)
    if kind.startswith(("DHE", "DH_anon", "RSA_EXPORT")):
        return KeyExchange(int.from_bytes(cursor.vector(2), "big").bit_length())
    return None


def _alpn(data: bytes) -> str:
    if not data:
        return ""
    return Cursor(Cursor(data).vector(2)).vector(1).decode("utf-8", "backslashreplace")


def _share(data: bytes) -> tuple[int, bytes] | None:
    if not data:
        return None
    cursor = Cursor(data)
    return cursor.number(2), cursor.vector(2)
