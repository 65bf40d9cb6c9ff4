"""What reading told of frames, for when they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from iotscan.anonymise.spool import MOST, Spool, Told

_SAID, _HEARD, _PART = range(3)


@dataclass(slots=True)
class Entry:
    """What is known of one frame. ``length``: of the part of its payload that a reader understood,
    counted from its end, -1 if none did; ``new``: what that part becomes, if not itself; ``heard``:
    it is an announcement; ``parts``: how deep in tunnels it is a fragment → the frame with which
    the packet is whole.
    """

    length: int = -1
    new: bytes | None = None
    heard: bool = False
    parts: dict[int, int] = field(default_factory=dict)


NOTHING = Entry()


class Known:
    """Tell it of frames in any order, then ``close`` it, then ask for each in order."""

    def __init__(self, most: int = MOST) -> None:
        self._spool = Spool(most)
        self._told: Iterator[Told] = iter(())
        self._next: Told | None = None

    def said(self, frame: int, old: bytes, new: bytes) -> None:
        """Of a payload these last bytes were understood, and become others."""
        told = (len(old), None) if new == old else (len(old), new)
        self._spool.add(frame, _SAID, told, len(told[1] or b""))

    def announced(self, frame: int) -> None:
        """An announcement without ports, of which its reader said something."""
        self._spool.add(frame, _HEARD, None)

    def part(self, frame: int, depth: int, last: int) -> None:
        """A fragment of a packet that is whole with the frame ``last``."""
        self._spool.add(frame, _PART, (depth, last))

    def close(self) -> None:
        """All is told."""
        self._told = self._spool.ordered()
        self._next = next(self._told, None)

    def take(self, frame: int) -> Entry:
        """What is known of the frame. None before it can be asked for any more."""
        if self._next is None or self._next[0] > frame:
            return NOTHING
        entry = Entry()
        while self._next is not None and self._next[0] <= frame:
            if self._next[0] == frame:
                _put(entry, self._next)
            self._next = next(self._told, None)
        if self._next is None:
            self._spool.close()
        return entry


def _put(entry: Entry, told: Told) -> None:
    _, _, sort, what = told
    if sort == _SAID:
        entry.length, entry.new = what
    elif sort == _HEARD:
        entry.heard = True
    else:
        depth, last = what
        entry.parts[depth] = last
