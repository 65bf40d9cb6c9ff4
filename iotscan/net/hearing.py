"""What discovery keeps of what it hears: bounded per source and in all, fair under a flood.

One host can announce tens of thousands of invented services, or do it under many addresses. It
must not fill the memory, nor take the room of a device that speaks later: every source keeps its
first few packets, whatever the others did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from iotscan.model import Packet

# A busy bridge with 64 services of 32 types answers in fewer packets than this.
PER_SOURCE_PACKETS: Final = 256
PER_SOURCE_BYTES: Final = 262_144
ALL_PACKETS: Final = 16_384
ALL_BYTES: Final = 33_554_432
# What a source keeps even when all the room is taken: enough to be found and named.
RESERVED_PACKETS: Final = 4
RESERVED_BYTES: Final = 6_144
SOURCES: Final = 16_384


@dataclass(slots=True)
class _Account:
    packets: int = 0
    size: int = 0
    seen: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Hearing:
    """The packets kept, oldest first, and how many were not, by reason and by source."""

    packets: list[Packet] = field(default_factory=list)
    outside: int = 0
    dropped: Counter[Hashable] = field(default_factory=Counter)
    _accounts: dict[Hashable, _Account] = field(default_factory=dict)
    _size: int = 0

    def room_for(self, source: Hashable, protocol: str, data: bytes) -> bool:
        """Whether to keep this packet, which is then counted. What a source repeats is not kept.

        ``source``: the sender's address, or its MAC where it has none.
        """
        account = self._accounts.get(source)
        if account is None:
            if len(self._accounts) >= SOURCES:
                return False
            account = self._accounts[source] = _Account()
        fingerprint = hash((protocol, data))
        if fingerprint in account.seen:
            return False
        if not self._fits(account, len(data)):
            self.dropped[source] += 1
            return False
        account.seen.add(fingerprint)
        account.packets += 1
        account.size += len(data)
        self._size += len(data)
        return True

    def notes(self) -> list[str]:
        """What was not kept, in words."""
        notes = [
            f"{source} sent more announcements than are kept; {count} of them were dropped."
            for source, count in self.dropped.most_common(16)
        ]
        if len(self._accounts) >= SOURCES:
            notes.append(f"More than {SOURCES} addresses announced themselves: others are dropped.")
        if self.outside:
            notes.append(f"{self.outside} announcements from outside the scope were ignored.")
        return notes

    def _fits(self, account: _Account, size: int) -> bool:
        packets, total = account.packets + 1, account.size + size
        if packets <= RESERVED_PACKETS and total <= RESERVED_BYTES:
            return True
        return (
            packets <= PER_SOURCE_PACKETS
            and total <= PER_SOURCE_BYTES
            and len(self.packets) < ALL_PACKETS
            and self._size + size <= ALL_BYTES
        )
