"""Segments of TCP: what was read of them is replaced, also where it is sent again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from iotscan.anonymise.blank import Blank
from iotscan.anonymise.known import Entry

# Segments of one direction that may be sent again: nobody reads more in one go than these hold.
_MOST_SEGMENTS = 128
# What all directions together may keep, with what Python needs for each.
_MOST_HELD = 32 << 20
_EACH, _EACH_FLOW = 200, 400


@dataclass(slots=True)
class _Direction:
    """Sequence number → (the payload's hash, what it became if that is another one)."""

    segments: dict[int, tuple[int, bytes | None]] = field(default_factory=dict)
    size: int = _EACH_FLOW


class Streams:
    """``blank``: what becomes of payload that nobody read."""

    def __init__(self, blank: Blank, most: int = _MOST_HELD) -> None:
        self._blank, self._most = blank, most
        self._flows: OrderedDict[bytes, _Direction] = OrderedDict()
        self._held = 0

    def segment(self, direction: bytes, sequence: int, payload: bytes, entry: Entry) -> bytes:
        """What becomes of the payload of a segment. ``direction``: addresses and ports.

        The same segment again becomes the same again. What of a segment was sent before in others
        is not compared with those, and goes: readers took it from there.
        """
        if entry.length < 0:
            flow = self._flows.get(direction)
            known = flow.segments.get(sequence) if flow is not None else None
            if known is None or known[0] != hash(payload):
                return self._blank(payload)
            return payload if known[1] is None else known[1]
        old = len(payload) - entry.length
        if old <= 0:
            new = entry.new
        else:
            tail = payload[old:] if entry.new is None else entry.new
            new = self._blank(payload[:old]) + tail
        self._keep(direction, sequence, hash(payload), new)
        return payload if new is None else new

    def _keep(self, direction: bytes, sequence: int, told: int, new: bytes | None) -> None:
        flow = self._flows.get(direction)
        if flow is None:
            flow = self._flows[direction] = _Direction()
            self._held += flow.size
        else:
            self._flows.move_to_end(direction)
        before = flow.size
        if sequence not in flow.segments and len(flow.segments) >= _MOST_SEGMENTS:
            flow.size -= _size(flow.segments.pop(next(iter(flow.segments))))
        elif sequence in flow.segments:
            flow.size -= _size(flow.segments[sequence])
        flow.segments[sequence] = told, new
        flow.size += _size(flow.segments[sequence])
        self._held += flow.size - before
        while self._held > self._most:
            _, oldest = self._flows.popitem(last=False)
            self._held -= oldest.size


def _size(kept: tuple[int, bytes | None]) -> int:
    return _EACH + len(kept[1] or b"")
