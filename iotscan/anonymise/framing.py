"""Frames with their addresses and MACs replaced, and their checksums made anew."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass, field

from iotscan.anonymise import neighbours, wire
from iotscan.anonymise.book import Book
from iotscan.capture.frames import Frame
from iotscan.capture.internet import ICMP, ICMPV6, TCP, UDP
from iotscan.capture.links import IPV4, IPV6
from iotscan.capture.links import parse as parse_link
from iotscan.capture.making import checksum

BLANKED, BLANK_FRAMES, FRAGMENTS = (
    "bytes of unread payload",
    "frames with unread payload",
    "fragments",
)
_ARP, _IGMP = 0x0806, 2
# Where MACs stand in the head of a frame, by link type.
_MACS = {1: (0, 6), 113: (6,), 276: (12,), 105: (4, 10, 16)}
_RADIOTAP, _WIFI = 127, 105
# Link types whose heads are understood here, the others' may hold MACs: those above, and those that
# have none (loopback, PPP, raw IP, Cisco HDLC, frame relay, 802.15.4, of which nothing is read).
_HEADS = frozenset(
    {*_MACS, _RADIOTAP, 0, 9, 12, 14, 50, 51, 101, 104, 107, 108, 195, 204, 228, 229, 230}
)
_EXTENSIONS = (0, 43, 60)
_MOST_DIRECTIONS = 65_536
_HALF, _FULL = 1 << 31, 1 << 32
_SYN = 2


@dataclass
class Known:
    """What reading told of frames. ``lengths``: of the part of each frame's payload that a reader
    understood, counted from its end, one more than it is; ``edits``: what to change in that part;
    ``whole``: datagrams that get another content; ``heard``: announcements.
    """

    lengths: dict[int, int] = field(default_factory=dict)
    edits: dict[int, tuple[tuple[int, bytes], ...]] = field(default_factory=dict)
    whole: dict[int, bytes] = field(default_factory=dict)
    heard: set[int] = field(default_factory=set)


@dataclass
class _Direction:
    """One direction of a connection, by places in its stream: what was read, what to change."""

    base: int
    read: list[tuple[int, int]] = field(default_factory=list)
    edits: list[tuple[int, bytes]] = field(default_factory=list)


class Framer:
    """Rewrites frames in the order of the capture. ``keep``: keep payload that nobody read."""

    def __init__(self, book: Book, known: Known, *, keep: bool) -> None:
        self._book, self._known, self._keep = book, known, keep
        self._flows: OrderedDict[bytes, _Direction] = OrderedDict()

    def __call__(self, frame: Frame) -> bytes:
        """The frame, replaced."""
        number, _, link_type, data, wire = frame
        link = parse_link(link_type, data)
        if link is None or link_type not in _HEADS:
            return bytes(len(data))
        offset = min(link.offset, len(data))
        if offset == len(data) and link_type not in (_WIFI, _RADIOTAP):
            return self._blank(data)
        head = self._head(link_type, data[:offset])
        body = data[offset:]
        if link.kind == IPV4:
            return head + self._ipv4(body, number, cut=wire > len(data))
        if link.kind == IPV6:
            return head + self._ipv6(body, number, cut=wire > len(data))
        if link.kind == _ARP:
            found = neighbours.arp(body, self._book)
            return head + (found if found is not None else self._blank(body))
        if number in self._known.heard:
            return head + self._book.text(body)
        return head + self._blank(body)

    def _head(self, link_type: int, head: bytes) -> bytes:
        out = bytearray(head)
        begin = 0
        if link_type == _RADIOTAP:
            begin, link_type = int.from_bytes(head[2:4], "little"), _WIFI
        for at in _MACS.get(link_type, ()):
            place = begin + at
            if place + 6 <= len(out):
                out[place : place + 6] = self._mac(head[place : place + 6])
        if link_type == _WIFI and len(head) > begin + 24:
            self._wifi(out, begin)
        return bytes(out)

    def _wifi(self, out: bytearray, begin: int) -> None:
        """Behind the addresses: management frames tell names of networks, so that all goes but the
        head of a data frame that is not encrypted.
        """
        if out[begin] >> 2 & 3 != 2 or out[begin + 1] & 0x40:
            out[begin + 24 :] = self._blank(bytes(out[begin + 24 :]))

    def _mac(self, mac: bytes) -> bytes:
        if mac[:3] == b"\x33\x33\xff":
            return mac[:3] + self._book.addresses.end(mac[3:])
        return self._book.macs(mac)

    def _blank(self, data: bytes) -> bytes:
        if self._keep:
            return self._book.text(data)
        size = len(data) - data.count(0)
        self._book.counts[BLANKED] += size
        self._book.counts[BLANK_FRAMES] += bool(size)
        return bytes(len(data))

    def _ipv4(self, data: bytes, number: int, *, cut: bool) -> bytes:
        size = (data[0] & 15) * 4 if data else 0
        if len(data) < 20 or data[0] >> 4 != 4 or size < 20 or len(data) < size:
            return self._blank(data)
        total = int.from_bytes(data[2:4], "big")
        end = min(len(data), total) if total >= size else len(data)
        head = bytearray(data[:size])
        head[12:20] = self._book.addresses(data[12:16]) + self._book.addresses(data[16:20])
        head[20:] = bytes(size - 20)  # options may hold routes; they are padding now
        payload = data[size:end]
        if int.from_bytes(data[6:8], "big") & 0x3FFF:
            body = self._fragment(payload)
        else:
            body = self._payload(data[9], payload, data[12:20], bytes(head[12:20]), number, cut=cut)
        if total and len(body) != len(payload):
            head[2:4] = (total + len(body) - len(payload)).to_bytes(2, "big")
        head[10:12] = bytes(2)
        head[10:12] = checksum(bytes(head)).to_bytes(2, "big")
        return bytes(head) + body + bytes(len(data) - end)

    def _ipv6(self, data: bytes, number: int, *, cut: bool) -> bytes:
        if len(data) < 40 or data[0] >> 4 != 6:
            return self._blank(data)
        length = int.from_bytes(data[4:6], "big")
        end = min(len(data), 40 + length) if length else len(data)
        head = bytearray(data[:40])
        head[8:40] = self._book.addresses(data[8:24]) + self._book.addresses(data[24:40])
        kind, at = data[6], 40
        extensions = b""
        while kind in _EXTENSIONS and at + 8 <= end:
            stop = min(end, at + (data[at + 1] + 1) * 8)
            # A routing header holds addresses.
            extensions += data[at : at + 4] + bytes(stop - at - 4) if kind == 43 else data[at:stop]
            kind, at = data[at], stop
        payload = data[at:end]
        if kind == 44:
            body = self._fragment(payload)
        else:
            body = self._payload(kind, payload, data[8:40], bytes(head[8:40]), number, cut=cut)
        if length and len(body) != len(payload):
            head[4:6] = (length + len(body) - len(payload)).to_bytes(2, "big")
        return bytes(head) + extensions + body + bytes(len(data) - end)

    def _fragment(self, payload: bytes) -> bytes:
        """A part of a datagram: put together it may have been read, but here nothing is safe."""
        self._book.counts[FRAGMENTS] += 1
        return self._blank(payload[8:]).rjust(len(payload), b"\0") if not self._keep else payload

    def _payload(
        self, kind: int, data: bytes, old: bytes, new: bytes, number: int, *, cut: bool
    ) -> bytes:
        if kind == TCP and len(data) >= 20:
            body, at = self._tcp(data, old, number), 16
        elif kind == UDP and len(data) >= 8:
            body, at = self._udp(data, number), 6
        elif kind == ICMP:
            body, at = neighbours.icmp(data, self._book), 2
        elif kind == _IGMP:
            body, at = neighbours.igmp(data, self._book), 2
        elif kind == ICMPV6:
            body, at = neighbours.icmpv6(data, self._book), 2
        else:
            return self._blank(data)
        if len(body) < at + 2 or (kind == UDP and data[6:8] == b"\0\0"):
            return body
        return _summed(kind, body, at, new, cut=cut)

    def _tcp(self, data: bytes, addresses: bytes, number: int) -> bytes:
        size = (data[12] >> 4) * 4
        if size < 20 or size > len(data):
            return self._blank(data)
        direction = addresses + data[:4]
        sequence = int.from_bytes(data[4:8], "big")
        flow = self._flows.get(direction)
        if flow is None or data[13] & _SYN:
            flow = self._flows[direction] = _Direction(sequence)
            if len(self._flows) > _MOST_DIRECTIONS:
                self._flows.popitem(last=False)
        payload = data[size:]
        return data[:size] + (self._segment(flow, sequence, payload, number) if payload else b"")

    def _segment(self, flow: _Direction, sequence: int, payload: bytes, number: int) -> bytes:
        """The bytes of a segment: what a reader understood, now or when it was sent before."""
        begin = (sequence - flow.base + _HALF) % _FULL - _HALF
        end = begin + len(payload)
        length = self._known.lengths.get(number, 0) - 1
        edits = flow.edits
        if length >= 0:
            start = end - length
            _add(flow.read, start, end)
            new_edits = [(start + at, new) for at, new in self._known.edits.get(number, ())]
            flow.edits += new_edits
            # A segment of which all is new has no edits but its own.
            edits = new_edits if length == len(payload) else flow.edits
        # What was read is changed by its edits; what was not, by what is known from elsewhere.
        unread = self._book.text(payload) if self._keep else bytes(len(payload))
        out = bytearray(unread)
        for first, last in flow.read[max(0, bisect_left(flow.read, (begin, begin)) - 1) :]:
            if first >= end:
                break
            low, high = max(first, begin), min(last, end)
            if low < high:
                out[low - begin : high - begin] = payload[low - begin : high - begin]
        for place, new in edits:
            low, high = max(place, begin), min(place + len(new), end)
            if low < high:
                out[low - begin : high - begin] = new[low - place : high - place]
        if length < 0 and not self._keep and out.count(0) == len(out) != payload.count(0):
            self._book.counts[BLANKED] += len(payload) - payload.count(0)
            self._book.counts[BLANK_FRAMES] += 1
        return bytes(out)

    def _udp(self, data: bytes, number: int) -> bytes:
        claimed = int.from_bytes(data[4:6], "big")
        end = claimed if 8 <= claimed <= len(data) else len(data)
        ports = {int.from_bytes(data[0:2], "big"), int.from_bytes(data[2:4], "big")}
        payload = data[8:end]
        body = self._datagram(ports, payload, number)
        if claimed and len(body) != len(payload):
            claimed += len(body) - len(payload)
        return data[:4] + claimed.to_bytes(2, "big") + data[6:8] + body + bytes(len(data) - end)

    def _datagram(self, ports: set[int], payload: bytes, number: int) -> bytes:
        found: bytes | None = None
        if wire.known(ports):
            found = wire.replaced(ports, payload, self._book)
        elif self._known.lengths.get(number) == len(payload) + 1:
            # Else it is a tunnel, and what was read stands further inside.
            found = self._known.whole.get(number, payload)
        return found if found is not None else self._blank(payload)


def _add(spans: list[tuple[int, int]], begin: int, end: int) -> None:
    """A span among others in order; one that goes on where the last ended is part of it."""
    if spans and spans[-1][1] == begin:
        spans[-1] = spans[-1][0], end
    elif not spans or spans[-1][1] < begin:
        spans.append((begin, end))
    else:
        spans.insert(bisect_left(spans, (begin, end)), (begin, end))


def _summed(kind: int, body: bytes, at: int, addresses: bytes, *, cut: bool) -> bytes:
    """With its checksum made anew; with none where a part is missing that would count."""
    out = body[:at] + b"\0\0" + body[at + 2 :]
    if cut:
        return out
    if kind not in (ICMP, _IGMP):
        out_length = len(out)
        head = addresses + struct.pack("!IHBB", out_length, 0, 0, kind)
    else:
        head = b""
    value = checksum(head + out)
    if kind == UDP:
        value = value or 0xFFFF
    return body[:at] + value.to_bytes(2, "big") + body[at + 2 :]
