"""Reads the part of a TLS 1.3 answer that is encrypted before anybody has proven who they are.

In TLS 1.3 the certificate and the request for the client's travel encrypted, under keys that only
the key agreement enters into (RFC 8446 section 7.1). Our hellos offer keys whose private part is
written below for everybody to see: they protect nothing, and so what a device answered to such a
hello can be read from the recorded bytes alone, without ever finishing the handshake.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from iotscan.errors import Malformed
from iotscan.protocols.tls.codec import HANDSHAKE, Flight, handshake_messages
from iotscan.protocols.tls.messages import parse_chain
from iotscan.protocols.tls.wire import Cursor

X25519, P256 = 29, 23
_NO_SECRET = hashlib.sha256(b"iotscan: this key protects nothing").digest()
# suite → (hash, key length, cipher); RFC 8446 appendix B.4.
_SUITES: dict[int, tuple[str, int, Callable[[bytes], AESGCM | ChaCha20Poly1305 | AESCCM]]] = {
    0x1301: ("sha256", 16, AESGCM),
    0x1302: ("sha384", 32, AESGCM),
    0x1303: ("sha256", 32, ChaCha20Poly1305),
    0x1304: ("sha256", 16, AESCCM),
    0x1305: ("sha256", 16, lambda key: AESCCM(key, tag_length=8)),
}


@cache
def shares() -> tuple[tuple[int, bytes], ...]:
    """The key shares to put into a ClientHello, (group, public key), for X25519 and P-256."""
    modern = _x25519().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    point = _p256().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return (X25519, modern), (P256, point)


def unseal(client_hello: bytes, flight: Flight) -> Flight:
    """The flight with what its sealed records held: chain, client_certificate_requested, finished.

    ``client_hello``: the handshake message with its header, as it was sent. Without a key share of
    ours, or with records that do not open, the flight comes back as far as it could be read.
    """
    hello = flight.hello
    if hello is None or hello.share is None or hello.suite not in _SUITES:
        return replace(flight, finished=hello is not None or flight.finished)
    hash_name, key_length, cipher = _SUITES[hello.suite]
    try:
        agreed = _agree(*hello.share)
    except ValueError as problem:
        return replace(flight, finished=True, fault=f"key share: {problem}")
    secret = _server_secret(hash_name, agreed, client_hello + flight.hello_message)
    opener = cipher(expand(hash_name, secret, b"key", b"", key_length))
    start = int.from_bytes(expand(hash_name, secret, b"iv", b"", 12), "big")
    stream = bytearray()
    for number, record in enumerate(flight.sealed):
        try:
            plain = opener.decrypt((start ^ number).to_bytes(12, "big"), record[5:], record[:5])
        except (InvalidTag, ValueError):
            return replace(flight, finished=True, fault="a sealed record does not open")
        content = plain.rstrip(b"\0")  # padding, then the real type: RFC 8446 section 5.4
        if content[-1:] == bytes([HANDSHAKE]):
            stream += content[:-1]
    return _with_messages(flight, bytes(stream))


def _with_messages(flight: Flight, stream: bytes) -> Flight:
    requested = False
    try:
        for kind, message in handshake_messages(stream):
            if kind == 11:
                flight = replace(flight, chain=parse_chain(message[4:], 0x0304))
            elif kind == 13:
                requested = True
            elif kind in (15, 20):  # CertificateVerify, Finished: a request would stand before
                flight = replace(
                    flight, client_certificate_requested=requested, finished=kind == 20
                )
    except Malformed as problem:
        return replace(flight, finished=True, fault=str(problem))
    return flight


def message_of(record: bytes) -> bytes:
    """The handshake message in the one record that a ClientHello of ours is sent in."""
    cursor = Cursor(record)
    cursor.take(3)
    return cursor.vector(2)


def _x25519() -> x25519.X25519PrivateKey:
    return x25519.X25519PrivateKey.from_private_bytes(_NO_SECRET)


@cache
def _p256() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(_NO_SECRET, "big") >> 1, ec.SECP256R1())


def _agree(group: int, public: bytes) -> bytes:
    if group == X25519:
        return _x25519().exchange(x25519.X25519PublicKey.from_public_bytes(public))
    if group == P256:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        return _p256().exchange(ec.ECDH(), point)
    raise ValueError(f"group {group} was not offered with a key")


def _server_secret(hash_name: str, agreed: bytes, transcript: bytes) -> bytes:
    """server_handshake_traffic_secret, RFC 8446 section 7.1."""
    size = hashlib.new(hash_name).digest_size
    nothing = hashlib.new(hash_name).digest()
    early = hmac.digest(bytes(size), bytes(size), hash_name)
    derived = expand(hash_name, early, b"derived", nothing, size)
    handshake = hmac.digest(derived, agreed, hash_name)
    heard = hashlib.new(hash_name, transcript).digest()
    return expand(hash_name, handshake, b"s hs traffic", heard, size)


def expand(hash_name: str, secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
    """HKDF-Expand-Label for results of at most one hash length, which all of these are."""
    name = b"tls13 " + label
    info = length.to_bytes(2, "big") + bytes([len(name)]) + name + bytes([len(context)]) + context
    return hmac.digest(secret, info + b"\x01", hash_name)[:length]
