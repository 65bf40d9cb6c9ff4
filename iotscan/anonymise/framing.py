"""Frames, replaced one by one, and handed on in the order in which they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from iotscan.anonymise.blank import Blank
from iotscan.anonymise.book import Book
from iotscan.anonymise.fragments import Wait
from iotscan.anonymise.known import Entry, Known
from iotscan.anonymise.packets import Packets, Place
from iotscan.anonymise.plain import Plain
from iotscan.capture.frames import Frame
from iotscan.capture.links import ETHERNET
from iotscan.capture.links import parse as parse_link

# Bytes of frames that may wait for the last fragment of a packet, with what Python needs for each.
MOST_HELD = 32 << 20
_EACH = 400


@dataclass(slots=True, eq=False)
class _Held:
    """A frame that waits, for its packet or behind one that does."""

    frame: Frame
    entry: Entry
    new: bytes | None = None


class Framer:
    """Feed it frames, then ``finish``. ``write`` gets each frame with what it became; ``keep``:
    payload that nobody read is kept. ``most``: bytes of frames that may be held back.
    """

    def __init__(
        self,
        book: Book,
        known: Known,
        write: Callable[[Frame, bytes], None],
        *,
        keep: bool,
        most: int = MOST_HELD,
    ) -> None:
        self._known, self._write, self._most = known, write, most
        self._blank = Blank(book, keep=keep)
        self._packets = Packets(book, self._blank)
        self._plain = Plain(book, self._blank, self._packets.streams, self._packets.datagram)
        self._queue: deque[_Held] = deque()
        self._waiting: dict[int, list[_Held]] = {}
        self._size = 0

    def take(self, frame: Frame) -> None:
        """The next frame of the capture."""
        entry = self._known.take(frame[0])
        if frame[2] == ETHERNET and not self._queue:
            new = self._plain(frame[3], entry)
            if new is not None:
                self._blank.framed()
                self._write(frame, new)
                return
        held = _Held(frame, entry)
        self._replace(held)
        if held.new is not None and not self._queue:
            self._write(frame, held.new)
            return
        self._queue.append(held)
        self._size += len(frame[3]) + _EACH
        self._flush()
        while self._size > self._most:
            self._force()

    def finish(self) -> None:
        """There are no more."""
        while self._queue:
            self._force()
        self._blank.tell(self._packets.pieces.lost)

    def _replace(self, first: _Held) -> None:
        """The frame, and those that waited for it."""
        todo = [first]
        while todo:
            held = todo.pop()
            if held.new is None and self._replaced(held):
                todo += self._waiting.pop(held.frame[0], ())

    def _replaced(self, held: _Held) -> bool:
        number, _, link_type, data, wire = held.frame
        place = Place(number, held.entry, wire > len(data))
        try:
            held.new = self._packets.framed(link_type, parse_link(link_type, data), data, place)
        except Wait as wait:
            self._waiting.setdefault(wait.frame, []).append(held)
            return False
        self._packets.pieces.drop(number)
        self._blank.framed()
        return True

    def _flush(self) -> None:
        while self._queue and (new := self._queue[0].new) is not None:
            done = self._queue.popleft()
            self._size -= len(done.frame[3]) + _EACH
            self._write(done.frame, new)

    def _force(self) -> None:
        """Let the first frame wait no longer: it is part of tunnels' packets, so many at most."""
        while self._queue[0].new is None:
            self._packets.pieces.give_up(self._queue[0].frame[0])
            self._replace(self._queue[0])
        self._flush()
