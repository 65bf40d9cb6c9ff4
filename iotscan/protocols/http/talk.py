"""A connection's questions and answers, paired in their order, with the turns they stand in."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from iotscan.errors import Malformed
from iotscan.protocols.http.codec import Request, Response, parse_request, parse_response

# More exchanges on one connection repeat what the first ones showed.
MOST = 256
LONGEST = 4_194_304
# Bytes in which a first line shows what it is.
_ENOUGH = 16
# "HTTP/1.1 200"; of a head that is cut, at most so much is believed.
_CODE, _LONGEST_HEAD = 12, 1024
_METHODS = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE) [^ ]")
# A weather station says "HTTP/1.0.8"; blanks in place of the rest keep every place where it was.
_ODD_VERSION = re.compile(rb"\A([^\r\n]{1,4096} )(HTTP/1\.[01])((?:\.\d{1,3}){1,3})(?=\r?\n)")
# What says how long a body is, which is not all there.
_FRAMING = re.compile(rb"(?im)^(?:content-length|transfer-encoding):[^\n]*\n")
_SECRET = re.compile(rb"(?i)[^=]*(?:pass|pwd|passwd|secret)[^=]*=.")
_ANSWER = re.compile(rb"HTTP/1\.[01] [1-5]\d\d")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer, either of which may not have been seen.

    ``asked`` and ``answered``: the turns they stand in. ``whole``: the answer's head is all there.
    """

    request: Request | None
    response: Response | None
    asked: tuple[int, ...] = ()
    answered: tuple[int, ...] = ()
    whole: bool = True


def exchanges(
    turns: Iterable[tuple[int, bool, bytes]],
    *,
    closed: bool = True,
    cut: bool = False,
    holes: Container[int] = (),
) -> list[Exchange]:
    """The exchanges of one connection given as (turn, whether the client said it, bytes).

    ``closed``: nothing more will come. ``cut``: bytes may be missing anywhere, so each question is
    read with what came until the next one, and both are taken for what there is of their heads.
    ``holes``: turns behind which they are known to be; a question ends there. A recording that
    begins inside a connection is read from the first head on. Pure, never raises; bytes that are
    not HTTP/1.x give nothing.
    """
    said = list(turns)
    stretches = list(_stretches(said)) if cut else [said]
    return [pair for stretch in stretches for pair in _paired(stretch, closed, cut, holes)]


_Said = Sequence[tuple[int, bool, bytes]]


def _stretches(said: _Said) -> Iterator[_Said]:
    """The turns from each question to the next."""
    begins = [i for i, (_, client, data) in enumerate(said) if client and _METHODS.match(data)]
    for start, end in pairwise([0, *begins[:MOST], len(said)]):
        if start < end:
            yield said[start:end]


def _paired(said: _Said, closed: bool, cut: bool, holes: Container[int] = ()) -> Iterator[Exchange]:
    mine = [(turn, data) for turn, client, data in said if client]
    mine = mine[: next((i + 1 for i, (turn, _) in enumerate(mine) if turn in holes), None)]
    heard = [(turn, data) for turn, client, data in said if not client]
    asked = list(_requests(mine)) or (list(_begun_request(mine)) if cut else [])
    answers = list(_responses(heard, [request.method for request, _ in asked], closed))
    whole = bool(answers) or not cut
    if not whole:
        answers = list(_begun(heard))
    for i in range(max(len(asked), len(answers))):
        request, asked_in = asked[i] if i < len(asked) else (None, ())
        response, answered_in = answers[i] if i < len(answers) else (None, ())
        yield Exchange(request, response, asked_in, answered_in, whole)


class _Turns:
    """Turns joined, and which of them a stretch of bytes stands in."""

    def __init__(self, turns: Sequence[tuple[int, bytes]], head: re.Pattern[bytes]) -> None:
        first = next((i for i in range(len(turns)) if head.match(_start(turns, i))), len(turns))
        self._numbers = [turn for turn, _ in turns[first:]]
        self._ends = list(accumulate(len(data) for _, data in turns[first:]))
        self.data = b"".join(data for _, data in turns[first:])[:LONGEST]

    def between(self, start: int, end: int) -> tuple[int, ...]:
        first, last = bisect_right(self._ends, start), bisect_right(self._ends, max(start, end - 1))
        return tuple(self._numbers[first : last + 1])


def _begun(turns: Sequence[tuple[int, bytes]]) -> Iterator[tuple[Response, tuple[int, ...]]]:
    """The first answer, of which only the beginning of a head is there."""
    joined = _Turns(turns, _ANSWER)
    head, ends, _ = joined.data[:_LONGEST_HEAD].rpartition(b"\n")
    # A status line may be cut as well: of it, the code is enough.
    kept = head + ends if ends else joined.data[:_CODE]
    with suppress(Malformed):
        response = parse_response(kept.rstrip(b"\r\n") + b"\r\n\r\n", closed=True)
        if response is not None:
            yield response, joined.between(0, 1)


def _begun_request(
    turns: Sequence[tuple[int, bytes]],
) -> Iterator[tuple[Request, tuple[int, ...]]]:
    """The first question, of which the end is not there."""
    joined = _Turns(turns, _METHODS)
    head, blank, body = joined.data.partition(b"\r\n\r\n")
    if not blank:
        head, body = joined.data[:_LONGEST_HEAD].rpartition(b"\n")[0], b""
    kept = _FRAMING.sub(b"", head.rstrip(b"\r\n") + b"\r\n")
    with suppress(Malformed):
        request = parse_request(kept + b"\r\n")
        if request is not None:
            yield replace(request, body=_whole_fields(body)), joined.between(0, 1)


def _whole_fields(body: bytes) -> bytes:
    """Of a form that is cut, the fields that are not; that somebody sent a password is proven by
    the beginning of it.
    """
    fields, _, last = body.rpartition(b"&")
    return body if _SECRET.match(last) else fields


def _start(turns: Sequence[tuple[int, bytes]], first: int) -> bytes:
    """Enough bytes from a turn on to see whether a head begins there."""
    start = b""
    for _, data in turns[first : first + _ENOUGH]:
        start += data[:_ENOUGH]
        if len(start) >= _ENOUGH:
            break
    return start


def _requests(turns: Sequence[tuple[int, bytes]]) -> Iterator[tuple[Request, tuple[int, ...]]]:
    joined, at = _Turns(turns, _METHODS), 0
    for _ in range(MOST):
        try:
            request = parse_request(_ODD_VERSION.sub(_evened, joined.data[at:], count=1))
        except Malformed:
            return
        if request is None:
            return
        yield request, joined.between(at, at + request.end)
        at += request.end


def _evened(line: re.Match[bytes]) -> bytes:
    return line[1] + b" " * len(line[3]) + line[2]


def _responses(
    turns: Sequence[tuple[int, bytes]], methods: Sequence[str], closed: bool
) -> Iterator[tuple[Response, tuple[int, ...]]]:
    joined, at = _Turns(turns, _ANSWER), 0
    for number in range(MOST):
        if at >= len(joined.data):
            return
        method = methods[number] if number < len(methods) else "GET"
        try:
            response = parse_response(joined.data[at:], closed=closed, method=method)
        except Malformed:
            return
        if response is None:
            return
        yield response, joined.between(at, at + response.end)
        at += response.end
        if response.status == 101:  # another protocol follows
            return
