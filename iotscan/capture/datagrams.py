"""The datagrams of a capture: announcements to groups with their answers, and exchanges."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from iotscan.capture.flows import Asks, Directions, Emit, Held, part_of, reverse
from iotscan.capture.internet import UDP, Packet
from iotscan.capture.roaming import Roaming
from iotscan.capture.table import Table
from iotscan.capture.tunnels import PORTS
from iotscan.capture.udp import SILENCE, UdpFlow

# Sockets that asked a group and may be answered by anybody, from any port (SSDP).
MOST_ASKERS = 1024


@dataclass(frozen=True, slots=True)
class Heard:
    """A payload for an announcement reader: its protocol, who sent it, and the bytes."""

    protocol: str
    frame: int
    at: float
    mac: bytes
    source: bytes
    data: bytes


@dataclass
class Datagrams:
    """Feed it datagrams. For the callables, ``hears`` and ``quiet`` see ``Sorter``; ``relieve`` is
    called when there is no room for one more exchange.
    """

    hears: Mapping[tuple[str, int], str]
    emit: Emit
    on_heard: Callable[[Heard], None]
    on_group: Callable[[bytes, bytes, int, float, int], None]
    asks: Asks
    held: Held
    relieve: Callable[[], None]
    quiet: Directions = field(default_factory=dict)
    _unseen: Directions = field(default_factory=dict)
    _flows: Table[UdpFlow] = field(default_factory=Table)
    _askers: OrderedDict[bytes, str] = field(default_factory=OrderedDict)
    _roaming: Roaming = field(default_factory=Roaming)

    def take(self, packet: Packet, mac: bytes, at: float, number: int) -> None:
        """One datagram; ``mac``: of who sent the frame."""
        head = packet.payload
        if len(head) < 8:
            return
        here, there = packet.source + head[:2], packet.destination + head[2:4]
        length = int.from_bytes(head[4:6], "big") or len(head)
        data = head[8:length]
        protocol = self._announced(here, there)
        if protocol is not None:
            self.on_heard(Heard(protocol, number, at, mac, packet.source, data))
            if _group(packet.destination):
                port = int.from_bytes(there[-2:], "big")
                self.on_group(packet.source, packet.destination, port, at, number)
                return
        direction = self._roaming.home(packet.source + packet.destination + head[:4], data)
        flow = self._flow(direction, head, data, at)
        flow.datagram(direction, data, at, number, cut=length > len(head))
        if self.held.full:
            self.relieve()

    def take_late(self, packet: Packet, mac: bytes, at: float, number: int) -> None:
        """One that came at ``at`` and was held back since: an exchange does not go back in time."""
        head = packet.payload
        direction = packet.source + packet.destination + head[:4]
        flow = self._flows.get(self._roaming.home(direction, head[8:]))
        self.take(packet, mac, max(at, flow.last) if flow else at, number)

    def make_room(self) -> None:
        """End the quarter of all exchanges that was silent longest: of datagrams nothing is lost
        when later ones are another exchange.
        """
        for flow in self._flows.oldest():
            self._flows.end(flow)

    def finish(self) -> None:
        """End what the capture left open."""
        self._flows.finish()

    def _flow(self, direction: bytes, head: bytes, data: bytes, at: float) -> UdpFlow:
        """The exchange that a datagram belongs to, or that it begins."""
        flow = self._flows.get(direction)
        if flow is not None and at - flow.last > SILENCE:
            self._flows.end(flow)
            flow = None
        if flow is None:
            if self._flows.full:
                self.relieve()
            asks = self._roaming.asks(direction, data) or self.asks(head)
            asking = direction if asks else reverse(direction)
            # Of the ends of a tunnel all is looked at, though nobody reads their own words: what is
            # carried comes between the same two sockets.
            tunnel = head[:2] in PORTS or head[2:4] in PORTS
            quiet = self._unseen if tunnel else self.quiet
            flow = UdpFlow(part_of(asking, UDP), asking, self.emit, self.held, quiet)
            self._flows.add(flow)
        return flow

    def _announced(self, here: bytes, there: bytes) -> str | None:
        """Which announcement reader a datagram is for, by its ports or by what it answers."""
        hears = self.hears
        protocol = hears.get(("udp", int.from_bytes(there[-2:], "big")))
        if protocol is not None:
            if _group(there[:-2]):
                self._askers[here] = protocol
                if len(self._askers) > MOST_ASKERS:
                    self._askers.popitem(last=False)
            return protocol
        protocol = hears.get(("udp", int.from_bytes(here[-2:], "big")))
        return protocol if protocol is not None else self._askers.get(there)


def _group(address: bytes) -> bool:
    """Whether this is a multicast address or the broadcast to all (RFC 919)."""
    first = address[0]
    if len(address) == 16:
        return first == 0xFF
    return 224 <= first < 240 or address == b"\xff\xff\xff\xff"
