"""Hosts that open connection after connection to a server that does not accept them.

A device that lost its server should wait longer from try to try (ETSI EN 303 645, 5.9-3). So what
counts is a row of tries in vain whose pauses do not grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

# A row of so many tries in vain is no accident: systems repeat a failed connection two or three
# times by themselves.
LEAST = 20
MOST_KEPT = 64
# Whoever pauses longer than this, in seconds, burdens nobody.
LONGEST_PAUSE = 10.0
# Pauses of the second half of a row at least so much longer on average than those of the first:
# they grow.
GROWTH = 1.5
MOST_PAIRS = 4096

_Key = tuple[bytes, bytes, int]


@dataclass(slots=True)
class Storm:
    """A row of tries; ``at``: of the first, ``count`` of all, ``last``: its time. ``frames``: of
    the first ones.
    """

    at: float
    last: float
    frames: list[int]
    count: int = 1
    pauses: list[float] = field(default_factory=list)

    def goes_on(self, at: float, frame: int) -> None:
        if len(self.pauses) < MOST_KEPT:
            self.pauses.append(at - self.last)
            self.frames.append(frame)
        self.count, self.last = self.count + 1, at

    @property
    def relentless(self) -> bool:
        """Whether it is long enough, and its pauses do not grow."""
        half = len(self.pauses) // 2
        early, late = sum(self.pauses[:half]), sum(self.pauses[half : 2 * half])
        return self.count >= LEAST and late <= early * GROWTH


@dataclass
class Storms:
    """Feed it openings and answers, then take ``found``. The longest row of each pair is kept."""

    _rows: dict[_Key, Storm] = field(default_factory=dict)
    _best: dict[_Key, Storm] = field(default_factory=dict)
    _unseen: set[_Key] = field(default_factory=set)

    def opening(self, source: bytes, target: bytes, port: int, at: float, frame: int) -> None:
        """A first SYN of a connection."""
        key = (source, target, port)
        row = self._rows.get(key)
        if row is not None and at - row.last <= LONGEST_PAUSE:
            row.goes_on(at, frame)
            return
        self._over(key)
        if len(self._rows) >= MOST_PAIRS:
            self._over(next(iter(self._rows)))
        self._rows[key] = Storm(at, at, [frame])

    def answer(self, server: bytes, port: int, client: bytes, *, unseen: bool = False) -> None:
        """The server accepted a connection: what comes is another row. Where that was ``unseen``,
        nothing can be told of the other tries either.
        """
        key = client, server, port
        self._over(key)
        if unseen and len(self._unseen) < MOST_PAIRS:
            self._unseen.add(key)

    def found(self) -> Iterator[tuple[bytes, bytes, int, Storm]]:
        """(client, server, port, row) of each pair with a row without growing pauses."""
        for key in list(self._rows):
            self._over(key)
        for (source, target, port), row in sorted(self._best.items()):
            if (source, target, port) not in self._unseen:
                yield source, target, port, row

    def _over(self, key: _Key) -> None:
        row = self._rows.pop(key, None)
        if row is not None and row.relentless:
            known = self._best.get(key)
            if len(self._best) < MOST_PAIRS if known is None else row.count > known.count:
                self._best[key] = row
