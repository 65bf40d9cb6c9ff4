"""MurmurHash3 in its 32-bit form: the number by which public catalogues know web icons.

Austin Appleby's algorithm (public domain), written down from its description; no security in it.
"""

from __future__ import annotations

_MASK = 0xFFFFFFFF


def murmur3_32(data: bytes, seed: int = 0) -> int:
    """The hash as a signed 32-bit number, which is how catalogues of icons write it."""
    value, whole = seed, len(data) & ~3
    for at in range(0, whole, 4):
        value ^= _mixed(int.from_bytes(data[at : at + 4], "little"))
        value = (_rotated(value, 13) * 5 + 0xE6546B64) & _MASK
    if data[whole:]:
        value ^= _mixed(int.from_bytes(data[whole:], "little"))
    value ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = ((value ^ value >> shift) * factor) & _MASK
    value ^= value >> 16
    return value - (1 << 32) if value >> 31 else value


def _mixed(block: int) -> int:
    return (_rotated((block * 0xCC9E2D51) & _MASK, 15) * 0x1B873593) & _MASK


def _rotated(value: int, count: int) -> int:
    return (value << count | value >> (32 - count)) & _MASK
