"""A first look at every frame: the addresses and MACs in their heads, and which fragments belong
together.

A replay passes over frames that tell nothing new; here each counts.
"""

from __future__ import annotations

from collections.abc import Callable

from iotscan.anonymise.book import Book
from iotscan.capture.frames import Frame
from iotscan.capture.internet import TCP, UDP, Fragments, Packet, parse
from iotscan.capture.links import ETHERNET
from iotscan.capture.links import parse as parse_link
from iotscan.capture.tags import Link
from iotscan.capture.tunnels import DEEPEST, PORTS, PROTOCOLS, inside

_PLAIN, _WHOLE = b"\x08\0E", (b"\0\0", b"\x40\0")
_TCP_BYTE, _UDP_BYTE = bytes((TCP,)), bytes((UDP,))
_MOST_HEADS = 65_536
# Tells of a fragment: (its frame, how deep in tunnels, the frame with which its packet is whole).
Told = Callable[[int, int, int], None]


class _Traced(Fragments):
    """Fragments that are put together as a replay does, and tell which belonged together."""

    def __init__(self, told: Told) -> None:
        super().__init__()
        self._told = told
        self._frames: dict[bytes, list[int]] = {}
        self.place = 0, 0

    def add(self, key: bytes, start: int, more: bool, packet: Packet) -> Packet | None:
        """See ``Fragments``; ``place`` is the frame, and how deep in tunnels it is."""
        number, depth = self.place
        key = bytes((depth,)) + key
        self._frames.setdefault(key, []).append(number)
        given_up = self.given_up
        whole = super().add(key, start, more, packet)
        if whole is not None:
            for frame in dict.fromkeys(self._frames.pop(key)):
                self._told(frame, depth, number)
        elif self.given_up > given_up:
            self._frames = {key: self._frames[key] for key in self._waiting}
        return whole


class Survey:
    """Show it all frames. ``told`` is told of each fragment of a packet that is whole."""

    def __init__(self, book: Book, told: Told) -> None:
        self._book = book
        self._fragments = _Traced(told)
        self._heads: set[bytes] = set()
        self._ends: set[bytes] = set()

    def see(self, frame: Frame) -> None:
        """One frame."""
        number, _, link_type, data, _ = frame
        if link_type == ETHERNET:
            if data[:12] not in self._heads:
                self._macs(data[:6], data[6:12])
                if len(self._heads) >= _MOST_HEADS:
                    self._heads.clear()
                self._heads.add(data[:12])
            if data[12:15] == _PLAIN and data[20:22] in _WHOLE:
                self._addresses(data[26:34])
                kind = data[23:24]
                if kind == _TCP_BYTE:
                    return
                ports = data[34:36], data[36:38]
                if kind == _UDP_BYTE and PORTS.isdisjoint(ports):
                    return
        link = parse_link(link_type, data)
        if link is not None:
            self._linked(link, data, number, 0)

    def _linked(self, link: Link, data: bytes, number: int, depth: int) -> None:
        self._macs(link.source, link.destination)
        self._fragments.place = number, depth
        packet = parse(link.kind, data, link.offset, self._fragments)
        if packet is None:
            return
        self._addresses(packet.source + packet.destination)
        if depth >= DEEPEST:
            return
        ports = packet.payload[:2], packet.payload[2:4]
        if packet.protocol in PROTOCOLS or (packet.protocol == UDP and not PORTS.isdisjoint(ports)):
            inner = inside(packet)
            if inner is not None:
                self._linked(inner.link, inner.data, number, depth + 1)

    def _addresses(self, ends: bytes) -> None:
        """Both addresses of a packet."""
        if ends in self._ends:
            return
        if len(self._ends) >= _MOST_HEADS:
            self._ends.clear()
        self._ends.add(ends)
        half = len(ends) // 2
        if half in (4, 16):
            self._book.addresses.learn(ends[:half])
            self._book.addresses.learn(ends[half:])

    def _macs(self, *macs: bytes) -> None:
        for mac in macs:
            if len(mac) == 6:
                self._book.macs(mac)
