"""Checksums of packets that were changed: right again where they were right, and wrong where they
were wrong, whatever the content was: else sixteen bits of it would still be told.

RFC 1071; RFC 768 (a datagram without one has zero there).
"""

from __future__ import annotations

# Of a checksum that was wrong, so that the new one is as well.
_WRONG = 0x5555


def total(data: bytes) -> int:
    """The ones' complement sum, modulo 65535: 0 if a checksum in it is right."""
    return int.from_bytes(data if not len(data) % 2 else data + b"\0", "big") % 0xFFFF


def pseudo(addresses: bytes, kind: int, length: int) -> bytes:
    """What TCP, UDP and ICMPv6 count in of the packet around them, in a form of the same sum."""
    return addresses + length.to_bytes(4, "big") + bytes((0, kind))


def summed(
    new: bytes, at: int, *, old: int, right: bool, around: bytes = b"", never_zero: bool = False
) -> bytes:
    """With its checksum at ``at`` made anew. ``old``: what stood there; ``right``: whether that
    was right; ``around``: what else counts; ``never_zero``: as UDP has it.
    """
    value = -total(around + new[:at] + b"\0\0" + new[at + 2 :]) % 0xFFFF
    value = told(value, old, right=right, never_zero=never_zero)
    return new[:at] + value.to_bytes(2, "big") + new[at + 2 :]


def told(value: int, old: int, *, right: bool, never_zero: bool = False) -> int:
    """What is written in place of an old checksum where ``value`` would be right."""
    if not right:
        # What is left to a network card to fill in is often zero.
        return 0 if value and not old else value ^ _WRONG or 1
    return value or 0xFFFF if never_zero else value
