"""SSH's encrypted packets: keys from an exchange, one direction each. RFC 4253 sections 6 and 7.2.

Counter mode (RFC 4344), CBC for what is too old for it, AES-GCM (RFC 5647 as OpenSSH speaks it),
HMAC (RFC 6668), also over the encrypted packet (OpenSSH's -etm).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from iotscan.errors import Malformed
from iotscan.protocols.ssh.codec import LARGEST_PACKET
from iotscan.protocols.ssh.kex import Agreed

_GCM = {"aes128-gcm@openssh.com": 16, "aes256-gcm@openssh.com": 32}
_COUNTER = {"aes128-ctr": 16, "aes256-ctr": 32, "aes192-ctr": 24}
_CBC = {"aes128-cbc": 16, "aes256-cbc": 32, "3des-cbc": 24}
CIPHERS = (*_COUNTER, *_GCM, *_CBC)
_HMACS = {
    "hmac-sha2-256": "sha256",
    "hmac-sha2-512": "sha512",
    "hmac-sha2-256-etm@openssh.com": "sha256",
    "hmac-sha2-512-etm@openssh.com": "sha512",
    "hmac-sha1": "sha1",
    "hmac-sha1-etm@openssh.com": "sha1",
    "hmac-md5": "md5",
}
MACS = tuple(_HMACS)
_TAG = 16


def key(agreed: Agreed, letter: bytes, size: int) -> bytes:
    """A key of RFC 4253 section 7.2; the session is identified by its only exchange."""
    start = agreed.secret + agreed.exchange_hash
    found = hashlib.new(agreed.digest, start + letter + agreed.exchange_hash).digest()
    while len(found) < size:
        found += hashlib.new(agreed.digest, start + found).digest()
    return found[:size]


@dataclass
class Direction:
    """Packets from one side, in turn. ``letters``: which keys are its own: IV, key, MAC key."""

    agreed: Agreed
    cipher: str
    mac: str
    letters: bytes
    sequence: int

    def __post_init__(self) -> None:
        self.block = 8 if self.cipher == "3des-cbc" else 16
        size = {**_GCM, **_COUNTER, **_CBC}[self.cipher]
        iv = key(self.agreed, self.letters[:1], 12 if self.cipher in _GCM else self.block)
        secret = key(self.agreed, self.letters[1:2], size)
        self._nonce = int.from_bytes(iv, "big")
        self._gcm = AESGCM(secret) if self.cipher in _GCM else None
        mode = modes.CTR(iv) if self.cipher in _COUNTER else modes.CBC(iv)
        algorithm = TripleDES(secret) if self.cipher == "3des-cbc" else AES(secret)
        pair = None if self._gcm else Cipher(algorithm, mode)
        self._encryptor = pair.encryptor() if pair else None
        self._decryptor = pair.decryptor() if pair else None
        self._digest = _HMACS[self.mac]
        self._mac_size = _TAG if self._gcm else hashlib.new(self._digest).digest_size
        self._mac_key = key(self.agreed, self.letters[2:3], self._mac_size)
        self._etm = self._gcm is not None or "-etm@" in self.mac
        self._head = b""

    def seal(self, payload: bytes) -> bytes:
        """A payload as an encrypted packet, padded with zeros."""
        outside = 4 if self._etm else 0
        padding = self.block - (len(payload) + 5 - outside) % self.block
        padding += self.block if padding < 4 else 0
        body = bytes([padding]) + payload + bytes(padding)
        length = len(body).to_bytes(4, "big")
        if self._gcm is not None:
            sealed = length + self._gcm.encrypt(self._next_nonce(), body, length)
        elif self._etm:
            sealed = length + self._encrypt(body)
            sealed += self._authenticate(sealed)
        else:
            sealed = self._encrypt(length + body) + self._authenticate(length + body)
        self.sequence += 1
        return sealed

    def open(self, data: bytes) -> tuple[bytes, int] | None:
        """The payload of the packet that begins here and its whole length; None while incomplete.

        Raises Malformed when the length is impossible or the packet was not made with our keys.
        """
        first = 4 if self._etm else self.block
        if len(data) < first:
            return None
        if not self._head:
            self._head = data[:4] if self._etm else self._decrypt(data[:first])
        length = int.from_bytes(self._head[:4], "big")
        if not 6 <= length <= LARGEST_PACKET:
            raise Malformed("an encrypted packet of impossible length")
        end = 4 + length
        if len(data) < end + self._mac_size:
            return None
        sealed, proof = data[:end], data[end : end + self._mac_size]
        plain = self._unseal(sealed, proof, first)
        self.sequence += 1
        self._head = b""
        return plain[1 : len(plain) - plain[0]], end + self._mac_size

    def _unseal(self, sealed: bytes, proof: bytes, first: int) -> bytes:
        """Padding length, payload and padding of a packet."""
        if self._gcm is not None:
            try:
                return self._gcm.decrypt(self._next_nonce(), sealed[4:] + proof, sealed[:4])
            except InvalidTag as error:
                raise Malformed("a packet that was not sealed with our keys") from error
        whole = sealed if self._etm else self._head + self._decrypt(sealed[first:])
        if not hmac.compare_digest(self._authenticate(whole), proof):
            raise Malformed("a packet that was not sealed with our keys")
        return self._decrypt(sealed[4:]) if self._etm else whole[4:]

    def _next_nonce(self) -> bytes:
        nonce = self._nonce.to_bytes(12, "big")
        counter = (self._nonce + 1) & 0xFFFF_FFFF_FFFF_FFFF
        self._nonce = (self._nonce >> 64 << 64) | counter
        return nonce

    def _encrypt(self, data: bytes) -> bytes:
        assert self._encryptor is not None
        if len(data) % self.block:
            raise Malformed("not whole blocks")
        return self._encryptor.update(data)

    def _decrypt(self, data: bytes) -> bytes:
        assert self._decryptor is not None
        if len(data) % self.block:
            raise Malformed("an encrypted packet that is not made of whole blocks")
        return self._decryptor.update(data)

    def _authenticate(self, data: bytes) -> bytes:
        signed = self.sequence.to_bytes(4, "big") + data
        return hmac.digest(self._mac_key, signed, self._digest)
