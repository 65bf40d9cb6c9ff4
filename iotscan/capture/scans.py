"""Hosts that try one port of many others, or many ports of one: counted in bounded memory.

Someone who browses talks to hundreds of hosts as well, but those answer. So what counts is how many
did not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from iotscan.capture.storms import Storms

# Distinct targets counted per host and port; beyond, "at least so many" is told.
MOST_TARGETS = 256
MOST_PAIRS = 2048
_K = TypeVar("_K", int, bytes)


@dataclass(slots=True)
class Tries:
    """What one host tried, on one port of others, or on ports of one other.

    ``targets``: addresses (or ports, as bytes), each with the time and frame of its first try;
    ``answered``: those of them that accepted a connection.
    """

    frame: int
    at: float
    targets: dict[bytes, tuple[float, int]] = field(default_factory=dict)
    answered: set[bytes] = field(default_factory=set)

    @property
    def silent(self) -> int:
        """How many refused or said nothing."""
        return len(self.targets.keys() - self.answered)


@dataclass
class Scans:
    """Feed it openings and answers, then take ``wide`` (a port of many) and ``deep``."""

    wide: dict[tuple[bytes, int], Tries] = field(default_factory=dict)
    deep: dict[tuple[bytes, bytes], Tries] = field(default_factory=dict)
    storms: Storms = field(default_factory=Storms)

    def opening(self, source: bytes, target: bytes, port: int, at: float, frame: int) -> None:
        """A SYN."""
        _count(self.wide, (source, port), target, at, frame)
        _count(self.deep, (source, target), port.to_bytes(2, "big"), at, frame)
        self.storms.opening(source, target, port, at, frame)

    def answer(self, server: bytes, port: int, client: bytes, *, unseen: bool = False) -> None:
        """A SYN that was answered by ``server``. ``unseen``: what was said later shows that it was,
        the answer itself is not in the capture.
        """
        wide, deep = self.wide.get((client, port)), self.deep.get((client, server))
        for tries, target in ((wide, server), (deep, port.to_bytes(2, "big"))):
            if tries is not None and target in tries.targets:
                tries.answered.add(target)
        self.storms.answer(server, port, client, unseen=unseen)

    def unanswered(self, most: int) -> Iterator[tuple[bytes, bytes, int, float, int]]:
        """(source, target, port, time, frame) of tries in vain; of those on one port of very many
        hosts the first ``most``.
        """
        for (source, port), tries in sorted(self.wide.items()):
            silent = [target for target in tries.targets if target not in tries.answered]
            for target in silent[:most]:
                yield source, target, port, *tries.targets[target]

    def wide_scans(self, least: int) -> Iterator[tuple[bytes, int, Tries]]:
        """(source, port, tries) of each that tried ``least`` or more, most of them in vain."""
        for (source, port), tries in sorted(self.wide.items()):
            if len(tries.targets) >= least and tries.silent * 2 > len(tries.targets):
                yield source, port, tries

    def deep_scans(self, least: int) -> Iterator[tuple[bytes, bytes, Tries]]:
        """(source, target, tries), likewise."""
        for (source, target), tries in sorted(self.deep.items()):
            if len(tries.targets) >= least and tries.silent * 2 > len(tries.targets):
                yield source, target, tries


def _count(
    kept: dict[tuple[bytes, _K], Tries],
    key: tuple[bytes, _K],
    target: bytes,
    at: float,
    frame: int,
) -> None:
    tries = kept.get(key)
    if tries is None:
        if len(kept) >= MOST_PAIRS:
            _forget(kept)
        tries = kept[key] = Tries(frame, at)
    if len(tries.targets) < MOST_TARGETS:
        tries.targets.setdefault(target, (at, frame))


def _forget(kept: dict[tuple[bytes, _K], Tries]) -> None:
    """Make room: of those that tried least half go, the oldest first."""
    order = sorted(kept, key=lambda key: (len(kept[key].targets), kept[key].frame))
    for key in order[: len(order) // 2]:
        del kept[key]
