"""Blocks of pcapng files: interfaces, frames, names, decryption secrets.

Source: draft-ietf-opsawg-pcapng (section header, interface description, enhanced, simple and
obsolete packet blocks, name resolution, decryption secrets; other blocks are passed over).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

SECTION = b"\n\r\r\n"
# Blocks hold a frame and options, or a name table, or decryption secrets.
LONGEST_BLOCK = 16 << 20
# libpcap's own limit for a snapshot is 262,144; larger claims are damage.
LONGEST_FRAME = 262_144
# A file may describe without end what it never uses: interfaces of a section; names; bytes of keys.
MOST_INTERFACES, MOST_NAMES, MOST_SECRETS = 4096, 4096, 32 << 20

_INTERFACE, _OLD_PACKET, _SIMPLE, _NAMES, ENHANCED, _SECRETS = 1, 2, 3, 4, 6, 10
_TLS_KEY_LOG = (b"TLSK", b"KSLT")


class Unfit(ValueError):
    """A block that cannot be what it says; the text is why."""


# (seconds since 1970, link type, where its bytes begin, how many there are, how many there were)
Located = tuple[float, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Interface:
    link: int
    snap: int
    unit: float
    offset: int

    def time(self, ticks: int) -> float:
        """Seconds since 1970."""
        return ticks * self.unit + self.offset


@dataclass
class Told:
    """What a file tells beside its frames, in all sections: names of addresses (4 or 16 bytes), and
    keys to what was encrypted. As much of it as there is room for.
    """

    names: dict[bytes, bytes] = field(default_factory=dict)
    keylog: list[bytes] = field(default_factory=list)
    _size: int = 0

    def name(self, address: bytes, name: bytes) -> None:
        """The first name of an address is kept."""
        if len(self.names) < MOST_NAMES:
            self.names.setdefault(address, name)

    def secrets(self, log: bytes) -> None:
        self._size += len(log)
        if self._size <= MOST_SECRETS:
            self.keylog.append(log)


@dataclass
class Section:
    """What a section has described so far; ``order`` is that of its numbers, "" if unknown."""

    order: str = "<"
    interfaces: list[Interface] = field(default_factory=list)
    told: Told = field(default_factory=Told)

    def block(self, kind: int, data: bytes, start: int, end: int) -> Located | None:
        """A frame, or None for a block that only describes; its body is ``data[start:end]``.

        Raises struct.error or IndexError when it is shorter than its fields say, Unfit where it
        cannot be what it says for another reason.
        """
        if kind == ENHANCED:
            number, high, low, captured, wire = struct.unpack_from(
                self.order + "IIIII", data, start
            )
            return self._frame(number, high << 32 | low, start + 20, end, captured, wire)
        if kind == _OLD_PACKET:
            number, _, high, low, captured, wire = struct.unpack_from(
                self.order + "HHIIII", data, start
            )
            return self._frame(number, high << 32 | low, start + 20, end, captured, wire)
        if kind == _SIMPLE:
            (wire,) = struct.unpack_from(self.order + "I", data, start)
            snap = self.interfaces[0].snap if self.interfaces else 0
            captured = min(wire, snap or wire, end - start - 4)
            return self._frame(0, 0, start + 4, end, captured, wire)
        self._describe(kind, data[start:end])
        return None

    def _describe(self, kind: int, body: bytes) -> None:
        if kind == _INTERFACE and len(self.interfaces) < MOST_INTERFACES:
            self.interfaces.append(_interface(self.order, body))
        elif kind == _NAMES:
            for address, name in _names(self.order, body):
                self.told.name(address, name)
        elif kind == _SECRETS and body[:4] in _TLS_KEY_LOG:
            (length,) = struct.unpack_from(self.order + "I", body, 4)
            self.told.secrets(body[8 : 8 + length])

    def _frame(
        self, number: int, ticks: int, start: int, end: int, captured: int, wire: int
    ) -> Located:
        if number >= len(self.interfaces):
            raise Unfit(f"a frame is of interface {number}, which is not described")
        interface = self.interfaces[number]
        if captured > min(end - start, LONGEST_FRAME):
            raise IndexError
        return interface.time(ticks), interface.link, start, captured, wire


def begun(data: bytes, offset: int, told: Told) -> Section:
    """The section whose header stands there: its byte order follows from its magic."""
    mark = data[offset + 8 : offset + 12]
    order = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(mark, "")
    return Section(order, told=told)


def _interface(order: str, body: bytes) -> Interface:
    link, _, snap = struct.unpack_from(order + "HHI", body)
    unit, offset = 1e-6, 0
    for code, value in _options(order, body[8:]):
        if code == 9 and value:  # if_tsresol
            unit = 2.0 ** -(value[0] & 127) if value[0] & 128 else 10.0 ** -value[0]
        elif code == 14 and len(value) == 8:  # if_tsoffset
            (offset,) = struct.unpack(order + "q", value)
    return Interface(link, snap, unit, offset)


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
