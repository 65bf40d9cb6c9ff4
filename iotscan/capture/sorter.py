"""Sorts captured frames: to the flow they belong to, to the announcements, or past.

State is per flow and bounded: when there are too many flows, or they hold back too much, those that
were silent longest are ended, a quarter of all at a time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import TypeVar, cast

from iotscan.capture.flows import Directions, Emit, Held, Part, reverse
from iotscan.capture.frames import Frame
from iotscan.capture.internet import TCP, UDP, Fragments, Packet, parse
from iotscan.capture.links import ETHERNET, Link
from iotscan.capture.links import parse as parse_link
from iotscan.capture.tcp import ACK, SYN, Segment, TcpFlow
from iotscan.capture.tunnels import DEEPEST, PORTS, PROTOCOLS, carried
from iotscan.capture.udp import SILENCE, UdpFlow

MOST_FLOWS = 16_384
# Bytes that all flows together may hold back before they are read.
MOST_HELD = 64 << 20
# Sockets that asked a group and may be answered by anybody, from any port (SSDP).
MOST_ASKERS = 1024
# Connections that are over; what still comes of them (retransmissions, last words) is no new one.
MOST_ENDED = 4096
# Pairs of MAC and address that are taken down as stations.
MOST_SENDERS = 65_536
# EtherType and first byte of IPv4 without options; flags and offset of what is no fragment.
_PLAIN, _WHOLE = b"\x08\0E", (b"\0\0", b"\x40\0")
_TCP_BYTE = bytes([TCP])
_Flow = TypeVar("_Flow", TcpFlow, UdpFlow)
_SYSTEM_PORTS, _EPHEMERAL_PORTS = 1024, 32_768


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
class Sorter:
    """Feed it frames, then ``finish``.

    ``hears``: ("ether", type), ("udp", port) … → the protocol of an announcement reader. Such
    frames go to ``on_heard``, as do answers to what was asked of a group on such a port; they are
    flows as well, unless sent to a group. ``usual``: ports that servers use. ``on_part`` gets the
    finished parts of flows and tells whether anybody could read them, ``on_station`` takes down
    each frame's sender (see ``Stations.add``), ``on_opening`` each SYN (source, target, port, time,
    frame), ``on_answer`` each answer to one (server, port, client, time, frame), ``on_group`` each
    announcement to a group (source, group, port, time, frame). ``has_keys``: whether by now
    what is said inside TLS can be read.

    ``quiet`` and ``quiet_udp`` are for whoever reads frames: see ``Directions``. ``held``: what all
    flows hold back.
    """

    hears: Mapping[tuple[str, int], str]
    on_part: Emit
    on_heard: Callable[[Heard], None]
    on_station: Callable[..., None]
    on_opening: Callable[[bytes, bytes, int, float, int], None] = lambda *_: None
    on_answer: Callable[[bytes, int, bytes, float, int], None] = lambda *_: None
    on_group: Callable[[bytes, bytes, int, float, int], None] = lambda *_: None
    usual: Set[int] = frozenset()
    has_keys: Callable[[], bool] = lambda: False
    unknown_links: dict[int, int] = field(default_factory=dict)
    fragments: Fragments = field(default_factory=Fragments)
    evicted: int = 0
    quiet: Directions = field(default_factory=dict)
    quiet_udp: Directions = field(default_factory=dict)
    held: Held = field(default_factory=Held)
    _tcp: dict[bytes, TcpFlow] = field(default_factory=dict)
    _udp: dict[bytes, UdpFlow] = field(default_factory=dict)
    _ended: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    _askers: OrderedDict[bytes, str] = field(default_factory=OrderedDict)
    _senders: set[bytes] = field(default_factory=set)

    def take(self, frame: Frame) -> None:
        """One frame of the capture."""
        number, at, link_type, data, _ = frame
        plain = link_type == ETHERNET and data[12:15] == _PLAIN and data[20:22] in _WHOLE
        if plain and data[23:24] == _TCP_BYTE:
            # TCP in IPv4 without options or fragments, nine frames of ten: no detour for these.
            self._from_station(data[6:12], data[26:30], number, data[22])
            length = data[16] << 8 | data[17]
            end = 14 + length if length else len(data)
            self._take_tcp(data[26:38], data[34:end], end - 34, at, number)
            return
        link = parse_link(link_type, data)
        if link is None or link.sealed:
            self.unknown_links[link_type] = self.unknown_links.get(link_type, 0) + 1
        if link is not None:
            self._take_linked(link, data, at, number)

    def _take_linked(self, link: Link, data: bytes, at: float, number: int, depth: int = 0) -> None:
        """What follows a link layer. ``depth``: in how many tunnels it came."""
        if not link.kind:
            if link.source:
                self.on_station(link.source, b"", number, to_group=False)
            return
        protocol = self.hears.get(("ether", link.kind))
        if protocol is not None:
            payload = data[link.offset :]
            self.on_heard(Heard(protocol, number, at, link.source, b"", payload))
        self.fragments.mark = link, at, number
        packet = parse(link.kind, data, link.offset, self.fragments)
        if packet is None:
            if link.source:
                self.on_station(link.source, b"", number, to_group=False)
            self._take_left()
            return
        to_group = _never_forwarded(packet.destination)
        self.on_station(link.source, packet.source, number, to_group=to_group, hops=packet.hops)
        if packet.protocol == TCP:
            direction = packet.source + packet.destination + packet.payload[:4]
            self._take_tcp(direction, packet.payload, packet.length, at, number)
        elif packet.protocol == UDP:
            head = packet.payload
            tunnel = head[2:4] in PORTS or head[:2] in PORTS
            if not (tunnel and self._take_carried(packet, at, number, depth)):
                self._take_udp(packet, link, at, number)
        elif packet.protocol in PROTOCOLS:
            self._take_carried(packet, at, number, depth)
        else:
            protocol = self.hears.get(("ip", packet.protocol))
            if protocol is not None:
                self.on_heard(
                    Heard(protocol, number, at, link.source, packet.source, packet.payload)
                )

    def _take_carried(self, packet: Packet, at: float, number: int, depth: int) -> bool:
        """Look into what may be a tunnel's packet; False when it is none."""
        inner = carried(packet) if depth < DEEPEST else None
        if inner is not None:
            self._take_linked(*inner, at, number, depth + 1)
        return inner is not None

    def finish(self) -> None:
        """End what the capture left open."""
        self.fragments.end()
        self._take_left()
        for flow in dict.fromkeys(self._tcp.values()):
            flow.end()
        for exchange in dict.fromkeys(self._udp.values()):
            exchange.end()
        self._tcp.clear()
        self._udp.clear()

    def _from_station(self, mac: bytes, address: bytes, number: int, hops: int) -> None:
        """Take down who sent a frame to one other, unless that is known."""
        sender = mac + address
        if sender not in self._senders:
            if len(self._senders) >= MOST_SENDERS:
                self._senders.clear()
            self._senders.add(sender)
            self.on_station(mac, address, number, to_group=False, hops=hops)

    def _take_tcp(self, direction: bytes, head: bytes, length: int, at: float, number: int) -> None:
        """One segment; ``length``: of all of it on the wire, of which ``head`` may lack the end."""
        if len(head) < 20:
            return
        flags, size = head[13], (head[12] >> 4) * 4
        flow = self._tcp.get(direction)
        if flags & SYN:
            flow = self._opened(flow, direction, flags, at, number)
        elif flow is None and (length <= size or direction in self._ended):
            return  # nothing was said, or it was said before
        if flow is None:
            from_client = flags & (SYN | ACK) == SYN or (not flags & SYN and self._asks(head))
            flow = self._new_tcp(direction, from_client=from_client)
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
            self._over(direction)
        elif self.held.size > MOST_HELD:
            self._relieve()

    def _opened(
        self, flow: TcpFlow | None, direction: bytes, flags: int, at: float, number: int
    ) -> TcpFlow | None:
        """The flow that a SYN belongs to, None if it opens one. ``flow``: the one that is known."""
        source, destination, sport, dport = _ends(direction)
        if flags & ACK:
            self.on_answer(source, int.from_bytes(sport, "big"), destination, at, number)
            return flow
        back = reverse(direction)
        self._ended.pop(direction, None)
        self._ended.pop(back, None)
        if flow is not None and flow.spoke:
            self._forget(self._tcp, flow)
            flow = None
        if flow is None:
            self.on_opening(source, destination, int.from_bytes(dport, "big"), at, number)
        return flow

    def _new_tcp(self, direction: bytes, *, from_client: bool) -> TcpFlow:
        if len(self._tcp) >= 2 * MOST_FLOWS:
            self._relieve()
        back = reverse(direction)
        asking = direction if from_client else back
        part = _part(asking, TCP)
        flow = TcpFlow(part, asking, self.on_part, self.held, self.quiet, self.has_keys)
        self._tcp[direction] = self._tcp[back] = flow
        return flow

    def _over(self, direction: bytes) -> None:
        for way in (direction, reverse(direction)):
            self._tcp.pop(way, None)
            self._ended[way] = None
            if len(self._ended) > 2 * MOST_ENDED:
                self._ended.popitem(last=False)

    def _relieve(self) -> None:
        """End the quarter of all flows that was silent longest.

        What is cut is a connection in which something was said: of datagrams nothing is lost when
        later ones are another exchange.
        """
        for flow in _oldest(self._tcp):
            self.evicted += flow.spoke
            self._forget(self._tcp, flow)
        for exchange in _oldest(self._udp):
            self._forget(self._udp, exchange)

    def _forget(self, flows: dict[bytes, _Flow], flow: _Flow) -> None:
        """End a flow. A packet from a socket to itself has one direction only."""
        flows.pop(flow.direction, None)
        flows.pop(reverse(flow.direction), None)
        flow.end()

    def _take_left(self) -> None:
        """Datagrams of which only the first fragment came: their beginning tells what they are."""
        for packet, mark in self.fragments.left():
            if packet.protocol == UDP:
                link, at, number = cast(tuple[Link, float, int], mark)
                flow = self._udp.get(packet.source + packet.destination + packet.payload[:4])
                self._take_udp(packet, link, max(at, flow.last) if flow else at, number)

    def _take_udp(self, packet: Packet, link: Link, at: float, number: int) -> None:
        head = packet.payload
        if len(head) < 8:
            return
        here, there = packet.source + head[:2], packet.destination + head[2:4]
        length = int.from_bytes(head[4:6], "big") or len(head)
        data = head[8:length]
        protocol = self._announced(here, there)
        if protocol is not None:
            self.on_heard(Heard(protocol, number, at, link.source, packet.source, data))
            if _group(packet.destination):
                port = int.from_bytes(there[-2:], "big")
                self.on_group(packet.source, packet.destination, port, at, number)
                return
        direction = packet.source + packet.destination + head[:4]
        flow = self._udp.get(direction)
        if flow is not None and at - flow.last > SILENCE:
            self._forget(self._udp, flow)
            flow = None
        if flow is None:
            flow = self._new_udp(direction, from_client=self._asks(head))
        flow.datagram(direction, data, at, number, cut=length > len(head))
        if self.held.size > MOST_HELD:
            self._relieve()

    def _new_udp(self, direction: bytes, *, from_client: bool) -> UdpFlow:
        if len(self._udp) >= 2 * MOST_FLOWS:
            self._relieve()
        back = reverse(direction)
        asking = direction if from_client else back
        flow = UdpFlow(_part(asking, UDP), asking, self.on_part, self.held, self.quiet_udp)
        self._udp[direction] = self._udp[back] = flow
        return flow

    def _asks(self, head: bytes) -> bool:
        """Whether a sender seen first without an opening is the client, by its port: the last
        resort. Servers use ports that are usual for a protocol, or system ports (RFC 6335), clients
        ephemeral ones; else whoever speaks first asks.
        """
        source, destination = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:4], "big")
        if (source in self.usual) != (destination in self.usual):
            return destination in self.usual
        if (source < _SYSTEM_PORTS) != (destination < _SYSTEM_PORTS):
            return destination < _SYSTEM_PORTS
        if (source >= _EPHEMERAL_PORTS) != (destination >= _EPHEMERAL_PORTS):
            return source >= _EPHEMERAL_PORTS
        return True

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


def _oldest(flows: Mapping[bytes, _Flow]) -> list[_Flow]:
    """The quarter of all that was silent longest; each is known by both of its directions."""
    order = sorted(dict.fromkeys(flows.values()), key=lambda flow: flow.last)
    return order[: len(order) // 4 + 1]


def _group(address: bytes) -> bool:
    """Whether this is a multicast address or the broadcast to all (RFC 919)."""
    first = address[0]
    if len(address) == 16:
        return first == 0xFF
    return 224 <= first < 240 or address == b"\xff\xff\xff\xff"


def _never_forwarded(address: bytes) -> bool:
    """Whether no router passes on what is sent there: RFC 5771 section 4, RFC 4291 section 2.7."""
    if len(address) == 16:
        return address[0] == 0xFF and address[1] & 15 <= 2
    return address[:3] == b"\xe0\0\0" or address == b"\xff\xff\xff\xff"


def _ends(direction: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Source, destination and their ports."""
    size = (len(direction) - 4) // 2
    return direction[:size], direction[size:-4], direction[-4:-2], direction[-2:]


def _part(asking: bytes, transport: int) -> Part:
    client, server, cport, sport = _ends(asking)
    ports = int.from_bytes(cport, "big"), int.from_bytes(sport, "big")
    return Part(client, ports[0], server, ports[1], transport)
