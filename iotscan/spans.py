"""Port numbers as people write them: "22-23,80"."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


def spans(ports: Iterable[int]) -> str:
    """The ports as ranges, ascending; "" for none."""
    found: list[list[int]] = []
    for port in sorted(set(ports)):
        if found and found[-1][1] == port - 1:
            found[-1][1] = port
        else:
            found.append([port, port])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in found)


def within(port: int, text: str) -> bool:
    """Whether ``spans`` wrote the port into the text. Other text holds no port."""
    ranges = (_RANGE.fullmatch(part) for part in text.split(","))
    return any(found and int(found[1]) <= port <= int(found[2] or found[1]) for found in ranges)
