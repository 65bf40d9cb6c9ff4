"""Segments of TCP, and one direction of a connection with what of it waits for its turn.

Sequence numbers go round (RFC 9293 section 3.4): which of two comes first is told by how far they
are apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from iotscan.capture.flows import OVERHEAD
from iotscan.capture.sealed import Records
from iotscan.model import Sender

FIN, SYN, RST, ACK = 1, 2, 4, 16
# Out-of-order data one direction may hold; more, and the hole is taken for lost.
MOST_AHEAD, MOST_WAITING = 131_072, 128
FULL = 1 << 32
_HALF = 1 << 31


def behind(sequence: int, other: int) -> int:
    """How many bytes a sequence number is behind another one; negative where it comes before."""
    return (sequence - other + _HALF) % FULL - _HALF


@dataclass(slots=True)
class Segment:
    """A segment with what matters of its header. ``length``: of its payload on the wire, which may
    be more than the capture kept.
    """

    sequence: int
    acknowledged: int
    flags: int
    data: bytes
    length: int
    at: float
    frame: int

    def after(self, length: int) -> Segment:
        """The same without so many bytes of its beginning."""
        return replace(
            self,
            sequence=(self.sequence + length) % FULL,
            data=self.data[length:],
            length=self.length - length,
        )


@dataclass(slots=True)
class Half:
    """One direction of a connection. ``next``: what comes next, -1 until a segment is seen;
    ``ahead``: segments that wait for those before them; ``run``: bytes said without a word from the
    other side; ``latest``: the number of what it said last in this part, -1 before; ``records``:
    what follows its TLS, None where that is not spoken or could not be followed.
    """

    sender: Sender
    direction: bytes
    next: int = -1
    ahead: dict[int, Segment] = field(default_factory=dict)
    ahead_size: int = 0
    run: int = 0
    latest: int = -1
    closed: bool = False
    spoke: bool = False
    records: Records | None = None

    def has_room(self, segment: Segment) -> bool:
        """Whether one more segment may wait."""
        fits = self.ahead_size + len(segment.data) <= MOST_AHEAD
        return fits and len(self.ahead) < MOST_WAITING

    def keep(self, segment: Segment) -> int:
        """Let it wait, without what of it is waiting already; how many bytes that takes."""
        while (known := self.ahead.get(segment.sequence)) is not None:
            if segment.length <= known.length:
                return 0
            segment = segment.after(known.length)
        self.ahead[segment.sequence] = segment
        size = len(segment.data) + OVERHEAD
        self.ahead_size += size
        return size

    def earliest(self) -> int:
        """The sequence number of the first that waits."""
        return min(self.ahead, key=lambda sequence: behind(sequence, self.next))

    def release(self, sequence: int) -> tuple[Segment, int]:
        """Take one that waits, and how many bytes that frees."""
        segment = self.ahead.pop(sequence)
        size = len(segment.data) + OVERHEAD
        self.ahead_size -= size
        return segment, size

    def forget(self) -> int:
        """Drop all that waits; how many bytes that frees."""
        freed, self.ahead_size = self.ahead_size, 0
        self.ahead.clear()
        return freed
