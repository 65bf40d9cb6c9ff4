"""Messages made of a first line, fields and a counted body: what RTSP and SIP took from HTTP.

RFC 2326 section 4, RFC 3261 section 7. Fields are read as in HTTP, repeated and folded ones too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from iotscan.errors import Malformed
from iotscan.protocols.encodings.fields import Headed, Headers, first, parse_headers

# Descriptions of streams and registrations are below 4 kB; more is no message of a device.
HEAD_LIMIT = 16_384
BODY_LIMIT = 65_536
LINE_LIMIT = 4096
# Of one connection; what follows repeats what came before.
LONGEST = 1_048_576
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_MESSAGE_LENGTHS = ("content-length", "l")


@dataclass(frozen=True, slots=True)
class Message(Headed):
    """One message. ``line`` is its first line as matched; ``end`` where it ends in the bytes."""

    line: re.Match[bytes]
    headers: Headers
    body: bytes
    end: int


def parse(data: bytes, at: int, line: re.Pattern[bytes], *, closed: bool = False) -> Message | None:
    """The message that begins at ``at``; None while more bytes are needed.

    ``line``: what the first line must be, whole. ``closed``: no more will come, so a short body is
    returned as far as it came. Raises Malformed for what does not begin so, or is too long.
    """
    newline = data.find(b"\n", at, at + LINE_LIMIT)
    if newline < 0:
        if len(data) - at >= LINE_LIMIT:
            raise Malformed("the first line has no end")
        return None
    matched = line.fullmatch(data[at:newline].rstrip(b"\r"))
    if matched is None:
        raise Malformed("the first line is of another protocol")
    empty = _EMPTY_LINE.search(data, newline - 1, newline + HEAD_LIMIT)
    if empty is None:
        if len(data) - newline > HEAD_LIMIT:
            raise Malformed(f"the head is longer than {HEAD_LIMIT} bytes")
        return None
    headers = parse_headers(data[newline + 1 : empty.start()])
    begin, length = empty.end(), _length(headers)
    if length > BODY_LIMIT:
        raise Malformed(f"a body of {length} bytes")
    if len(data) < begin + length and not closed:
        return None
    return Message(matched, headers, data[begin : begin + length], min(begin + length, len(data)))


def _length(headers: Headers) -> int:
    for name in _MESSAGE_LENGTHS:
        text = first(headers, name).strip()
        if text:
            # One that is no number is as good as none: nothing follows the head then.
            return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return 0


class Joined:
    """Turns of one side joined, and which of them a stretch of bytes stands in."""

    def __init__(self, turns: Iterable[tuple[int, bytes]]) -> None:
        said = list(turns)
        self._numbers: Sequence[int] = [number for number, _ in said]
        self._ends = list(accumulate(len(data) for _, data in said))
        self.data = b"".join(data for _, data in said)[:LONGEST]

    def between(self, start: int, end: int) -> tuple[int, ...]:
        """The turns that hold the bytes from ``start`` to before ``end``."""
        low, high = bisect_right(self._ends, start), bisect_right(self._ends, max(start, end - 1))
        return tuple(self._numbers[low : high + 1])
