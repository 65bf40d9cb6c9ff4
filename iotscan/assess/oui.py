"""Who a MAC address is registered to, by the longest prefix that the IEEE has assigned.

scapy ships the registries as one text. It is read from the module that holds nothing but that
text: ``scapy.data`` would write pickles into the user's cache folder, prefer whatever list
Wireshark left on this machine, and look at 24 bits only although a third of the entries is longer.
"""

from __future__ import annotations

import re
from functools import cache

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_LENGTHS = (36, 28, 24)
# Blocks that the registry split up or that a maker keeps to itself: the name says nothing.
_NOBODY = frozenset({"IEEE Registration Authority", "Private"})


def normal(mac: str | None) -> str | None:
    """The address as ``aa:bb:cc:dd:ee:ff``; None if it is not one of a single device.

    Refused are other shapes, zeros, and group addresses (the lowest bit of the first byte).
    """
    text = (mac or "").lower().replace("-", ":")
    if not _MAC.fullmatch(text) or int(text[:2], 16) & 1 or text == "00:00:00:00:00:00":
        return None
    return text


def is_random(mac: str) -> bool:
    """Whether the address is locally administered: made up, not registered (IEEE 802c)."""
    return bool(int(mac[:2], 16) & 2)


def vendor_of(mac: str | None) -> str:
    """The registered owner's full name; empty for made-up, unassigned and malformed addresses."""
    address = normal(mac)
    if address is None or is_random(address):
        return ""
    number = int(address.replace(":", ""), 16)
    names = (_registry().get((bits, number >> (48 - bits))) for bits in _LENGTHS)
    name = next(filter(None, names), "")
    return "" if name in _NOBODY else name


@cache
def _registry() -> dict[tuple[int, int], str]:
    from scapy.libs.manuf import DATA  # 0.1 s and 3 MB: only once a MAC is asked for

    registry: dict[tuple[int, int], str] = {}
    for line in DATA.split("\n"):
        prefix, _, names = line.partition("\t")
        if not names or prefix.startswith("#"):
            continue
        digits, _, length = prefix.strip().partition("/")
        packed = digits.replace(":", "")
        bits = int(length) if length else 4 * len(packed)
        registry[bits, int(packed, 16) >> (4 * len(packed) - bits)] = names.split("\t")[-1].strip()
    return registry
