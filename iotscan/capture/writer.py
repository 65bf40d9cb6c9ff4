"""Writes pcapng files. draft-ietf-opsawg-pcapng: section, interfaces, enhanced packets, secrets."""

from __future__ import annotations

import struct
from typing import Protocol

_SECTION, _INTERFACE, _ENHANCED, _SECRETS = 0x0A0D0D0A, 1, 6, 10
_TLS_KEY_LOG = 0x544C534B
_COMMENT, _RESOLUTION = 1, 9
# Times are written in nanoseconds, 10 to the power of minus this.
_DIGITS = 9
_LONGEST_COMMENT = 4096
# Of an enhanced packet, what stands before the frame; of every block, its end.
_HEAD, _SIZE = struct.Struct("<IIIIIII"), struct.Struct("<I")
_PADDING = (b"", b"\0", b"\0\0", b"\0\0\0")


class Writable(Protocol):
    """What a file, a buffer or a packer offers."""

    def write(self, data: bytes, /) -> object: ...


class Writer:
    """Packets of any link types into one file; interfaces are described as they come up."""

    def __init__(self, out: Writable) -> None:
        self._out = out
        self._interfaces: dict[int, int] = {}
        self._block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))

    def packet(self, at: float, link: int, data: bytes, length: int = 0, comment: str = "") -> None:
        """One frame. ``at``: seconds since 1970; ``length``: on the wire, if more than ``data``."""
        number = self._interfaces.get(link)
        if number is None:
            number = self._interfaces[link] = len(self._interfaces)
            resolution = struct.pack("<HHBxxxHH", _RESOLUTION, 1, _DIGITS, 0, 0)
            self._block(_INTERFACE, struct.pack("<HHI", link, 0, 0) + resolution)
        ticks = max(0, round(at * 1_000_000)) * 1000
        captured = len(data)
        end = _PADDING[-captured % 4] + (_commented(comment) if comment else b"")
        size = _HEAD.size + captured + len(end) + 4
        head = _HEAD.pack(
            _ENHANCED,
            size,
            number,
            ticks >> 32,
            ticks & 0xFFFFFFFF,
            captured,
            max(length, captured),
        )
        self._out.write(b"".join((head, data, end, _SIZE.pack(size))))

    def secrets(self, log: bytes) -> None:
        """A TLS key log, which is to stand before the frames that it opens."""
        self._block(_SECRETS, struct.pack("<II", _TLS_KEY_LOG, len(log)) + _padded(log))

    def _block(self, kind: int, body: bytes) -> None:
        size = struct.pack("<I", len(body) + 12)
        self._out.write(struct.pack("<I", kind) + size + body + size)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _commented(comment: str) -> bytes:
    raw = comment.encode("utf-8", "replace")[:_LONGEST_COMMENT]
    if not raw:
        return b""
    return struct.pack("<HH", _COMMENT, len(raw)) + _padded(raw) + bytes(4)
