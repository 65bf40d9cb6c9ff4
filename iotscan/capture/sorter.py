"""Sorts captured frames: to the flow they belong to, to the announcements, or past.

State is per flow and bounded: when there are too many flows, or they hold back too much, those that
were silent longest are ended, a quarter of all at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import cast

from iotscan.capture.connections import Connections
from iotscan.capture.datagrams import Datagrams, Heard
from iotscan.capture.flows import Asks, Directions, Emit, Held
from iotscan.capture.frames import Frame
from iotscan.capture.internet import TCP, UDP, Fragments, Packet, parse
from iotscan.capture.links import ETHERNET
from iotscan.capture.links import parse as parse_link
from iotscan.capture.tags import Link
from iotscan.capture.tunnels import DEEPEST, PORTS, PROTOCOLS, carried

# Pairs of MAC and address that are taken down as stations.
MOST_SENDERS = 65_536
# EtherType and first byte of IPv4 without options; flags and offset of what is no fragment.
_PLAIN, _WHOLE = b"\x08\0E", (b"\0\0", b"\x40\0")
_TCP_BYTE = bytes([TCP])


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
    held: Held = field(default_factory=Held)
    _tcp: Connections = field(init=False)
    _udp: Datagrams = field(init=False)
    _senders: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        asks, held, relieve = Asks(self.usual), self.held, self._relieve
        opening, answer = self.on_opening, self.on_answer
        self._tcp = Connections(self.on_part, opening, answer, asks, self.has_keys, held, relieve)
        self._udp = Datagrams(
            self.hears, self.on_part, self.on_heard, self.on_group, asks, held, relieve
        )
        self._take_tcp = self._tcp.take

    @property
    def quiet(self) -> Directions:
        return self._tcp.quiet

    @property
    def quiet_udp(self) -> Directions:
        return self._udp.quiet

    @property
    def evicted(self) -> int:
        """How many connections were ended before their time."""
        return self._tcp.evicted

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
                self._udp.take(packet, link.source, at, number)
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
        self._tcp.finish()
        self._udp.finish()

    def _from_station(self, mac: bytes, address: bytes, number: int, hops: int) -> None:
        """Take down who sent a frame to one other, unless that is known."""
        sender = mac + address
        if sender not in self._senders:
            if len(self._senders) >= MOST_SENDERS:
                self._senders.clear()
            self._senders.add(sender)
            self.on_station(mac, address, number, to_group=False, hops=hops)

    def _relieve(self) -> None:
        self._tcp.make_room()
        self._udp.make_room()

    def _take_left(self) -> None:
        """Datagrams of which only the first fragment came: their beginning tells what they are."""
        for packet, mark in self.fragments.left():
            if packet.protocol == UDP:
                link, at, number = cast(tuple[Link, float, int], mark)
                self._udp.take_late(packet, link.source, at, number)


def _never_forwarded(address: bytes) -> bool:
    """Whether no router passes on what is sent there: RFC 5771 section 4, RFC 4291 section 2.7."""
    if len(address) == 16:
        return address[0] == 0xFF and address[1] & 15 <= 2
    return address[:3] == b"\xe0\0\0" or address == b"\xff\xff\xff\xff"
