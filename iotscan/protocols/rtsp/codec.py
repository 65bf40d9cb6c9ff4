"""RTSP messages and conversations. RFC 2326; RFC 7826 where it says the same.

Media may run inside the connection as interleaved blocks (RFC 2326 section 10.12): they are passed
over, in bounded time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from iotscan.errors import Malformed
from iotscan.protocols.encodings.fields import Headed, Headers
from iotscan.protocols.encodings.headed import Joined, parse
from iotscan.protocols.http.codec import host_field

AGENT = "iotscan"
USUAL_PORT, USUAL_PORT_TLS = 554, 322
# Requests and answers read of one connection.
MOST = 256
_LINE = re.compile(
    rb"(?:RTSP/[12]\.\d[ \t]+(?P<status>[1-5]\d\d)(?:[ \t]+(?P<reason>[^\r\n]*))?"
    rb"|(?P<method>[A-Z][A-Z_]{2,19})[ \t]+(?P<target>[^ \t]+)[ \t]+RTSP/[12]\.\d)[ \t]*"
)
_HEAD = re.compile(
    rb"RTSP/[12]\.\d [1-5]\d\d|[A-Z][A-Z_]{2,19} [^ \r\n]{1,2048} RTSP/[12]\.\d\r?\n"
)
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_ANSWER = re.compile(rb"RTSP/[12]\.\d[ \t]+[1-5]\d\d")
_BLOCK = 0x24  # "$"


@dataclass(frozen=True, slots=True)
class Request(Headed):
    """A question; ``target`` is the URL or "*". ``end``: where it ends in the bytes read."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    end: int = 0


@dataclass(frozen=True, slots=True)
class Response(Headed):
    """An answer; the fields are those of :class:`Request`."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""
    end: int = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answer, if one was seen, and the turns that each stands in."""

    request: Request
    response: Response | None
    asked: tuple[int, ...] = ()
    answered: tuple[int, ...] = ()


def build(method: str, url: str, number: int, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A request with the CSeq ``number``. Raises Malformed where a part breaks out of its line."""
    fields = [("CSeq", str(number)), ("User-Agent", AGENT), *headers]
    if not _VISIBLE.fullmatch(url) or any(sign in text for _, text in fields for sign in "\r\n\0"):
        raise Malformed("this cannot stand in a request")
    lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {text}" for name, text in fields)]
    return "\r\n".join([*lines, "", ""]).encode()


def is_answer(heard: bytes) -> bool:
    """Whether these first bytes can only be an RTSP answer."""
    return _ANSWER.match(heard) is not None


def parse_message(data: bytes, at: int = 0, *, closed: bool = False) -> Request | Response | None:
    """The first message from ``at`` on, interleaved blocks passed over; None while more bytes are
    needed. Raises Malformed for what is not RTSP.
    """
    while data[at : at + 1] in (b"\r", b"\n", b"$"):
        if data[at] != _BLOCK:
            at += 1
            continue
        at += 4 + int.from_bytes(data[at + 2 : at + 4], "big")
    if at >= len(data):
        return None
    found = parse(data, at, _LINE, closed=closed)
    if found is None:
        return None
    if found.line["status"]:
        reason = (found.line["reason"] or b"").decode("utf-8", "backslashreplace").strip()
        status = int(found.line["status"])
        return Response(status, reason, found.headers, found.body, found.end)
    method, target = (found.line[word].decode("utf-8", "replace") for word in ("method", "target"))
    return Request(method, target, found.headers, found.body, found.end)


def messages(
    turns: Sequence[tuple[int, bytes]],
) -> Iterator[tuple[Request | Response, tuple[int, ...]]]:
    """Every message that one side said, with the turns it stands in. A record that begins inside
    a connection, or has media in it, is read from each next head on. Never raises.
    """
    joined = Joined(turns)
    at = _next_head(joined.data, 0)
    for _ in range(MOST):
        if at is None:
            return
        try:
            message = parse_message(joined.data, at, closed=True)
        except Malformed:
            at = _next_head(joined.data, at + 1)
            continue
        if message is None:
            return
        yield message, joined.between(at, message.end)
        at = _next_head(joined.data, message.end)


def exchanges(
    asked: Sequence[tuple[int, bytes]], answered: Sequence[tuple[int, bytes]]
) -> list[Exchange]:
    """The questions of one side, each with the other side's answer of the same CSeq."""
    answers: dict[str, tuple[Response, tuple[int, ...]]] = {}
    for message, turns in messages(answered):
        if isinstance(message, Response):
            answers.setdefault(message.header("cseq").strip(), (message, turns))
    found: list[Exchange] = []
    for message, turns in messages(asked):
        if isinstance(message, Request):
            response, heard = answers.pop(message.header("cseq").strip(), (None, ()))
            found.append(Exchange(message, response, turns, heard))
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream is: ``path`` with its query; ``secure``: over TLS (rtsps)."""

    host: str
    port: int
    path: str
    secure: bool


def parse_url(text: str) -> Place:
    """An rtsp(s) URL without its user part. Raises Malformed."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise Malformed("not a URL") from error
    secure = parts.scheme == "rtsps"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme not in ("rtsp", "rtsps") or not parts.hostname or port == 0:
        raise Malformed("not an rtsp(s) URL of a device")
    if not re.fullmatch(r"/[\x21-\x7e]*", path):
        raise Malformed("not a URL that can be asked for")
    return Place(parts.hostname, port or (USUAL_PORT_TLS if secure else USUAL_PORT), path, secure)


def url(address: IPv4Address | IPv6Address, port: int, path: str, secure: bool) -> str:
    """The URL of a stream at an address; the usual port is left out."""
    host = host_field(address, port, USUAL_PORT_TLS if secure else USUAL_PORT)
    return f"{'rtsps' if secure else 'rtsp'}://{host}{path}"


def path_of(target: str) -> str:
    """The path of a request's URL, with its query and without the host: "/live/main"."""
    found = re.match(r"rtsp[su]?://[^/?]*", target, re.IGNORECASE)
    return (target[found.end() :] or "/") if found else target


def _next_head(data: bytes, at: int) -> int | None:
    """Where the next message begins: behind the interleaved blocks that lie here, else the next
    place that looks like a head.
    """
    behind = at
    while data[behind : behind + 1] == b"$" and behind + 4 <= len(data):
        behind += 4 + int.from_bytes(data[behind + 2 : behind + 4], "big")
    if behind > at and _HEAD.match(data, behind):
        return behind
    found = _HEAD.search(data, at)
    return found.start() if found else None
