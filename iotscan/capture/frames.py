"""Walks the records of pcap and pcapng files: frame number, time, link type, bytes.

Sources: draft-ietf-opsawg-pcap (both byte orders, micro- and nanoseconds, Kuznetzov's variant is
refused) and draft-ietf-opsawg-pcapng (section header, interface description, enhanced, simple and
obsolete packet blocks; other blocks are passed over). Lengths are checked before anything is read:
a file that claims a record of 4 GB costs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from iotscan.capture.files import Source

# (frame number from 1, seconds since 1970, link type, bytes, length on the wire)
Frame = tuple[int, float, int, bytes, int]

# libpcap's own limit for a snapshot is 262,144; larger claims are damage.
LONGEST_FRAME = 262_144
# Blocks hold a frame and options, or a name table, or decryption secrets.
LONGEST_BLOCK = 16 << 20

_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_SECTION = 0x0A0D0D0A
_INTERFACE, _OLD_PACKET, _SIMPLE, _NAMES, _ENHANCED, _SECRETS = 1, 2, 3, 4, 6, 10


@dataclass
class Walk:
    """A walk through one capture; ``damage`` says where and why it ended early, "" if it did not.

    ``interfaces``: how many a pcapng file described. ``names``: (address, name) pairs of its name
    resolution blocks. ``keylog``: TLS key log text of its decryption secrets blocks.
    """

    source: Source
    damage: str = ""
    count: int = 0
    interfaces: int = 0
    names: list[tuple[bytes, bytes]] = field(default_factory=list)
    keylog: list[bytes] = field(default_factory=list)

    def frames(self) -> Iterator[Frame]:
        """Every frame as far as the file goes. Never raises for what is in the file."""
        at = self.source.need(0, 4)
        magic = bytes(self.source.data[at : at + 4]) if at >= 0 else b""
        if magic in _PCAP:
            yield from self._pcap(*_PCAP[magic])
        elif magic == b"\n\r\r\n":
            yield from self._pcapng()
        elif not self.source.damage:
            self.damage = (
                "the file is empty" if not magic else "this is neither a pcap nor a pcapng file"
            )
        self.damage = self.damage or self.source.damage

    def _stop(self, offset: int, why: str) -> None:
        self.damage = (
            f"reading stopped at byte {self.source.base + offset} after frame {self.count}: {why}"
        )

    def _pcap(self, order: str, unit: float) -> Iterator[Frame]:
        source, record = self.source, struct.Struct(order + "IIII")
        offset = source.need(0, 24)
        if offset < 0:
            self._stop(0, "the file header is cut off")
            return
        # The upper bits hold the length of a frame check sequence.
        link = struct.unpack_from(order + "I", source.data, offset + 20)[0] & 0xFFFF
        self.interfaces, offset = 1, offset + 24
        unpack = record.unpack_from
        while True:
            data, start = source.data, offset
            if offset + 16 > len(data):
                offset = source.need(offset, 16)
                if offset < 0:
                    if self._left(start):
                        self._stop(start, "a record header is cut off")
                    return
                data = source.data
            seconds, fraction, captured, wire = unpack(data, offset)
            if captured > LONGEST_FRAME:
                self._stop(offset, f"a record claims {captured} bytes")
                return
            body = offset + 16
            if body + captured > len(data):
                body = source.need(body, captured)
                if body < 0:
                    self._stop(offset, "the last record is cut off")
                    return
                data = source.data
            offset = body + captured
            self.count += 1
            yield self.count, seconds + fraction * unit, link, data[body:offset], wire

    def _left(self, offset: int) -> bool:
        return offset < len(self.source.data)

    def _pcapng(self) -> Iterator[Frame]:
        offset, section = 0, _Section()
        while True:
            start = offset
            offset = self.source.need(offset, 12)
            if offset < 0:
                # A stream's window may have moved; what is left then starts at 0.
                if self._left(start):
                    self._stop(start, "a block header is cut off")
                return
            if bytes(self.source.data[offset : offset + 4]) == b"\n\r\r\n":
                section = _Section(_byte_order(self.source.data, offset))
                if not section.order:
                    self._stop(offset, "a section has no byte-order mark")
                    return
            kind, length = struct.unpack_from(section.order + "II", self.source.data, offset)
            if length < 12 or length % 4 or length > LONGEST_BLOCK:
                self._stop(offset, f"a block claims {length} bytes")
                return
            body = self.source.need(offset, length)
            if body < 0:
                self._stop(offset, "the last block is cut off")
                return
            offset = body + length
            try:
                frame = self._block(section, kind, bytes(self.source.data[body + 8 : offset - 4]))
            except (struct.error, IndexError):
                self._stop(body, f"a block of type {kind} is shorter than its fields")
                return
            if frame is not None:
                self.count += 1
                yield self.count, *frame

    def _block(
        self, section: _Section, kind: int, body: bytes
    ) -> tuple[float, int, bytes, int] | None:
        """One block: a frame, or nothing for those that only describe."""
        order = section.order
        if kind == _INTERFACE:
            section.describe(body)
            self.interfaces += 1
        elif kind == _ENHANCED:
            number, high, low, captured, wire = struct.unpack_from(order + "IIIII", body)
            return section.frame(number, high << 32 | low, body[20:], captured, wire)
        elif kind == _OLD_PACKET:
            number, _, high, low, captured, wire = struct.unpack_from(order + "HHIIII", body)
            return section.frame(number, high << 32 | low, body[20:], captured, wire)
        elif kind == _SIMPLE:
            (wire,) = struct.unpack_from(order + "I", body)
            captured = min(wire, section.interfaces[0].snap or wire, len(body) - 4)
            return section.frame(0, 0, body[4:], captured, wire)
        elif kind == _NAMES:
            self.names += _names(order, body)
        elif kind == _SECRETS and body[:4] in (b"TLSK", b"KSLT"):
            (length,) = struct.unpack_from(order + "I", body, 4)
            self.keylog.append(body[8 : 8 + length])
        return None


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    snap: int
    unit: float
    offset: int


@dataclass
class _Section:
    order: str = "<"
    interfaces: list[_Interface] = field(default_factory=list)

    def describe(self, body: bytes) -> None:
        link, _, snap = struct.unpack_from(self.order + "HHI", body)
        unit, offset = 1e-6, 0
        for code, value in _options(self.order, body[8:]):
            if code == 9 and value:  # if_tsresol
                unit = 2.0 ** -(value[0] & 127) if value[0] & 128 else 10.0 ** -value[0]
            elif code == 14 and len(value) == 8:  # if_tsoffset
                (offset,) = struct.unpack(self.order + "q", value)
        self.interfaces.append(_Interface(link, snap, unit, offset))

    def frame(
        self, number: int, ticks: int, data: bytes, captured: int, wire: int
    ) -> tuple[float, int, bytes, int] | None:
        """A frame's time, link type, bytes and length; raises IndexError without its interface."""
        interface = self.interfaces[number]
        if captured > min(len(data), LONGEST_FRAME):
            raise IndexError
        at = ticks * interface.unit + interface.offset
        return at, interface.link, data[:captured], wire


def _byte_order(data: object, offset: int) -> str:
    mark = bytes(data[offset + 8 : offset + 12])  # type: ignore[index]
    return {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(mark, "")


def _options(order: str, body: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, offset)
        if code == 0:
            return
        yield code, body[offset + 4 : offset + 4 + length]
        offset += 4 + (length + 3 & ~3)


def _names(order: str, body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(address, name) pairs of a name resolution block."""
    for code, value in _options(order, body):
        size = {1: 4, 2: 16}.get(code)
        if size:
            for name in value[size:].split(b"\0"):
                if name:
                    yield value[:size], name
