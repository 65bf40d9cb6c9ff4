"""Sorts captured frames: to the flow they belong to, to the announcements, or past.

The walk of a frame that belongs to a flow nobody needs is one dictionary look-up. State is per flow
and bounded in number: the flow that was silent longest is ended when there are too many.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field

from iotscan.capture.flows import Part, TcpFlow, UdpFlow
from iotscan.capture.frames import Frame
from iotscan.capture.internet import TCP, UDP, Fragments, Packet, parse
from iotscan.capture.links import Link
from iotscan.capture.links import parse as parse_link

MOST_FLOWS = 16_384
# Sockets that asked a group and may be answered by anybody, from any port (SSDP).
MOST_ASKERS = 1024
# Seconds of silence after which the same two UDP sockets mean another exchange (RFC 4787 asks NATs
# to keep a mapping two minutes).
UDP_SILENCE = 120.0
_SYN, _ACK = 2, 16
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
    finished parts of flows,
    ``on_station`` takes down each frame's sender (see ``Stations.add``), ``on_opening`` each SYN
    (source, target, port, time, frame), ``on_answer`` each answer to one (server, port, client,
    time, frame).
    """

    hears: Mapping[tuple[str, int], str]
    on_part: Callable[[Part], None]
    on_heard: Callable[[Heard], None]
    on_station: Callable[..., None]
    on_opening: Callable[[bytes, bytes, int, float, int], None] = lambda *_: None
    on_answer: Callable[[bytes, int, bytes, float, int], None] = lambda *_: None
    usual: Set[int] = frozenset()
    unknown_links: dict[int, int] = field(default_factory=dict)
    fragments: Fragments = field(default_factory=Fragments)
    evicted: int = 0
    _tcp: OrderedDict[bytes, TcpFlow] = field(default_factory=OrderedDict)
    _udp: OrderedDict[bytes, UdpFlow] = field(default_factory=OrderedDict)
    _askers: OrderedDict[bytes, str] = field(default_factory=OrderedDict)

    def take(self, frame: Frame) -> None:
        """One frame of the capture."""
        number, at, link_type, data, _ = frame
        link = parse_link(link_type, data)
        if link is None:
            self.unknown_links[link_type] = self.unknown_links.get(link_type, 0) + 1
            return
        if not link.kind:
            if link.source:
                self.on_station(link.source, b"", number, to_group=False)
            return
        protocol = self.hears.get(("ether", link.kind))
        if protocol is not None:
            payload = data[link.offset :]
            self.on_heard(Heard(protocol, number, at, link.source, b"", payload))
        packet = parse(link.kind, data, link.offset, self.fragments)
        if packet is None:
            if link.source:
                self.on_station(link.source, b"", number, to_group=False)
            return
        to_group = _never_forwarded(packet.destination)
        self.on_station(link.source, packet.source, number, to_group=to_group)
        if packet.protocol == TCP:
            self._take_tcp(packet, at, number)
        elif packet.protocol == UDP:
            self._take_udp(packet, link, at, number)
        else:
            protocol = self.hears.get(("ip", packet.protocol))
            if protocol is not None:
                self.on_heard(
                    Heard(protocol, number, at, link.source, packet.source, packet.payload)
                )

    def finish(self) -> None:
        """End what the capture left open."""
        for flow in self._tcp.values():
            flow.end()
        for exchange in self._udp.values():
            exchange.end()
        self._tcp.clear()
        self._udp.clear()

    def _take_tcp(self, packet: Packet, at: float, number: int) -> None:
        head = packet.payload
        if len(head) < 20:
            return
        ports, flags = head[:4], head[13]
        here = packet.source + ports[:2]
        there = packet.destination + ports[2:]
        key = here + there if here < there else there + here
        flow = self._tcp.get(key)
        opening = flags & _SYN and not flags & _ACK
        if flow is not None and opening and flow.answered:
            flow.end()
            del self._tcp[key]
            flow = None
        if flow is None:
            if opening:
                port = int.from_bytes(ports[2:], "big")
                self.on_opening(packet.source, packet.destination, port, at, number)
            to_server = bool(opening) or (not flags & _SYN and self._asks(ports))
            flow = self._new_tcp(key, here, there, to_server=to_server)
        if flags & _SYN and flags & _ACK:
            port = int.from_bytes(ports[:2], "big")
            self.on_answer(packet.source, port, packet.destination, at, number)
        from_client = (here < there) != flow.swapped
        sequence = int.from_bytes(head[4:8], "big")
        payload = head[(head[12] >> 4) * 4 :]
        if not flow.segment(from_client, sequence, flags, payload, at, number):
            del self._tcp[key]

    def _new_tcp(self, key: bytes, here: bytes, there: bytes, *, to_server: bool) -> TcpFlow:
        client, server = (here, there) if to_server else (there, here)
        flow = TcpFlow(_part(client, server, TCP), self.on_part, swapped=client > server)
        self._tcp[key] = flow
        if len(self._tcp) > MOST_FLOWS:
            self._tcp.popitem(last=False)[1].end()
            self.evicted += 1
        return flow

    def _take_udp(self, packet: Packet, link: Link, at: float, number: int) -> None:
        head = packet.payload
        if len(head) < 8:
            return
        ports, data = head[:4], head[8 : int.from_bytes(head[4:6], "big") or len(head)]
        here, there = packet.source + ports[:2], packet.destination + ports[2:]
        protocol = self._announced(here, there)
        if protocol is not None:
            self.on_heard(Heard(protocol, number, at, link.source, packet.source, data))
            if _group(packet.destination):
                return
        key = here + there if here < there else there + here
        flow = self._udp.get(key)
        if flow is None or at - flow.last > UDP_SILENCE:
            if flow is not None:
                flow.end()
                del self._udp[key]
            flow = self._new_udp(key, here, there, ports)
        flow.datagram((here < there) != flow.swapped, data, at, number)

    def _asks(self, ports: bytes) -> bool:
        """Whether a sender seen first without an opening is the client, by its port: the last
        resort. Servers use ports that are usual for a protocol, or system ports (RFC 6335), clients
        ephemeral ones; else whoever speaks first asks.
        """
        source, destination = int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")
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

    def _new_udp(self, key: bytes, here: bytes, there: bytes, ports: bytes) -> UdpFlow:
        client, server = (here, there) if self._asks(ports) else (there, here)
        flow = UdpFlow(_part(client, server, UDP), self.on_part, swapped=client > server)
        self._udp[key] = flow
        if len(self._udp) > MOST_FLOWS:
            self._udp.popitem(last=False)[1].end()
            self.evicted += 1
        return flow


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


def _part(client: bytes, server: bytes, transport: int) -> Part:
    return Part(
        client[:-2],
        int.from_bytes(client[-2:], "big"),
        server[:-2],
        int.from_bytes(server[-2:], "big"),
        transport,
    )
