"""TCP connections of a capture, put in order. RFC 9293; the first copy of a byte counts, as on most
hosts.
"""

from __future__ import annotations

from collections.abc import Callable

from iotscan.capture.flows import (
    BULK,
    LONGEST,
    MOST_TURNS,
    OVERHEAD,
    Directions,
    Emit,
    Held,
    Part,
    reverse,
)
from iotscan.capture.sealed import BEGINS, Records
from iotscan.capture.segments import ACK, FIN, FULL, RST, SYN, Half, Segment, behind
from iotscan.model import Ending

# Parts in a row that nobody could read before a connection is no longer looked at.
MOST_UNREAD = 2


class TcpFlow:
    """One TCP connection. ``emit`` gets its parts as they are complete."""

    __slots__ = (
        "_a",
        "_b",
        "_emit",
        "_has_keys",
        "_held",
        "_kept",
        "_part",
        "_quiet",
        "_unread",
        "answered",
        "direction",
        "last",
    )

    def __init__(
        self,
        part: Part,
        direction: bytes,
        emit: Emit,
        held: Held,
        quiet: Directions,
        has_keys: Callable[[], bool] = lambda: False,
    ) -> None:
        """``direction``: from client to server, as in ``Directions``; ``has_keys``: whether by now
        what is said inside TLS can be read.
        """
        self._part, self._emit, self._held, self._quiet = part, emit, held, quiet
        self._has_keys = has_keys
        self.direction = direction
        self._a = Half("client", direction)
        self._b = Half("server", reverse(direction))
        self.answered = False
        self._kept = self._unread = 0
        self.last = 0.0

    @property
    def spoke(self) -> bool:
        """Whether anything was said in it, or it was answered: a new opening is of another one."""
        return self.answered or self._kept > 0

    def segment(self, direction: bytes, segment: Segment) -> bool:
        """Take one segment; False once the connection is over."""
        half = self._a if direction == self._a.direction else self._b
        self.last = segment.at
        flags = segment.flags
        self._quiet.setdefault(direction, False)
        if flags & SYN:
            half.next = (segment.sequence + 1) % FULL
            from_client = half is self._a
            self._part.opened = True
            self._part.began = self._part.began or from_client
            self.answered = self._part.accepted = self.answered or not from_client
            return True
        if segment.length and not self._quiet[direction]:
            self._take(half, segment)
        if flags & RST:
            refused = not self.answered and half is self._b
            self.end(Ending.REFUSED if refused else Ending.CLOSED)
            return False
        if flags & FIN:
            half.closed = True
        if self._a.closed and self._b.closed:
            self.end(Ending.COMPLETE)
            return False
        return True

    def end(self, ending: Ending = Ending.CLOSED) -> None:
        """The connection is over, or was left unfinished by the capture."""
        for half in (self._a, self._b):
            if half.ahead:
                self._lose(half)
            self._quiet.pop(half.direction, None)
        self._part.ending = ending
        self._held.size -= self._kept
        self._kept = 0
        if self._part.said:
            self._emit(self._part)

    def _take(self, half: Half, segment: Segment) -> None:
        other = self._b if half is self._a else self._a
        if other.ahead and segment.flags & ACK:
            self._lose(other, segment.acknowledged)
        if half.next < 0:
            half.next = segment.sequence
        if behind(segment.sequence, half.next) > 0 and self._waits(half, segment):
            return
        self._place(half, segment)
        if half.ahead:
            self._catch_up(half)

    def _waits(self, half: Half, segment: Segment) -> bool:
        """Keep a segment for when those before it have come; False when they are given up."""
        if half.has_room(segment):
            self._held.size += half.keep(segment)
            return True
        self._lose(half)
        if behind(segment.sequence, half.next) > 0:
            half.records = None
            self._miss(half)
            half.next = segment.sequence
        return False

    def _place(self, half: Half, segment: Segment) -> None:
        """Say what of a segment is new."""
        old = behind(half.next, segment.sequence)
        if old >= segment.length:
            return
        half.next = (segment.sequence + segment.length) % FULL
        data = segment.data[old:] if old > 0 else segment.data
        if data:
            self._say(half, data, segment)
            if half.records is not None:
                self._follow(half, data, segment.length - max(old, 0))
        if segment.length > len(segment.data):
            self._miss(half)  # cut by the capture's snapshot length

    def _catch_up(self, half: Half) -> None:
        """Say what was waiting and is now in order."""
        while half.ahead and behind(first := half.earliest(), half.next) <= 0:
            segment, size = half.release(first)
            self._held.size -= size
            self._place(half, segment)

    def _lose(self, half: Half, heard: int | None = None) -> None:
        """Give up waiting for a hole: go on at the first byte that came after it. ``heard``: only
        as far as the other side has acknowledged what is missing, for then it does not come again,
        and what waits was said before the other side's answer.
        """
        while half.ahead and (heard is None or behind(heard, half.next) > 0):
            half.records = None
            self._miss(half)
            half.next = half.earliest()
            self._catch_up(half)

    def _miss(self, half: Half) -> None:
        """Bytes behind what this side said last are not in the capture."""
        self._part.missing = True
        if half.latest >= 0:
            self._part.cut.add(half.latest)
        else:
            self._part.unheard.add(half.sender)

    def _say(self, half: Half, data: bytes, segment: Segment) -> None:
        other = self._b if half is self._a else self._a
        if half.run == 0 and other.run > BULK:
            # What the other side said meanwhile was skipped; its partner knows how far it came.
            self._quiet[other.direction] = False
            other.next = segment.acknowledged if segment.flags & ACK else -1
        turned = half.run == 0 and (other.run > BULK or self._kept > LONGEST)
        if turned or len(self._part.said) >= MOST_TURNS:
            self._cut()
            if self._quiet[half.direction]:
                return
        if not half.spoke:
            half.spoke = True
            if data.startswith(BEGINS):
                half.records = Records()
        half.run += len(data)
        other.run = 0
        size = len(data) + OVERHEAD
        self._kept += size
        self._held.size += size
        half.latest = len(self._part.said)
        self._part.said.append((half.sender, segment.at, data, segment.frame))
        if half.run > BULK:
            self._skip(half)

    def _follow(self, half: Half, data: bytes, length: int) -> None:
        """Look at no more of this side once all that it says is encrypted, and both spoke: what a
        client says at once is encrypted with an older key, and a hello may follow it (RFC 8446
        section 4.2.10).
        """
        assert half.records is not None
        sealed = half.records.sealed(data, length)
        if sealed is not False:
            half.records = None
            if sealed and self._a.spoke and self._b.spoke and not self._has_keys():
                # Nor when the other one speaks; and nothing is missing of what could be read.
                half.run, half.latest = 0, -1
                self._skip(half)

    def _skip(self, half: Half) -> None:
        """Look at no more of this side until the other one speaks."""
        if half.latest >= 0:
            self._part.cut.add(half.latest)
        self._quiet[half.direction] = True
        half.records = None
        self._held.size -= half.forget()

    def _cut(self) -> None:
        """Hand out the part so far and begin another one, if anybody can read this connection."""
        done, self._part = self._part, self._part.next()
        self._a.latest = self._b.latest = -1
        self._held.size -= self._kept
        self._kept = 0
        done.ending = Ending.COMPLETE
        self._unread = 0 if self._emit(done) else self._unread + 1
        if self._unread >= MOST_UNREAD:
            self._skip(self._a)
            self._skip(self._b)
