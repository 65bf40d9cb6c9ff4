"""How to anonymise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """``key`` empty: a new random one; ``keep_vendor``: the first half of MACs stays;
    ``keep_payload``: so does payload that nobody could read, searched for what is known.
    """

    key: bytes = b""
    keep_vendor: bool = False
    keep_payload: bool = False
