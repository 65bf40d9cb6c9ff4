"""Fragments, put together as a replay does, replaced as what they are together, and taken apart as
they were.

Which fragments become a whole packet, and with which frame, is found out beforehand (``survey``).
"""

from __future__ import annotations

from typing import NamedTuple

from iotscan.anonymise.blank import Blank
from iotscan.capture.internet import Fragments, Packet

# (frame with which the packet is whole, how deep in tunnels)
Place = tuple[int, int]


class Wait(Exception):
    """A frame cannot be replaced yet: it is a fragment of a packet that is whole with a later one,
    the ``frame``.
    """

    def __init__(self, frame: int) -> None:
        super().__init__(frame)
        self.frame = frame


class Piece(NamedTuple):
    """A fragment as it is in its frame. ``start``: its place in the packet."""

    start: int
    more: bool
    data: bytes


class Pieces:
    """Those of packets that are not whole yet, and those that are replaced but not yet written.
    ``lost``: how many could not be put together.
    """

    def __init__(self, blank: Blank) -> None:
        self.lost = 0
        self._blank = blank
        self._old: dict[Place, dict[int, Piece]] = {}
        self._new: dict[int, dict[int, bytes]] = {}

    def hold(self, frame: int, depth: int, last: int, piece: Piece) -> None:
        """Take down a fragment until the frame ``last``."""
        self._old.setdefault((last, depth), {})[frame] = piece

    def done(self, frame: int, depth: int) -> bytes | None:
        """What a fragment became, if its packet was whole by now."""
        return self._new.get(frame, {}).get(depth)

    def drop(self, frame: int) -> None:
        """The frame is written."""
        self._new.pop(frame, None)

    def give_up(self, frame: int) -> None:
        """The frame is not to wait any longer: the packets that it is part of become zeroes."""
        for (last, depth), pieces in list(self._old.items()):
            if frame in pieces:
                self.blank(last, depth)

    def whole(self, last: int, depth: int) -> bytes | None:
        """The payload of the packet that is whole now; None if it was given up."""
        waiting, found = Fragments(), None
        for _, piece in sorted(self._old[last, depth].items()):
            part = Packet(b"", b"", 0, piece.data, len(piece.data))
            packet = waiting.add(b"", piece.start, piece.more, part)
            found = packet.payload if packet else found
        return found

    def put(self, last: int, depth: int, old: bytes, new: bytes) -> None:
        """What the whole packet became, which ends longer or shorter in its last fragment."""
        pieces = self._old[last, depth]
        if len(new) <= max(piece.start for piece in pieces.values()):
            self.blank(last, depth)  # the last fragment would have to begin elsewhere
            return
        for frame, (start, _, data) in pieces.items():
            end = start + len(data)
            if old[start:end] != data:
                made = self._blank(data)  # it overlaps another one that came before
            elif end < len(old):
                made = new[start:end]
            else:
                made = new[start:]
            self._new.setdefault(frame, {})[depth] = made
        del self._old[last, depth]

    def blank(self, last: int, depth: int) -> None:
        """The packet cannot be replaced as a whole: its fragments become zeroes."""
        for frame, piece in self._old.pop((last, depth)).items():
            self._new.setdefault(frame, {})[depth] = self._blank(piece.data)
            self.lost += 1
