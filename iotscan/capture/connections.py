"""The TCP connections of a capture: which one a segment belongs to, and where one begins."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from iotscan.capture.flows import Asks, Directions, Emit, Held, ends, part_of, reverse
from iotscan.capture.internet import TCP
from iotscan.capture.segments import ACK, SYN, Segment
from iotscan.capture.table import Table
from iotscan.capture.tcp import TcpFlow

# Connections that are over; what still comes of them (retransmissions, last words) is no new one.
MOST_ENDED = 4096


@dataclass
class Connections:
    """Feed it segments. For the callables and ``quiet`` see ``Sorter``; ``relieve`` is called when
    there is no room for one more. ``evicted``: how many were ended before their time in which
    something had been said.
    """

    emit: Emit
    on_opening: Callable[[bytes, bytes, int, float, int], None]
    on_answer: Callable[[bytes, int, bytes, float, int], None]
    asks: Asks
    has_keys: Callable[[], bool]
    held: Held
    relieve: Callable[[], None]
    quiet: Directions = field(default_factory=dict)
    evicted: int = 0
    _flows: Table[TcpFlow] = field(default_factory=Table)
    _ended: OrderedDict[bytes, None] = field(default_factory=OrderedDict)

    def take(self, direction: bytes, head: bytes, length: int, at: float, number: int) -> None:
        """One segment; ``length``: of all of it on the wire, of which ``head`` may lack the end."""
        if len(head) < 20:
            return
        flags, size = head[13], (head[12] >> 4) * 4
        flow = self._flows.get(direction)
        if flags & SYN:
            flow = self._opened(flow, direction, flags, at, number)
        elif flow is None and (length <= size or direction in self._ended):
            return  # nothing was said, or it was said before
        if flow is None:
            from_client = flags & (SYN | ACK) == SYN or (not flags & SYN and self.asks(head))
            flow = self._new(direction if from_client else reverse(direction))
        segment = Segment(
            int.from_bytes(head[4:8], "big"),
            int.from_bytes(head[8:12], "big"),
            flags,
            head[size:],
            length - size,
            at,
            number,
        )
        if not flow.segment(direction, segment):
            self._over(flow)
        elif self.held.full:
            self.relieve()

    def make_room(self) -> None:
        """End the quarter of all connections that was silent longest."""
        for flow in self._flows.oldest():
            self.evicted += flow.spoke
            self._flows.end(flow)

    def finish(self) -> None:
        """End what the capture left open."""
        self._flows.finish()

    def _opened(
        self, flow: TcpFlow | None, direction: bytes, flags: int, at: float, number: int
    ) -> TcpFlow | None:
        """The flow that a SYN belongs to, None if it opens one. ``flow``: the one that is known."""
        source, destination, sport, dport = ends(direction)
        if flags & ACK:
            self.on_answer(source, int.from_bytes(sport, "big"), destination, at, number)
            return flow
        self._ended.pop(direction, None)
        self._ended.pop(reverse(direction), None)
        if flow is not None and flow.spoke:
            self._flows.end(flow)
            flow = None
        if flow is None:
            self.on_opening(source, destination, int.from_bytes(dport, "big"), at, number)
        return flow

    def _new(self, asking: bytes) -> TcpFlow:
        """``asking``: from client to server."""
        if self._flows.full:
            self.relieve()
        part = part_of(asking, TCP)
        flow = TcpFlow(part, asking, self.emit, self.held, self.quiet, self.has_keys)
        self._flows.add(flow)
        return flow

    def _over(self, flow: TcpFlow) -> None:
        self._flows.drop(flow)
        for way in (flow.direction, reverse(flow.direction)):
            self._ended[way] = None
            if len(self._ended) > 2 * MOST_ENDED:
                self._ended.popitem(last=False)
