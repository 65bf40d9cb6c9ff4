"""Segments of TCP with what was read in them changed, also where it was sent before."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from iotscan.anonymise.blank import Blank
from iotscan.anonymise.known import Entry

_MOST_DIRECTIONS = 65_536
# How far back a segment may repeat what was said, and how many stretches and changes are kept of
# that: more than any window of a host (RFC 7323) that is in use.
_BACK, _MOST_SPANS, _MOST_EDITS = 4 << 20, 1024, 1024
# Bytes of changes that all directions together may keep.
_MOST_HELD = 64 << 20
# Before a place in a stream no longer fits the numbers of segments, places are counted anew.
_FAR = 1 << 30
_HALF, _FULL = 1 << 31, 1 << 32


@dataclass(slots=True)
class _Direction:
    """One direction of a connection, by places in its stream: what was read, what to change."""

    base: int
    end: int = 0
    read: list[tuple[int, int]] = field(default_factory=list)
    edits: list[tuple[int, bytes]] = field(default_factory=list)
    held: int = 0


class Streams:
    """``blank``: what becomes of payload that nobody read."""

    def __init__(self, blank: Blank) -> None:
        self._blank = blank
        self._flows: OrderedDict[bytes, _Direction] = OrderedDict()
        self._held = 0

    def segment(
        self, direction: bytes, sequence: int, payload: bytes, entry: Entry, *, opens: bool
    ) -> bytes:
        """The payload of a segment. ``direction``: addresses and ports; ``opens``: it is a SYN."""
        flow = self._flows.get(direction)
        if flow is None or opens:
            if not payload and not opens:
                return payload
            flow = self._begin(direction, sequence)
        if not payload:
            return payload
        # A SYN counts as one byte of the stream.
        begin = (sequence + opens - flow.base + _HALF) % _FULL - _HALF
        if abs(begin - flow.end) > _BACK or flow.end > _FAR:
            flow.base, begin = sequence, 0
            self._forget(flow)
        end = begin + len(payload)
        edits = flow.edits
        if entry.length >= 0:
            edits = self._learn(flow, end, payload, entry)
        elif not flow.read or begin >= flow.read[-1][1]:
            flow.end = max(flow.end, end)
            return self._blank(payload)
        flow.end = max(flow.end, end)
        return self._changed(flow, begin, payload, edits)

    def _begin(self, direction: bytes, sequence: int) -> _Direction:
        old = self._flows.pop(direction, None)
        if old is not None:
            self._held -= old.held
        flow = self._flows[direction] = _Direction(sequence)
        while len(self._flows) > _MOST_DIRECTIONS or self._held > _MOST_HELD:
            _, oldest = self._flows.popitem(last=False)
            self._held -= oldest.held
        return flow

    def _learn(
        self, flow: _Direction, end: int, payload: bytes, entry: Entry
    ) -> list[tuple[int, bytes]]:
        """Take down what was read of a segment; the changes that may concern it."""
        start = end - entry.length
        _add(flow.read, start, end)
        new = [(start + at, data) for at, data in entry.edits]
        flow.edits += new
        size = sum(len(data) for _, data in new)
        flow.held += size
        self._held += size
        if len(flow.read) > 2 * _MOST_SPANS or len(flow.edits) > 2 * _MOST_EDITS:
            self._trim(flow, end)
        # A segment of which all is new has no changes but its own.
        return new if entry.length == len(payload) else flow.edits

    def _trim(self, flow: _Direction, end: int) -> None:
        """Keep what is near."""
        flow.read = [span for span in flow.read if span[1] > end - _BACK][-_MOST_SPANS:]
        flow.edits = [edit for edit in flow.edits if edit[0] > end - _BACK][-_MOST_EDITS:]
        size = sum(len(data) for _, data in flow.edits)
        self._held += size - flow.held
        flow.held = size

    def _forget(self, flow: _Direction) -> None:
        self._held -= flow.held
        flow.held = flow.end = 0
        flow.read, flow.edits = [], []

    def _changed(
        self, flow: _Direction, begin: int, payload: bytes, edits: list[tuple[int, bytes]]
    ) -> bytes:
        """What was read of a segment, now or when it was sent before, with its changes; the rest is
        what nobody read.
        """
        end = begin + len(payload)
        first = max(0, bisect_left(flow.read, (begin, begin)) - 1)
        if self._blank.keep:
            out = bytearray(self._blank(payload))
            for low, high in _within(flow.read[first:], begin, end):
                out[low:high] = payload[low:high]
        else:
            out, at = bytearray(payload), 0
            for low, high in (*_within(flow.read[first:], begin, end), (len(payload),) * 2):
                if at < low:
                    out[at:low] = self._blank(payload[at:low])
                at = max(at, high)
        for place, new in edits:
            low, high = max(place, begin), min(place + len(new), end)
            if low < high:
                out[low - begin : high - begin] = new[low - place : high - place]
        return bytes(out)


def _within(spans: list[tuple[int, int]], begin: int, end: int) -> Iterator[tuple[int, int]]:
    """What of them lies between two places, counted from the first."""
    for start, stop in spans:
        if start >= end:
            return
        low, high = max(start, begin), min(stop, end)
        if low < high:
            yield low - begin, high - begin


def _add(spans: list[tuple[int, int]], begin: int, end: int) -> None:
    """A span among others in order; one that goes on where the last ended is part of it."""
    if spans and spans[-1][1] == begin:
        spans[-1] = spans[-1][0], end
    elif not spans or spans[-1][1] < begin:
        spans.append((begin, end))
    else:
        spans.insert(bisect_left(spans, (begin, end)), (begin, end))
