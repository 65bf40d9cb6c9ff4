"""The frames of which most captures are, by the shortest way: Ethernet, IPv4 without options and
fragments, TCP or UDP. What becomes of them is the same as by the long one.
"""

from __future__ import annotations

from collections.abc import Callable

from iotscan.anonymise import heads, sums
from iotscan.anonymise.blank import Blank
from iotscan.anonymise.book import Book
from iotscan.anonymise.known import Entry
from iotscan.anonymise.options import tcp_options
from iotscan.anonymise.streams import Streams
from iotscan.capture.internet import TCP, UDP
from iotscan.capture.tunnels import PORTS

# EtherType and first byte of IPv4 without options; flags and offset of what is no fragment.
_PLAIN, _WHOLE = b"\x08\0E", (b"\0\0", b"\x40\0")
_IP, _TRANSPORT = 14, 34
_LEAST = 54
# Pairs of MACs, and of addresses, that are kept in mind.
_MOST = 65_536
# Ports of a datagram, its payload, what is known of the frame → what the payload becomes.
Datagram = Callable[[set[int], bytes, Entry], bytes]


class Plain:
    """Call it with a frame of Ethernet: what becomes of it, or None if it takes the long way."""

    def __init__(self, book: Book, blank: Blank, streams: Streams, datagram: Datagram) -> None:
        self._book, self._blank, self._streams, self._datagram = book, blank, streams, datagram
        self._macs: dict[bytes, bytes] = {}
        self._ends: dict[bytes, tuple[bytes, int]] = {}

    def __call__(self, data: bytes, entry: Entry) -> bytes | None:
        if data[12:15] != _PLAIN or data[20:22] not in _WHOLE or len(data) < _LEAST:
            return None
        end = _IP + (data[16] << 8 | data[17])
        if not _LEAST <= end <= len(data):
            return None
        if data[23] == TCP:
            return self._tcp(data, end, entry)
        return self._udp(data, end, entry) if data[23] == UDP else None

    def _tcp(self, data: bytes, end: int, entry: Entry) -> bytes | None:
        begin = _TRANSPORT + (data[46] >> 4) * 4
        if not _LEAST <= begin <= end:
            return None
        payload = new = data[begin:end]
        if payload:
            sequence = int.from_bytes(data[38:42], "big")
            new = self._streams.segment(data[26:38], sequence, payload, entry)
        options = data[_LEAST:begin]
        kept = tcp_options(options) if options else options
        ends, shift = self._addressed(data[26:34])
        old, right = data[50] << 8 | data[51], not _total(TCP, data[26:end])
        if right and new is payload and kept is options:
            value = (old - shift) % 0xFFFF
        else:
            bare = ends + data[34:50] + b"\0\0" + data[52:54] + kept + new
            value = sums.told(-_total(TCP, bare) % 0xFFFF, old, right=right)
        head = data[34:50] + value.to_bytes(2, "big") + data[52:54]
        return self._framed(data, end, ends, shift, head + kept + new)

    def _udp(self, data: bytes, end: int, entry: Entry) -> bytes | None:
        if data[36:38] in PORTS or data[34:36] in PORTS:
            return None
        if data[38] << 8 | data[39] != end - _TRANSPORT:
            return None
        payload = data[42:end]
        ports = {data[34] << 8 | data[35], data[36] << 8 | data[37]}
        new = self._datagram(ports, payload, entry)
        ends, shift = self._addressed(data[26:34])
        head = data[34:38] + (8 + len(new)).to_bytes(2, "big")
        old = data[40] << 8 | data[41]
        value = 0
        if old:
            right = not _total(UDP, data[26:end])
            bare = ends + head + b"\0\0" + new
            value = sums.told(-_total(UDP, bare) % 0xFFFF, old, right=right, never_zero=True)
        return self._framed(data, end, ends, shift, head + value.to_bytes(2, "big") + new)

    def _framed(self, data: bytes, end: int, ends: bytes, shift: int, body: bytes) -> bytes:
        """The frame around what follows the head of IP."""
        size = _TRANSPORT - _IP + len(body)
        old = data[24] << 8 | data[25]
        right = not int.from_bytes(data[_IP:_TRANSPORT], "big") % 0xFFFF
        if right:
            value = (old - shift - size + end - _IP) % 0xFFFF
            front = data[12:16] + size.to_bytes(2, "big") + data[18:24]
        else:
            front = data[12:16] + size.to_bytes(2, "big") + data[18:24]
            bare = front[2:] + b"\0\0" + ends
            value = sums.told(-int.from_bytes(bare, "big") % 0xFFFF, old, right=False)
        rest = data[end:]
        macs = self._macs.get(data[:12]) or self._new_macs(data[:12])
        framed = macs + front + value.to_bytes(2, "big") + ends + body
        return framed + self._blank(rest) if rest else framed

    def _new_macs(self, old: bytes) -> bytes:
        if len(self._macs) >= _MOST:
            self._macs.clear()
        new = heads.mac(old[:6], self._book) + heads.mac(old[6:], self._book)
        self._macs[old] = new
        return new

    def _addressed(self, old: bytes) -> tuple[bytes, int]:
        """Both addresses, and by how much their sum grew."""
        found = self._ends.get(old)
        if found is None:
            if len(self._ends) >= _MOST:
                self._ends.clear()
            new = self._book.addresses(old[:4]) + self._book.addresses(old[4:])
            found = self._ends[old] = new, (sums.total(new) - sums.total(old)) % 0xFFFF
        return found


def _total(kind: int, addressed: bytes) -> int:
    """The sum that a checksum is right by, over both addresses and all behind them."""
    number = int.from_bytes(addressed, "big") << (len(addressed) % 2 * 8)
    return (number + kind + len(addressed) - 8) % 0xFFFF
