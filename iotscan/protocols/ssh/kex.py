"""SSH key exchanges with a secret that is no secret: RFC 4253 section 8, RFC 4419, 5656, 8731.

iotscan asks an SSH server for its host key and its login methods, and sends it nothing that needs
to be kept from anybody. Its side of the exchange is therefore always the same number, and whoever
has the record of the conversation can read it again: the reader is such a one. Real logins never
go this way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from iotscan.errors import Malformed
from iotscan.protocols.ssh.codec import Fields, mpint, string

INIT, REPLY = 30, 31
GEX_GROUP, GEX_INIT, GEX_REPLY, GEX_REQUEST = 31, 32, 33, 34
# RFC 4419 section 3: least, wanted and largest group, as RFC 8270 and common clients ask.
GEX_SIZES = (2048, 3072, 8192)
# The primes of RFC 2409 section 6.2 and RFC 3526 sections 3 and 5; their generator is 2.
_GROUP1 = int(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a0879"
    "8e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b"
    "0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff",
    16,
)
_GROUP14 = int(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a0879"
    "8e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b"
    "0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da4836"
    "1c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804"
    "f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6"
    "955817183995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff",
    16,
)
_GROUP16 = int(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a0879"
    "8e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b"
    "0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da4836"
    "1c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804"
    "f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6"
    "955817183995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64"
    "ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d226"
    "1ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2"
    "08e24fa074e5ab3143db5bfce0fd108e4b82d120a92108011a723c12a787e6d788719a10bdba5b2699c32718"
    "6af4e23c1a946834b6150bda2583e9ca2ad44ce8dbbbc2db04de8ef92e8efc141fbecaa6287c59474e6bc05d"
    "99b2964fa090c3a2233ba186515be7ed1f612970cee2d7afb81bdd762170481cd0069127d5b05aa993b4ea98"
    "8d8fddc186ffb7dc90a6c08f4df435c934063199ffffffffffffffff",
    16,
)
_GROUPS = {
    "diffie-hellman-group14-sha256": (_GROUP14, "sha256"),
    "diffie-hellman-group16-sha512": (_GROUP16, "sha512"),
    "diffie-hellman-group14-sha1": (_GROUP14, "sha1"),
    "diffie-hellman-group1-sha1": (_GROUP1, "sha1"),
}
_GEX = {
    "diffie-hellman-group-exchange-sha256": "sha256",
    "diffie-hellman-group-exchange-sha1": "sha1",
}
_X25519 = ("curve25519-sha256", "curve25519-sha256@libssh.org")
_NISTP = {
    "ecdh-sha2-nistp256": (ec.SECP256R1(), "sha256"),
    "ecdh-sha2-nistp384": (ec.SECP384R1(), "sha384"),
    "ecdh-sha2-nistp521": (ec.SECP521R1(), "sha512"),
}
# In the order we would have them: the cheapest for a small device first.
METHODS = (*_X25519, *_NISTP, *_GROUPS, *_GEX)
# The number that is no secret: 32 bytes that any of the methods takes.
_NUMBER = hashlib.sha256(b"nothing that is said with this key is a secret").digest()
_LARGEST_GROUP = 8192


@dataclass(frozen=True, slots=True)
class Agreed:
    """What an exchange came to: the shared secret as it is hashed, the hash, and how to hash."""

    secret: bytes
    exchange_hash: bytes
    digest: str
    host_key: bytes


class Exchange:
    """One key exchange. ``said``: both identification lines and both KEXINIT payloads, the
    client's first each time.
    """

    def __init__(self, method: str, said: tuple[bytes, bytes, bytes, bytes]) -> None:
        self._said = b"".join(string(part) for part in said)
        self._method = method
        self._prime, self._generator, self._asked = 0, 2, b""
        self._waits_for_group = method in _GEX
        if method in _GROUPS:
            self._prime = _GROUPS[method][0]

    def first(self) -> bytes:
        """The message that begins the exchange."""
        if self._waits_for_group:
            self._asked = b"".join(size.to_bytes(4, "big") for size in GEX_SIZES)
            return bytes([GEX_REQUEST]) + self._asked
        return bytes([INIT]) + self._public()

    def take(self, payload: bytes) -> bytes | Agreed:
        """The next message to send, or what was agreed. Raises Malformed."""
        fields = Fields(payload)
        number = fields.byte()
        if self._waits_for_group and number == GEX_GROUP:
            self._prime, self._generator = fields.number(), fields.number()
            if not 512 <= self._prime.bit_length() <= _LARGEST_GROUP or self._generator < 2:
                raise Malformed("a group of impossible size")
            self._asked += mpint(self._prime) + mpint(self._generator)
            self._waits_for_group = False
            return bytes([GEX_INIT]) + self._public()
        if number != (GEX_REPLY if self._asked else REPLY):
            raise Malformed(f"message {number} in the middle of a key exchange")
        host_key, theirs = fields.string(), fields.string()
        secret = mpint(self._shared(theirs))
        hashed = self._said + string(host_key) + self._asked + self._public() + string(theirs)
        digest = self._digest()
        return Agreed(secret, hashlib.new(digest, hashed + secret).digest(), digest, host_key)

    def _digest(self) -> str:
        if self._method in _X25519:
            return "sha256"
        known = _GROUPS.get(self._method) or _NISTP.get(self._method)
        return known[1] if known else _GEX[self._method]

    def _public(self) -> bytes:
        """Our half, as it is sent and hashed."""
        if self._method in _X25519:
            own = x25519.X25519PrivateKey.from_private_bytes(_NUMBER).public_key()
            return string(own.public_bytes_raw())
        if self._method in _NISTP:
            point = _on_curve(_NISTP[self._method][0]).public_key()
            return string(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        return mpint(pow(self._generator, _exponent(), self._prime))

    def _shared(self, theirs: bytes) -> int:
        """The shared number. Raises Malformed for a half that is none."""
        try:
            if self._method in _X25519:
                private = x25519.X25519PrivateKey.from_private_bytes(_NUMBER)
                public = x25519.X25519PublicKey.from_public_bytes(theirs)
                return int.from_bytes(private.exchange(public), "big")
            if self._method in _NISTP:
                curve = _NISTP[self._method][0]
                point = ec.EllipticCurvePublicKey.from_encoded_point(curve, theirs)
                return int.from_bytes(_on_curve(curve).exchange(ec.ECDH(), point), "big")
        except ValueError as error:
            raise Malformed(f"the server's half of the key exchange: {error}") from error
        number = int.from_bytes(theirs, "big")
        if not 1 < number < self._prime - 1:
            raise Malformed("the server's half of the key exchange is out of range")
        return pow(number, _exponent(), self._prime)


def _exponent() -> int:
    return int.from_bytes(_NUMBER, "big")


def _on_curve(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(_exponent() >> 8, curve)
