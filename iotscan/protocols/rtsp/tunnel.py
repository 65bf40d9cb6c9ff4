"""RTSP in a pair of HTTP connections: a GET whose answer never ends carries what the server says,
as it is, and a POST that never ends what the client says, in base64.

QuickTime's way through proxies, which cameras and players took over ("Tunnelling RTSP and RTP over
HTTP", Apple, 1999). There is no RFC; the field that both connections share is x-sessioncookie.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from iotscan.model import Transcript, Turn
from iotscan.protocols.common.overheard import beginning

# Heads of these requests have a dozen lines.
LONGEST_HEAD = 4096
_BEGINS = (b"GET ", b"POST ")
_FIELD = re.compile(rb"\r\n(x-sessioncookie|authorization)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_COOKIE = b"x-sessioncookie"
# Each request is encoded on its own, so that padding may stand anywhere.
_RUN = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_BLANK = re.compile(rb"[\r\n\t ]+")


def head_of(said: bytes) -> bytes:
    """The head of the request that one side began with if it opens a half of a tunnel, with the
    empty line behind it; b"" for everything else.
    """
    if not said.startswith(_BEGINS):
        return b""
    head, end, _ = said[:LONGEST_HEAD].partition(b"\r\n\r\n")
    return head + end if end and _COOKIE in head.lower() else b""


def name_of(talk: Transcript) -> str:
    """What the connections of one tunnel all call it, "" for any other conversation."""
    first = next((turn for turn in talk.turns if turn.sender == "client"), None)
    if first is None or first.data[:1] not in (b"G", b"P"):
        return ""
    head = head_of(beginning(talk, "client", LONGEST_HEAD))
    return _fields(head).get(_COOKIE, b"").decode("latin-1")


def shows_login(talk: Transcript) -> bool:
    """Whether a request of HTTP that opened a half carried a login."""
    channels = (talk.said_by("client", number) for number in range(len(talk.channels)))
    return any(b"authorization" in _fields(head_of(said)) for said in channels)


def asked(turns: Iterable[tuple[int, Turn]]) -> Iterator[tuple[int, bytes]]:
    """What the client says on a connection that posts, without base64, by turn; up to the first of
    it that is missing or is no base64.
    """
    waiting, opened = b"", False
    for index, turn in turns:
        if turn.sender == "server":
            continue
        waiting += turn.data
        if not opened and (head := head_of(waiting)):
            waiting, opened = waiting[len(head) :], True
        if opened:
            runs = _BLANK.sub(b"", waiting)
            whole = len(runs) - len(runs) % 4
            said, waiting = decoded(runs[:whole]), runs[whole:]
            if said is None:
                return
            yield index, said
        if turn.cut or len(waiting) > LONGEST_HEAD:
            return


def posts(turns: Sequence[tuple[int, Turn]]) -> bool:
    """Whether this connection is the half that carries what the client says."""
    first = next((turn.data for _, turn in turns if turn.sender == "client"), b"")
    return first.startswith(b"POST ")


def decoded(runs: bytes) -> bytes | None:
    """The bytes behind base64 that may be padded in the middle; None if some of it is none."""
    found, at = [], 0
    while at < len(runs):
        run = _RUN.match(runs, at)
        if run is None:
            return None
        try:
            found.append(base64.b64decode(run[0], validate=True))
        except binascii.Error:
            return None
        at = run.end()
    return b"".join(found)


def recoded(posted: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """What was posted, with ``change``, which keeps the length, done to what it carries."""

    def run(hit: re.Match[bytes]) -> bytes:
        whole = hit[0][: len(hit[0]) - len(hit[0]) % 4]
        said = decoded(whole)
        return hit[0] if said is None else base64.b64encode(change(said)) + hit[0][len(whole) :]

    return _RUN.sub(run, posted)


def _fields(head: bytes) -> dict[bytes, bytes]:
    return {name.lower(): value.strip() for name, value in _FIELD.findall(head)}
