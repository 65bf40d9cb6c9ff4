"""UDP exchanges of a capture: datagrams between two sockets, until these fall silent."""

from __future__ import annotations

from iotscan.capture.flows import LONGEST, OVERHEAD, Directions, Emit, Held, Part, reverse
from iotscan.model import Ending, Sender

# Datagrams in one part; exchanges that never end would otherwise never be read.
MOST_DATAGRAMS = 64
# Seconds of silence after which the same two sockets mean another exchange (RFC 4787 asks NATs
# to keep a mapping two minutes).
SILENCE = 120.0


class UdpFlow:
    """Datagrams between two sockets. ``emit`` gets its parts as they are complete."""

    __slots__ = ("_emit", "_held", "_kept", "_part", "_quiet", "direction", "last")

    def __init__(
        self, part: Part, direction: bytes, emit: Emit, held: Held, quiet: Directions
    ) -> None:
        """``direction``: from client to server, as in ``Directions``."""
        self._part, self.direction, self._emit = part, direction, emit
        self._held, self._quiet = held, quiet
        self._kept = 0
        self.last = 0.0

    def datagram(
        self, direction: bytes, data: bytes, at: float, frame: int, *, cut: bool = False
    ) -> None:
        """Take one datagram. ``cut``: the capture does not hold all of it."""
        self.last = at
        if self._quiet.get(direction):
            return
        if cut:
            self._part.missing = True
            self._part.cut.add(len(self._part.said))
        size = len(data) + OVERHEAD
        self._kept += size
        self._held.size += size
        sender: Sender = "client" if direction == self.direction else "server"
        self._part.said.append((sender, at, data, frame))
        if len(self._part.said) >= MOST_DATAGRAMS or self._kept > LONGEST:
            self._cut()

    def end(self) -> None:
        """Nothing more comes."""
        self._quiet.pop(self.direction, None)
        self._quiet.pop(reverse(self.direction), None)
        self._held.size -= self._kept
        self._kept = 0
        if self._part.said:
            self._part.ending = Ending.COMPLETE
            self._emit(self._part)

    def _cut(self) -> None:
        """Hand out what there is; when nobody can read it, look at no more of it."""
        done, self._part = self._part, self._part.next()
        self._held.size -= self._kept
        self._kept = 0
        done.ending = Ending.COMPLETE
        if not self._emit(done):
            self._quiet[self.direction] = self._quiet[reverse(self.direction)] = True
