"""Small changes to inputs, of the kinds that break parsers: bits, lengths, cuts, splices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Literal

TELLING = (0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x0D, 0x20, 0x3A, 0x40)
ORDERS: tuple[Literal["big", "little"], ...] = ("big", "little")
LENGTHS = (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
LONGEST = 100_000


def mutated(data: bytes, others: Sequence[bytes], dice: Random) -> bytes:
    """``data`` after a few changes. ``others``: inputs to take pieces from."""
    for _ in range(dice.choice((1, 1, 2, 3, 6))):
        data = dice.choice(_CHANGES)(data, others, dice)
    return data[:LONGEST]


def _flip(data: bytes, _: Sequence[bytes], dice: Random) -> bytes:
    return _put(data, dice, lambda byte: byte ^ (1 << dice.randrange(8)))


def _tell(data: bytes, _: Sequence[bytes], dice: Random) -> bytes:
    return _put(data, dice, lambda _: dice.choice(TELLING))


def _lengthen(data: bytes, _: Sequence[bytes], dice: Random) -> bytes:
    """A number where a length may stand, of one to four bytes, in either byte order."""
    size, order = dice.choice((1, 2, 4)), dice.choice(ORDERS)
    value = dice.choice(LENGTHS) % (1 << 8 * size)
    at = dice.randrange(len(data) + 1)
    return data[:at] + value.to_bytes(size, order) + data[at + size :]


def _cut(data: bytes, _: Sequence[bytes], dice: Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _drop(data: bytes, _: Sequence[bytes], dice: Random) -> bytes:
    at, end = _stretch(data, dice)
    return data[:at] + data[end:]


def _repeat(data: bytes, _: Sequence[bytes], dice: Random) -> bytes:
    at, end = _stretch(data, dice)
    return data[:end] + data[at:end] * dice.choice((1, 2, 40, 400)) + data[end:]


def _splice(data: bytes, others: Sequence[bytes], dice: Random) -> bytes:
    other = dice.choice(others)
    at, (begin, end) = dice.randrange(len(data) + 1), _stretch(other, dice)
    return data[:at] + other[begin:end] + data[at:]


def _insert(data: bytes, _: Sequence[bytes], dice: Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.randbytes(dice.choice((1, 2, 8, 64))) + data[at:]


def _put(data: bytes, dice: Random, change: Callable[[int], int]) -> bytes:
    if not data:
        return data
    at = dice.randrange(len(data))
    return data[:at] + bytes([change(data[at])]) + data[at + 1 :]


def _stretch(data: bytes, dice: Random) -> tuple[int, int]:
    at = dice.randrange(len(data) + 1)
    return at, min(len(data), at + dice.choice((1, 2, 4, 16, 128)))


_CHANGES = (_flip, _tell, _lengthen, _cut, _drop, _repeat, _splice, _insert)
