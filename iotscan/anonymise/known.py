"""What reading told of frames, for when they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from iotscan.anonymise.spool import MOST, Spool, Told

_SAID, _WHOLE, _HEARD, _PART = range(4)
Edits = tuple[tuple[int, bytes], ...]


@dataclass(slots=True)
class Entry:
    """What is known of one frame. ``length``: of the part of its payload that a reader understood,
    counted from its end, -1 if none did; ``edits``: what to change in that part; ``whole``: another
    content for a datagram; ``heard``: it is an announcement; ``parts``: how deep in tunnels it is a
    fragment → the frame with which the packet is whole.
    """

    length: int = -1
    edits: Edits = ()
    whole: bytes | None = None
    heard: bool = False
    parts: dict[int, int] = field(default_factory=dict)


NOTHING = Entry()


class Known:
    """Tell it of frames in any order, then ``close`` it, then ask for each in order."""

    def __init__(self, most: int = MOST) -> None:
        self._spool = Spool(most)
        self._told: Iterator[Told] = iter(())
        self._next: Told | None = None

    def said(self, frame: int, length: int, edits: Edits) -> None:
        """Of a segment of TCP so many bytes were understood."""
        self._spool.add(frame, _SAID, (length, edits), sum(len(new) for _, new in edits))

    def datagram(self, frame: int, length: int, new: bytes | None) -> None:
        """A datagram of such a length was understood; ``new``: what it becomes, if not itself."""
        self._spool.add(frame, _WHOLE, (length, new), len(new or b""))

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
        entry.length, entry.edits = what
    elif sort == _WHOLE:
        entry.length, new = what
        entry.whole = entry.whole if new is None else new
    elif sort == _HEARD:
        entry.heard = True
    else:
        depth, last = what
        entry.parts[depth] = last
