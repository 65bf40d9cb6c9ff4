"""HTTP/1.x messages, read the way embedded servers write them. RFC 9110, RFC 9112.

Streams are not kept here: hand :func:`parse_response` all the bytes heard so far, and again when
more have come, until it returns something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from iotscan.errors import Malformed
from iotscan.protocols.encodings.fields import Headed, Headers, first, parse_headers

# Embedded servers answer within a few hundred bytes of head; 32 kB is four times what the large
# web servers accept, so that more is an attack or another protocol.
HEAD_LIMIT = 32_768
BODY_LIMIT = 262_144

_STATUS = re.compile(rb"HTTP/(\d)(?:\.(\d))?[ \t]+(\d{3})(?:[ \t]+(.*))?")
_REQUEST = re.compile(rb"([A-Z][A-Z-]{1,19})[ \t]+([^ \t]+)[ \t]+HTTP/(\d)(?:\.(\d))?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Response(Headed):
    """An answer. ``headers`` are (lower-case name, value) in their order, repeated ones too.

    ``complete``: the whole body is here; False when the device closed early or a limit cut it.
    ``end``: where this message ends in the bytes it was parsed from.
    """

    status: int
    reason: str
    headers: Headers
    body: bytes
    version: str = "1.1"
    complete: bool = True
    end: int = 0


@dataclass(frozen=True, slots=True)
class Request(Headed):
    """A question; the fields are those of :class:`Response`."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    version: str = "1.1"
    end: int = 0


def build_request(
    method: str,
    target: str,
    host: str,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> bytes:
    """A request that asks for an unpacked body and a closed connection afterwards.

    Content-Length is added when there is a body. ``host`` is the Host field, with its port unless
    that is the usual one. Raises Malformed where a part would break out of its place: targets
    and hosts come from devices.
    """
    for part in (method, target, host):
        if not _VISIBLE.fullmatch(part):
            raise Malformed(f"{part!r} cannot stand in a request")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    for name, value in headers:
        if not _TOKEN.fullmatch(name) or any(char in value for char in "\r\n\0"):
            raise Malformed(f"header {name!r} cannot stand in a request")
        lines.append(f"{name}: {value}")
    given = {line.partition(":")[0].lower() for line in lines[1:]}
    if "accept-encoding" not in given:
        lines.append("Accept-Encoding: identity")
    if "connection" not in given:
        lines.append("Connection: close")
    if body and "content-length" not in given:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8") + body


def host_field(address: IPv4Address | IPv6Address, port: int, usual: int = 80) -> str:
    """The Host field for an address: brackets around IPv6, no port where it is the usual one."""
    # A zone is the asker's own business and has no place in a request, RFC 6874 section 4.
    host = f"[{str(address).partition('%')[0]}]" if address.version == 6 else str(address)
    return host if port == usual else f"{host}:{port}"


def parse_response(
    data: bytes, *, closed: bool = False, method: str = "GET", limit: int = BODY_LIMIT
) -> Response | None:
    """The first answer in ``data``; None while more bytes are needed.

    ``closed``: no more will come, so a body without a length ends here and a short one is returned
    as incomplete. ``method``: what was asked (a HEAD has no body). ``limit``: bytes of body kept;
    a longer one is returned cut and incomplete as soon as so much has come. Interim answers (1xx
    but 101) are skipped. Raises Malformed for what is not HTTP/1.x.
    """
    start = 0
    while True:
        opened = _open(data, start, _STATUS, b"HTTP/")
        if opened is None:
            if closed:
                raise Malformed("the connection closed before the end of the head")
            return None
        line, headers, begin = opened
        status = int(line[3])
        if not 100 <= status < 200 or status == 101:
            break
        start = begin
    if method == "HEAD" or status in (101, 204, 304):
        body: tuple[bytes, bool, int] | None = (b"", True, begin)
    else:
        body = _body(data, begin, headers, closed, limit)
    if body is None:
        return None
    reason = (line[4] or b"").strip().decode("utf-8", "backslashreplace")
    return Response(status, reason, headers, body[0], _version(line[1], line[2]), *body[1:])


def parse_request(data: bytes, *, limit: int = BODY_LIMIT) -> Request | None:
    """The first question in ``data``; None while more bytes are needed. Raises Malformed."""
    opened = _open(data, 0, _REQUEST, None)
    if opened is None:
        return None
    line, headers, begin = opened
    framed = "content-length" in dict(headers) or _chunked(headers)
    body = _body(data, begin, headers, False, limit) if framed else (b"", True, begin)
    if body is None:
        return None
    method, target = line[1].decode(), line[2].decode("utf-8", "backslashreplace")
    return Request(method, target, headers, body[0], _version(line[3], line[4]), body[2])


def _open(
    data: bytes, start: int, first_line: re.Pattern[bytes], prefix: bytes | None
) -> tuple[re.Match[bytes], Headers, int] | None:
    """(first line, headers, where the body begins), None while the head is not complete."""
    while data[start : start + 1] in (b"\r", b"\n"):  # blank lines before it: RFC 9112 §2.2
        start += 1
    if prefix and not data[start : start + len(prefix)] == prefix[: len(data) - start]:
        raise Malformed("not an HTTP answer")
    end = _EMPTY_LINE.search(data, start, start + HEAD_LIMIT + 4)
    if end is None:
        if len(data) - start > HEAD_LIMIT:
            raise Malformed(f"the head is longer than {HEAD_LIMIT} bytes")
        return None
    line, _, block = data[start : end.start()].partition(b"\n")
    matched = first_line.fullmatch(line.rstrip(b"\r"))
    if matched is None:
        raise Malformed("the first line is not HTTP/1.x")
    return matched, parse_headers(block), end.end()


def _version(major: bytes, minor: bytes | None) -> str:
    return f"{major.decode()}.{(minor or b'0').decode()}"


def _chunked(headers: Headers) -> bool:
    return first(headers, "transfer-encoding").lower().rpartition(",")[2].strip() == "chunked"


def _body(
    data: bytes, begin: int, headers: Headers, closed: bool, limit: int
) -> tuple[bytes, bool, int] | None:
    """(body, complete, end), None while more is needed."""
    if _chunked(headers):
        return _dechunk(data, begin, closed, limit)
    length = first(headers, "content-length").strip()
    # A length that is no number is as good as none: the body then ends with the connection.
    wanted = int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None
    held = len(data) - begin
    if wanted is not None and held >= wanted <= limit:
        return data[begin : begin + wanted], True, begin + wanted
    if held > limit or (wanted is not None and held >= limit):
        return data[begin : begin + limit], False, len(data)
    if closed:
        return data[begin:], wanted is None, len(data)
    return None


def _dechunk(data: bytes, at: int, closed: bool, limit: int) -> tuple[bytes, bool, int] | None:
    """RFC 9112 §7.1, extensions and trailers passed over."""
    body = bytearray()
    while True:
        newline = data.find(b"\n", at, at + 1024)
        if newline < 0:
            if len(data) - at >= 1024:
                raise Malformed("a chunk without a size")
            return (bytes(body), False, len(data)) if closed else None
        digits = data[at:newline].partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", digits):
            raise Malformed("a chunk without a size")
        size, at = int(digits, 16), newline + 1
        if size == 0:
            return _past_trailers(data, at, bytes(body), closed)
        body += data[at : at + min(size, limit + 1 - len(body))]
        if len(body) > limit:
            return bytes(body[:limit]), False, len(data)
        if len(data) < at + size + 1:
            return (bytes(body), False, len(data)) if closed else None
        at += size
        at += 2 if data[at : at + 2] == b"\r\n" else 1


def _past_trailers(
    data: bytes, at: int, body: bytes, closed: bool
) -> tuple[bytes, bool, int] | None:
    ended = re.compile(rb"(?:[^\n]*[^\r\n][^\n]*\n)*?\r?\n").match(data, at, at + HEAD_LIMIT)
    if ended:
        return body, True, ended.end()
    if closed or len(data) - at >= HEAD_LIMIT:
        return body, True, len(data)
    return None


def exchanges(asked: bytes, answered: bytes) -> Iterator[tuple[Request, Response]]:
    """The questions of one finished connection, each with its answer, as far as both can be read.

    Never raises: what is not HTTP ends it.
    """
    while asked and answered:
        try:
            request = parse_request(asked)
            if request is None:
                return
            response = parse_response(answered, closed=True, method=request.method)
        except Malformed:
            return
        if response is None:
            return
        yield request, response
        asked, answered = asked[request.end :], answered[response.end :]
