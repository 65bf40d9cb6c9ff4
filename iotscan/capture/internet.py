"""IPv4 and IPv6 headers of captured packets, with fragments put together in bounded memory.

Sources: RFC 791, RFC 8200 (extension headers and fragments), RFC 815 for the idea of holes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from iotscan.capture.tags import IPV4, IPV6

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION = 0, 43, 44, 51, 60
_SKIPPED = {_HOP_BY_HOP, _ROUTING, _DESTINATION}
_CHAINED = {*_SKIPPED, _AUTHENTICATION}
# Chains longer than this are attacks, not traffic (RFC 8504 lets a node give up at eight).
_MOST_EXTENSIONS = 8
# A packet of 65,535 bytes over the least MTU of IPv4, 68 bytes, is fewer fragments.
MOST_PIECES = 1400


class Packet(NamedTuple):
    """One IP packet: addresses as 4 or 16 bytes, its payload and what that is.

    ``length``: of the payload on the wire, which may be more than the capture kept; ``hops``: how
    many more it may take (TTL, hop limit).
    """

    source: bytes
    destination: bytes
    protocol: int
    payload: bytes
    length: int
    hops: int = 0


@dataclass(slots=True)
class _Partial:
    """A packet whose fragments have not all come. ``first``: what its first one alone tells, and
    the mark of whoever brought it.
    """

    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    end: int = -1
    first: tuple[Packet, object] | None = None


@dataclass
class Fragments:
    """Fragments waiting for their others. The oldest packet is given up when there are too many.

    ``mark``: to be set before a fragment is brought; it comes back with what is ``left``.
    """

    most_packets: int = 256
    most_bytes: int = 65_535
    given_up: int = 0
    mark: object = None
    _waiting: OrderedDict[bytes, _Partial] = field(default_factory=OrderedDict)
    _left: list[tuple[Packet, object]] = field(default_factory=list)

    def add(self, key: bytes, start: int, more: bool, packet: Packet) -> Packet | None:
        """One fragment, as a packet; the whole packet once it is complete.

        The first fragment to claim a byte keeps it: an overlapping one changes nothing.
        """
        data = packet.payload
        partial = self._waiting.setdefault(key, _Partial())
        if not start and partial.first is None:
            partial.first = packet, self.mark
        room = partial.size + len(data) <= self.most_bytes and len(partial.pieces) < MOST_PIECES
        if start not in partial.pieces and room:
            partial.pieces[start] = data
            partial.size += len(data)
        if not more:
            partial.end = start + len(data)
        if len(self._waiting) > self.most_packets:
            _, oldest = self._waiting.popitem(last=False)
            self._give_up(oldest)
            self.given_up += 1
        whole = _joined(partial)
        if whole is None:
            return None
        self._waiting.pop(key, None)
        return packet._replace(payload=whole, length=len(whole))

    def left(self) -> list[tuple[Packet, object]]:
        """First fragments, with their marks, of packets that were given up since the last call."""
        left, self._left = self._left, []
        return left

    def end(self) -> None:
        """No more fragments come."""
        for partial in self._waiting.values():
            self._give_up(partial)
        self._waiting.clear()

    def _give_up(self, partial: _Partial) -> None:
        if partial.first is not None and len(self._left) < self.most_packets:
            self._left.append(partial.first)


def _joined(partial: _Partial) -> bytes | None:
    """The payload if its pieces cover it from 0 to its end."""
    if not 0 <= partial.end <= partial.size or 0 not in partial.pieces:
        return None
    joined, at = [], 0
    for start in sorted(partial.pieces):
        piece = partial.pieces[start]
        if start > at:
            return None
        if start + len(piece) > at:
            joined.append(piece[at - start :])
            at = start + len(piece)
    return b"".join(joined)[: partial.end] if at >= partial.end else None


def parse(kind: int, frame: bytes, offset: int, fragments: Fragments) -> Packet | None:
    """The IP packet at ``offset``; None for what is no IP, cut short, or waits for fragments."""
    try:
        if kind == IPV4:
            return _ipv4(frame, offset, fragments)
        if kind == IPV6:
            return _ipv6(frame, offset, fragments)
    except IndexError:
        pass
    return None


def _ipv4(frame: bytes, offset: int, fragments: Fragments) -> Packet | None:
    if frame[offset] >> 4 != 4:
        return None
    header = (frame[offset] & 15) * 4
    length = frame[offset + 2] << 8 | frame[offset + 3]
    # Segmentation offload leaves 0; then the frame is the length.
    end = offset + length if length else len(frame)
    source, destination = frame[offset + 12 : offset + 16], frame[offset + 16 : offset + 20]
    hops, protocol = frame[offset + 8], frame[offset + 9]
    if header < 20 or len(destination) < 4:
        return None
    payload = frame[offset + header : end]
    placing = frame[offset + 6] << 8 | frame[offset + 7]
    if placing & 0x3FFF:
        key = source + destination + frame[offset + 4 : offset + 6] + bytes([protocol])
        piece = Packet(source, destination, protocol, payload, len(payload), hops)
        return fragments.add(key, (placing & 0x1FFF) * 8, bool(placing & 0x2000), piece)
    return Packet(source, destination, protocol, payload, end - offset - header, hops)


def _ipv6(frame: bytes, offset: int, fragments: Fragments) -> Packet | None:
    if frame[offset] >> 4 != 6:
        return None
    length = frame[offset + 4] << 8 | frame[offset + 5]
    end = offset + 40 + length if length else len(frame)
    source, destination = frame[offset + 8 : offset + 24], frame[offset + 24 : offset + 40]
    if len(destination) < 16:
        return None
    hops = frame[offset + 7]
    protocol, at = _passed(frame[offset + 6], frame, offset + 40)
    if protocol in _CHAINED:
        return None
    if protocol != _FRAGMENT:
        return Packet(source, destination, protocol, frame[at:end], end - at, hops)
    placing = frame[at + 2] << 8 | frame[at + 3]
    key = source + destination + frame[at + 4 : at + 8]
    data = frame[at + 8 : end]
    piece = Packet(source, destination, frame[at], data, len(data), hops)
    whole = fragments.add(key, placing & 0xFFF8, bool(placing & 1), piece)
    if whole is None or whole.protocol not in _CHAINED:
        return whole
    # What only the last receiver reads may stand behind the fragment header (RFC 8200, 4.1).
    protocol, at = _passed(whole.protocol, whole.payload, 0)
    return whole._replace(protocol=protocol, payload=whole.payload[at:], length=whole.length - at)


def _passed(protocol: int, data: bytes, at: int) -> tuple[int, int]:
    """The protocol behind extension headers, and where it begins; still one of those headers where
    there are too many.
    """
    for _ in range(_MOST_EXTENSIONS):
        if protocol in _SKIPPED:
            protocol, at = data[at], at + (data[at + 1] + 1) * 8
        elif protocol == _AUTHENTICATION:
            protocol, at = data[at], at + (data[at + 1] + 2) * 4
        else:
            break
    return protocol, at
