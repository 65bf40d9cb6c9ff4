"""Packets with their addresses replaced, through fragments and tunnels, and checksums made anew.

RFC 791, RFC 8200, RFC 9293, RFC 768; tunnels as :mod:`iotscan.capture.tunnels` knows them.
"""

from __future__ import annotations

from typing import NamedTuple

from iotscan.anonymise import carrying, heads, neighbours, sums, wire
from iotscan.anonymise.blank import BLANK_HEADS, FRAGMENTS, Blank
from iotscan.anonymise.book import Book
from iotscan.anonymise.fragments import Piece, Pieces, Wait
from iotscan.anonymise.known import Entry
from iotscan.anonymise.options import extensions, tcp_options
from iotscan.anonymise.streams import Streams
from iotscan.capture.internet import ICMP, ICMPV6, TCP, UDP, Packet
from iotscan.capture.links import ETHERNET
from iotscan.capture.tags import ARP, IPV4, IPV6, Link
from iotscan.capture.tunnels import DEEPEST, PORTS, PROTOCOLS, Inside, inside

_IGMP, _FRAGMENT = 2, 44
_SUM_AT = {TCP: 16, UDP: 6, ICMP: 2, _IGMP: 2, ICMPV6: 2}
_IN_PSEUDO = (TCP, UDP, ICMPV6)


class Place(NamedTuple):
    """Where something stands. ``depth``: in how many tunnels; ``cut``: the capture may lack its
    end; ``entry``: what is known of the frame.
    """

    number: int
    entry: Entry
    cut: bool
    depth: int = 0


class Ends(NamedTuple):
    """Both addresses of a packet, before and after."""

    old: bytes
    new: bytes


class Packets:
    """Rewrites what frames carry, in the order of the capture. ``pieces``: fragments; their frames
    raise ``Wait`` until the packet is whole, and are then to be asked for again.
    """

    def __init__(self, book: Book, blank: Blank) -> None:
        self._book, self._blank = book, blank
        self.pieces = Pieces(blank)
        self.streams = Streams(blank)

    def framed(self, medium: int, link: Link | None, data: bytes, place: Place) -> bytes:
        """A frame. ``medium``: its link type, -1 for one without a head of its own."""
        if link is None or medium not in heads.UNDERSTOOD:
            return self._nothing(data)
        offset = min(link.offset, len(data))
        if offset == len(data) and medium not in heads.WIRELESS:
            return self._blank(data)
        body = data[offset:]
        new = self._body(link.kind, body, place)
        head = heads.replaced(medium, data[:offset], self._book)
        if medium == ETHERNET:
            head = heads.bridged(data[:offset], head, link, self._book)
        if len(new) != len(body):
            head = heads.longer(medium, head, len(new) - len(body))
        return head + new

    def _nothing(self, data: bytes) -> bytes:
        """Of a head that is not understood nothing is kept: it may hold MACs."""
        self._book.counts[BLANK_HEADS] += 1
        return bytes(len(data))

    def _body(self, kind: int, data: bytes, place: Place) -> bytes:
        if kind == IPV4:
            return self._ipv4(data, place)
        if kind == IPV6:
            return self._ipv6(data, place)
        if kind == ARP:
            found = neighbours.arp(data, self._book)
            return found if found is not None else self._blank(data)
        return self._book.text(data) if place.entry.heard else self._blank(data)

    def _ipv4(self, data: bytes, place: Place) -> bytes:
        size = (data[0] & 15) * 4 if data else 0
        if len(data) < 20 or data[0] >> 4 != 4 or size < 20 or len(data) < size:
            return self._blank(data)
        total = int.from_bytes(data[2:4], "big")
        end = min(len(data), total) if total >= size else len(data)
        if total >= size:
            place = place._replace(cut=total > len(data))
        addresses = self._book.addresses
        ends = Ends(data[12:20], addresses(data[12:16]) + addresses(data[16:20]))
        payload, placing = data[size:end], int.from_bytes(data[6:8], "big")
        if placing & 0x3FFF:
            piece = Piece((placing & 0x1FFF) * 8, bool(placing & 0x2000), payload)
            body = self._fragment(data[9], piece, ends, place)
        else:
            body = self._payload(data[9], payload, ends, place)
        # Options may hold routes; they are padding now.
        head = data[:12] + ends.new + bytes(size - 20)
        if total and len(body) != len(payload):
            head = heads.added(head, 2, len(body) - len(payload))
        old = int.from_bytes(data[10:12], "big")
        head = sums.summed(head, 10, old=old, right=not sums.total(data[:size]))
        return head + body + self._blank(data[end:])

    def _ipv6(self, data: bytes, place: Place) -> bytes:
        if len(data) < 40 or data[0] >> 4 != 6:
            return self._blank(data)
        length = int.from_bytes(data[4:6], "big")
        end = min(len(data), 40 + length) if length else len(data)
        if length:
            place = place._replace(cut=40 + length > len(data))
        addresses = self._book.addresses
        ends = Ends(data[8:40], addresses(data[8:24]) + addresses(data[24:40]))
        kind, at, between = extensions(data[:end], data[6])
        payload = data[at:end]
        if kind == _FRAGMENT and len(payload) >= 8:
            placing = int.from_bytes(payload[2:4], "big")
            piece = Piece(placing & 0xFFF8, bool(placing & 1), payload[8:])
            body = payload[:8] + self._fragment(payload[0], piece, ends, place)
        else:
            body = self._payload(kind, payload, ends, place)
        head = data[:8] + ends.new
        if length and len(body) != len(payload):
            head = heads.added(head, 4, len(body) - len(payload))
        return head + between + body + self._blank(data[end:])

    def _fragment(self, kind: int, piece: Piece, ends: Ends, place: Place) -> bytes:
        """A part of a packet, as it becomes when the packet is whole."""
        number, depth = place.number, place.depth
        last = place.entry.parts.get(depth)
        if last is None:
            self._book.counts[FRAGMENTS] += 1
            if piece.start:
                return self._blank(piece.data)
            # A replay reads the beginning of a packet that never was whole.
            return self._payload(kind, piece.data, ends, place._replace(cut=True))
        done = self.pieces.done(number, depth)
        if done is not None:
            return done
        self.pieces.hold(number, depth, last, piece)
        if last != number:
            raise Wait(last)
        whole = self.pieces.whole(last, depth)
        if whole is None:
            self.pieces.blank(last, depth)
        else:
            new = self._payload(kind, whole, ends, place._replace(cut=False))
            self.pieces.put(last, depth, whole, new)
        return self.pieces.done(number, depth) or b""

    def _payload(self, kind: int, data: bytes, ends: Ends, place: Place) -> bytes:
        carried = self._carried(kind, data, place)
        claimed = int.from_bytes(data[4:6], "big") if kind == UDP else 0
        covered = claimed if 8 <= claimed <= len(data) else len(data)
        if carried is not None:
            body = self._tunnel(kind, data, carried, place)
        elif kind == TCP and len(data) >= 20:
            body = self._tcp(data, ends.old, place)
        elif kind == UDP and len(data) >= 8:
            body = self._udp(data[:covered], place) + self._blank(data[covered:])
        elif kind == ICMP:
            body = neighbours.icmp(data, self._book)
        elif kind == _IGMP:
            body = neighbours.igmp(data, self._book)
        elif kind == ICMPV6:
            body = neighbours.icmpv6(data, self._book)
        else:
            return self._blank(data)
        return _again(kind, data, body, covered, ends, cut=place.cut)

    def _carried(self, kind: int, data: bytes, place: Place) -> Inside | None:
        """What it carries, if it is a tunnel's."""
        if kind == UDP:
            if data[2:4] not in PORTS and data[:2] not in PORTS:
                return None
        elif kind not in PROTOCOLS:
            return None
        if place.depth >= DEEPEST:
            return None
        return inside(Packet(b"", b"", kind, data, len(data)))

    def _tunnel(self, kind: int, data: bytes, carried: Inside, place: Place) -> bytes:
        deeper = place._replace(depth=place.depth + 1)
        inner = self.framed(carried.medium, carried.link, carried.data, deeper)
        return carrying.around(kind, data, len(carried.data), inner, self._book)

    def _tcp(self, data: bytes, addresses: bytes, place: Place) -> bytes:
        size = (data[12] >> 4) * 4
        if size < 20 or size > len(data):
            return self._blank(data)
        payload = data[size:]
        if payload:
            sequence = int.from_bytes(data[4:8], "big")
            payload = self.streams.segment(addresses + data[:4], sequence, payload, place.entry)
        return data[:20] + tcp_options(data[20:size]) + payload

    def _udp(self, data: bytes, place: Place) -> bytes:
        ports = {int.from_bytes(data[0:2], "big"), int.from_bytes(data[2:4], "big")}
        payload = data[8:]
        body = self.datagram(ports, payload, place.entry)
        head = data[:8]
        if data[4:6] != b"\0\0" and len(body) != len(payload):
            head = heads.added(head, 4, len(body) - len(payload))
        return head + body

    def datagram(self, ports: set[int], payload: bytes, entry: Entry) -> bytes:
        """What the payload of a datagram becomes."""
        found: bytes | None = None
        if wire.known(ports):
            found = wire.replaced(ports, payload, self._book)
        elif entry.length == len(payload):
            found = payload if entry.new is None else entry.new
        return found if found is not None else self._blank(payload)


def _again(kind: int, old: bytes, new: bytes, covered: int, ends: Ends, *, cut: bool) -> bytes:
    """With its checksum as right as it was; with none where a part is missing that would count."""
    at = _SUM_AT.get(kind)
    if at is None or len(new) < at + 2 or len(old) < at + 2:
        return new
    was = int.from_bytes(old[at : at + 2], "big")
    if kind == UDP and not was:
        return new
    if cut:
        return new[:at] + b"\0\0" + new[at + 2 :]
    size = covered + len(new) - len(old)
    before = after = b""
    if kind in _IN_PSEUDO:
        before = sums.pseudo(ends.old, kind, covered)
        after = sums.pseudo(ends.new, kind, size)
    right = not sums.total(before + old[:covered])
    summed = sums.summed(new[:size], at, old=was, right=right, around=after, never_zero=kind == UDP)
    return summed + new[size:]
