"""Walks the records of pcap and pcapng files: frame number, time, link type, bytes.

Source: draft-ietf-opsawg-pcap (both byte orders, micro- and nanoseconds; Kuznetzov's variant is
refused), and see :mod:`iotscan.capture.pcapng`. Lengths are checked before anything is read: a file
that claims a record of 4 GB costs nothing.

Most bytes of a home's traffic are films. Once it is clear that a direction of a flow needs no look,
its frames are passed over here, before they are copied, let alone parsed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from iotscan.capture import pcapng
from iotscan.capture.files import Source
from iotscan.capture.flows import Directions
from iotscan.capture.pcapng import LONGEST_BLOCK, LONGEST_FRAME

# (frame number from 1, seconds since 1970, link type, bytes, length on the wire)
Frame = tuple[int, float, int, bytes, int]

_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_ETHERNET, _TCP, _UDP = 1, 6, 17
_LEAST = 54  # Ethernet, IPv4 and TCP headers; a shorter frame is looked at
# Total length of an IPv4 packet without payload, by the data offset of its TCP header in words, and
# payload length of an IPv6 packet, likewise.
_BARE = [(20 + words * 4).to_bytes(2, "big") for words in range(16)]
_BARE6 = [(words * 4).to_bytes(2, "big") for words in range(16)]
# Of an enhanced packet block, before its frame.
_HEADED = 28
_ENDS = 7  # FIN, SYN, RST
# Of a record and its Ethernet frame, as if that were IPv4 and TCP: time, lengths, EtherType with
# the first byte of IP, total length, place of a fragment, protocol, direction, data offset, flags.
_PEEK, _PEEKED = "IIII12x3sx2s2x2sxB2x12s8xBB", 64
_WHOLE = (b"\0\0", b"\x40\0")


def needless(data: bytes, at: int, captured: int, tcp: Directions, udp: Directions) -> bool:
    """Whether the Ethernet frame at ``at`` is of a known direction, with nothing in it to see.

    ``tcp`` and ``udp``: known directions → whether they are quiet (see ``Directions``). An
    acknowledgement without payload of a known direction is never of interest.
    """
    head = data[at + 12 : at + 48]
    if head[:3] == b"\x08\0E":
        if head[8] & 0x3F or head[9]:
            return False  # a fragment
        if head[11] == _TCP:
            quiet = tcp.get(head[14:26])
            if quiet is None or head[35] & _ENDS:
                return False
            return quiet or head[4:6] == _BARE[head[34] >> 4]
        return head[11] == _UDP and udp.get(head[14:26], False)
    if head[:2] == b"\x86\xdd" and captured >= _LEAST + 20:
        if head[8] == _TCP:
            quiet = tcp.get(data[at + 22 : at + 58])
            if quiet is None or data[at + 67] & _ENDS:
                return False
            return quiet or head[6:8] == _BARE6[data[at + 66] >> 4]
        return head[8] == _UDP and udp.get(data[at + 22 : at + 58], False)
    return False


@dataclass
class Walk:
    """A walk through one capture; ``damage`` says where and why it ended early, "" if it did not.

    ``quiet`` and ``quiet_udp``: frames that are ``needless`` by them are counted, not yielded.
    ``count`` and ``last`` (a time) are right once the walk is over. ``told``: by a pcapng file.
    """

    source: Source
    quiet: Directions = field(default_factory=dict)
    quiet_udp: Directions = field(default_factory=dict)
    damage: str = ""
    count: int = 0
    last: float = 0.0
    told: pcapng.Told = field(default_factory=pcapng.Told)

    def frames(self) -> Iterator[Frame]:
        """Every frame that needs a look, as far as the file goes. Never raises for its content."""
        at = self.source.need(0, 4)
        magic = self.source.data[at : at + 4] if at >= 0 else b""
        if magic in _PCAP:
            yield from self._pcap(*_PCAP[magic])
        elif magic == pcapng.SECTION:
            yield from self._pcapng()
        elif not self.source.damage:
            self.damage = (
                "the file is empty" if not magic else "this is neither a pcap nor a pcapng file"
            )
        self.damage = self.damage or self.source.damage

    def _pcap(self, order: str, unit: float) -> Iterator[Frame]:
        source, unpack = self.source, struct.Struct(order + "IIII").unpack_from
        offset = source.need(0, 24)
        if offset < 0:
            self._stop(0, "the file header is cut off", 0)
            return
        # The upper bits hold the length of a frame check sequence.
        link = struct.unpack_from(order + "I", source.data, offset + 20)[0] & 0xFFFF
        offset += 24
        ethernet, quiet, quiet_udp = link == _ETHERNET, self.quiet, self.quiet_udp
        peek, known, known_udp = struct.Struct(order + _PEEK).unpack_from, quiet.get, quiet_udp.get
        data, count, seconds, fraction = source.data, 0, 0, 0
        end = len(data)
        while True:
            if ethernet and offset + _PEEKED <= end:
                # The same as below for IPv4 and TCP, in one step: three frames of four end here.
                (
                    seconds,
                    fraction,
                    captured,
                    wire,
                    kind,
                    total,
                    fragment,
                    protocol,
                    direction,
                    words,
                    flags,
                ) = peek(data, offset)
                if kind == b"\x08\0E" and fragment in _WHOLE:
                    if protocol == _TCP:
                        skip = known(direction)
                        if skip is not None:
                            skip = not flags & _ENDS and (skip or total == _BARE[words >> 4])
                    else:
                        skip = protocol == _UDP and known_udp(direction)
                    if skip and captured >= _LEAST and offset + 16 + captured <= end:
                        offset += 16 + captured
                        count += 1
                        continue
            if offset + 16 > end:
                offset = self._next(offset, 16, "a record header is cut off", count, clean=True)
                if offset < 0:
                    break
                data, end = source.data, len(source.data)
            seconds, fraction, captured, wire = unpack(data, offset)
            if captured > LONGEST_FRAME:
                why = f"a record claims {captured} bytes"
                self._stop(source.base + offset, why, count)
                break
            body = offset + 16
            if body + captured > end:
                body = self._next(body, captured, "the last record is cut off", count)
                if body < 0:
                    break
                data, end = source.data, len(source.data)
            offset = body + captured
            count += 1
            if ethernet and captured >= _LEAST and needless(data, body, captured, quiet, quiet_udp):
                continue
            yield count, seconds + fraction * unit, link, data[body:offset], wire
        self.count, self.last = count, seconds + fraction * unit

    def _pcapng(self) -> Iterator[Frame]:
        offset, section, count, at = 0, pcapng.Section(), 0, 0.0
        while True:
            offset, passed, last = self._passed(offset, section)
            count += passed
            at = last if passed else at
            offset = self._next(offset, 12, "a block header is cut off", count, clean=True)
            if offset < 0:
                break
            data = self.source.data
            if data[offset : offset + 4] == pcapng.SECTION:
                section = pcapng.begun(data, offset, self.told)
                if not section.order:
                    self._stop(self.source.base + offset, "a section has no byte-order mark", count)
                    break
            kind, length = struct.unpack_from(section.order + "II", data, offset)
            if length < 12 or length % 4 or length > LONGEST_BLOCK:
                self._stop(self.source.base + offset, f"a block claims {length} bytes", count)
                break
            start = self._next(offset, length, "the last block is cut off", count)
            if start < 0:
                break
            offset, data = start + length, self.source.data
            try:
                found = section.block(kind, data, start + 8, offset - 4)
            except (struct.error, IndexError, pcapng.Unfit) as error:
                why = f"a block of type {kind} is shorter than its fields"
                why = str(error) if isinstance(error, pcapng.Unfit) else why
                self._stop(self.source.base + start, why, count)
                break
            if found is None:
                continue
            count += 1
            at, link, begin, captured, wire = found
            ethernet = link == _ETHERNET and captured >= _LEAST
            if ethernet and needless(data, begin, captured, self.quiet, self.quiet_udp):
                continue
            yield count, at, link, data[begin : begin + captured], wire
        self.count, self.last = count, at

    def _passed(self, offset: int, section: pcapng.Section) -> tuple[int, int, float]:
        """Pass over the frames that are needless, one after the other: where the first other block
        begins, how many there were, and when the last one was.
        """
        data, end, passed, last = self.source.data, len(self.source.data), 0, (0, 0, 0)
        peek = struct.Struct(section.order + "IIIIII").unpack_from
        interfaces, tcp, udp = section.interfaces, self.quiet, self.quiet_udp
        while offset + _HEADED + _LEAST <= end:
            kind, length, number, high, low, captured = peek(data, offset)
            following = offset + length
            if (
                kind != pcapng.ENHANCED
                or not _LEAST <= captured <= length - _HEADED
                or length % 4
                or following > end
                or number >= len(interfaces)
                or interfaces[number].link != _ETHERNET
                or not needless(data, offset + _HEADED, captured, tcp, udp)
            ):
                break
            offset, passed, last = following, passed + 1, (number, high, low)
        if not passed:
            return offset, 0, 0.0
        number, high, low = last
        return offset, passed, interfaces[number].time(high << 32 | low)

    def _next(self, offset: int, length: int, why: str, count: int, *, clean: bool = False) -> int:
        """Make ``length`` bytes at ``offset`` available; -1 at the end of the file, which is damage
        unless nothing is left where a record may or may not begin (``clean``).
        """
        position = self.source.base + offset
        found = self.source.need(offset, length)
        if found < 0 and (not clean or self.source.base + len(self.source.data) > position):
            self._stop(position, why, count)
        return found

    def _stop(self, position: int, why: str, count: int) -> None:
        # Where unpacking ended, the end of a record is missing for that.
        why = self.source.damage or why
        self.damage = f"reading stopped at byte {position} after frame {count}: {why}"
