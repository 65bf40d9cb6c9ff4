"""What all replacing hangs on: one key, and functions of it that nobody without it can undo."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from functools import cached_property

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


class Key:
    """A secret. The same secret replaces the same things by the same others, in every file."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.sha256(b"iotscan anonymise\0" + secret).digest()

    def digest(self, label: str, data: bytes) -> bytes:
        """32 bytes that follow from the key, what they are for, and the data."""
        return hmac.digest(self._secret, label.encode() + b"\0" + data, "sha256")

    def stream(self, label: str, data: bytes) -> Iterator[int]:
        """Endless bytes, likewise."""
        number = 0
        while True:
            yield from self.digest(label, number.to_bytes(4, "big") + data)
            number += 1

    def permuted(self, label: str, value: int, bits: int) -> int:
        """A number of so many bits (even) for another, one to one: a Feistel network of six rounds,
        a round more than what is needed for it to look random (Luby and Rackoff).
        """
        half = bits // 2
        mask = (1 << half) - 1
        left, right = value >> half, value & mask
        for number in range(6):
            data = bytes([number]) + right.to_bytes(8, "big")
            mixed = int.from_bytes(self.digest(label, data)[:8], "big")
            left, right = right, left ^ (mixed & mask)
        return left << half | right

    def flips(self, value: int, bits: int) -> int:
        """For each bit of a number of so many bits, whether to flip it, as a number: each depends
        on the bits before it alone.

        The idea is that of Crypto-PAn (Xu, Fan, Ammar and Moon, 2002). There the prefix is filled
        up with a secret pad and encrypted with AES, and the first bit decides; here each length
        of a prefix has a pad of its own, so that no two prefixes share a decision.
        """
        masks, top = self._pads[bits], 128 - bits
        blocks = []
        for known, mask in enumerate(masks):
            prefix = value >> (bits - known) << (bits - known + top)
            blocks.append((prefix ^ mask).to_bytes(16, "big"))
        out = self._encrypted(b"".join(blocks))
        found = 0
        for at in range(bits):
            found = found << 1 | out[16 * at] >> 7
        return found

    @cached_property
    def _pads(self) -> dict[int, list[int]]:
        """For addresses of 32 and 128 bits: a mask for each length of a prefix."""
        found = {}
        for bits in (32, 128):
            said = b"".join(bytes([bits, known]) + bytes(14) for known in range(bits))
            out = self._encrypted(said)
            found[bits] = [
                int.from_bytes(out[at : at + 16], "big") for at in range(0, len(out), 16)
            ]
        return found

    @cached_property
    def _cipher(self) -> Cipher[modes.ECB]:
        # Single blocks, each encrypted once for one bit: what ECB is there for.
        return Cipher(algorithms.AES(self.digest("prefixes", b"")), modes.ECB())  # noqa: S305

    def _encrypted(self, blocks: bytes) -> bytes:
        return self._cipher.encryptor().update(blocks)
