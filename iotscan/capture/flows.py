"""TCP connections and UDP exchanges of a capture, put in order and cut into transcripts.

A transcript ends when its connection ends, when one side has said ``BULK`` bytes without a word
from the other (the rest of that run is skipped: it is a film or a firmware, and its head told what
it is), or when it has grown to ``LONGEST``. What follows on the same connection is a transcript of
its own. So memory per flow is bounded, a long-lived connection is read to its end, and every part
begins with the side that broke the silence.

Source for the order of segments: RFC 9293; the first copy of a byte counts, as on most hosts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from iotscan.model import Ending, Sender

BULK = 65_536
LONGEST = 262_144
# Out-of-order data one direction may hold; more, and the hole is taken for lost.
MOST_AHEAD = 131_072
# Datagrams in one exchange before it is cut; announcements would otherwise grow for ever.
MOST_DATAGRAMS = 64
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_HALF, _FULL = 1 << 31, 1 << 32

Said = tuple[Sender, float, bytes, int]


@dataclass(slots=True)
class Part:
    """A stretch of one flow, complete: what both sides said, in order, with frame numbers.

    ``missing``: a segment was lost in the capture, so bytes may be absent between turns.
    ``began``: whether the connection's first packet is in it (else it starts mid-stream).
    """

    client: bytes
    client_port: int
    server: bytes
    server_port: int
    transport: int
    said: list[Said] = field(default_factory=list)
    ending: Ending = Ending.CLOSED
    missing: bool = False
    began: bool = False


@dataclass(slots=True)
class _Half:
    """One direction of a connection."""

    next: int = -1
    ahead: dict[int, tuple[float, bytes, int]] = field(default_factory=dict)
    ahead_size: int = 0
    run: int = 0
    closed: bool = False


class TcpFlow:
    """One TCP connection. ``emit`` gets its parts as they are complete."""

    __slots__ = ("_a", "_b", "_emit", "_kept", "_part", "answered", "last", "skipping", "swapped")

    def __init__(self, part: Part, emit: Callable[[Part], None], *, swapped: bool) -> None:
        self._part, self._emit = part, emit
        self._a, self._b = _Half(), _Half()
        self.swapped = swapped
        self.answered = self.skipping = False
        self._kept = 0
        self.last = 0.0

    def segment(
        self, from_client: bool, sequence: int, flags: int, data: bytes, at: float, number: int
    ) -> bool:
        """Take one segment; False once the connection is over."""
        half = self._a if from_client else self._b
        self.last = at
        if flags & _SYN:
            half.next = (sequence + 1) % _FULL
            self._part.began = self._part.began or from_client
            self.answered = self.answered or not from_client
            return True
        if data:
            self._take(half, from_client, sequence, data, at, number)
        if flags & _RST:
            self.end(Ending.CLOSED if self.answered or from_client else Ending.REFUSED)
            return False
        if flags & _FIN:
            half.closed = True
        if self._a.closed and self._b.closed:
            self.end(Ending.COMPLETE)
            return False
        return True

    def _take(
        self, half: _Half, from_client: bool, sequence: int, data: bytes, at: float, number: int
    ) -> None:
        if half.next < 0:
            half.next = sequence
        gap = (sequence - half.next + _HALF) % _FULL - _HALF
        if gap > 0:
            if half.ahead_size + len(data) <= MOST_AHEAD:
                if sequence not in half.ahead:
                    half.ahead[sequence] = (at, data, number)
                    half.ahead_size += len(data)
                return
            self._lose(half, from_client)
            gap = (sequence - half.next + _HALF) % _FULL - _HALF
        if gap < 0:
            data = data[-gap:]
            if not data:
                return
        self._say(half, from_client, data, at, number)
        if half.ahead:
            self._catch_up(half, from_client)

    def _catch_up(self, half: _Half, from_client: bool) -> None:
        """Say what was waiting and is now in order."""
        while half.ahead:
            first = min(half.ahead, key=lambda s: (s - half.next + _HALF) % _FULL)
            behind = (half.next - first + _HALF) % _FULL - _HALF
            if behind < 0:
                return
            at, data, number = half.ahead.pop(first)
            half.ahead_size -= len(data)
            if behind < len(data):
                self._say(half, from_client, data[behind:], at, number)

    def _lose(self, half: _Half, from_client: bool) -> None:
        """Give up waiting for a hole: go on at the first byte that came after it."""
        self._part.missing = True
        if half.ahead:
            half.next = min(half.ahead, key=lambda s: (s - half.next + _HALF) % _FULL)
            self._catch_up(half, from_client)

    def _say(self, half: _Half, from_client: bool, data: bytes, at: float, number: int) -> None:
        half.next = (half.next + len(data)) % _FULL
        other = self._b if from_client else self._a
        if half.run == 0 and (other.run > BULK or self._kept > LONGEST):
            self._cut()
        half.run += len(data)
        other.run = 0
        if half.run - len(data) > BULK:
            return
        self._kept += len(data)
        self._part.said.append(("client" if from_client else "server", at, data, number))

    def _cut(self) -> None:
        """Hand out the part so far and begin another one."""
        done = self._part
        self._part = Part(
            done.client, done.client_port, done.server, done.server_port, done.transport
        )
        self._kept = 0
        done.ending = Ending.COMPLETE
        self._emit(done)

    def end(self, ending: Ending = Ending.CLOSED) -> None:
        """The connection is over, or was left unfinished by the capture."""
        for half, from_client in ((self._a, True), (self._b, False)):
            if half.ahead:
                self._lose(half, from_client)
        self._part.ending = ending
        if self._part.said or self._part.began:
            self._emit(self._part)


class UdpFlow:
    """Datagrams between two sockets. The first sender is taken for the client."""

    __slots__ = ("_emit", "_part", "last", "swapped")

    def __init__(self, part: Part, emit: Callable[[Part], None], *, swapped: bool) -> None:
        self._part, self._emit = part, emit
        self.swapped = swapped
        self.last = 0.0

    def datagram(self, from_client: bool, data: bytes, at: float, number: int) -> None:
        """Take one datagram."""
        self.last = at
        part = self._part
        part.said.append(("client" if from_client else "server", at, data[:LONGEST], number))
        if len(part.said) >= MOST_DATAGRAMS:
            self._part = Part(
                part.client, part.client_port, part.server, part.server_port, part.transport
            )
            part.ending = Ending.COMPLETE
            self._emit(part)

    def end(self) -> None:
        if self._part.said:
            self._part.ending = Ending.COMPLETE
            self._emit(self._part)
