"""The fields that a request submits: in its address, a form's body, a JSON object, or XML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from iotscan.protocols.http.codec import Request

Fields = list[tuple[str, str]]

# Bodies of logins are short; what is longer is looked at so far, and no more fields than that.
_MOST_BYTES, _MOST_FIELDS = 65_536, 200
# WHATWG URL standard, section 5: what a form's body is made of. Small web clients name no type.
_URLENCODED = re.compile(rb"[\w*.%+\[\]-]{1,64}=[^\x00-\x1f\x7f-\xff]*")
# RFC 7578: a part with a name and without a file name, and its value.
_PART = re.compile(
    rb'content-disposition:\s*form-data;\s*name="([^"\r\n]{1,64})"\r\n'
    rb"(?:[^\r\n]+\r\n){0,4}\r\n([^\r\n]{0,512})\r\n--",
    re.IGNORECASE,
)
# An element with text alone; what of it is a digest (WS-Security UsernameToken, HNAP) is no secret.
_ELEMENT = re.compile(
    rb"<(?:[\w.-]{1,64}:)?([\w.-]{1,64})(?:\s(?![^<>]{0,256}Digest)[^<>]{0,256})?>"
    rb"(?!(?:[0-9A-Fa-f]{32}){1,4}<)([^<>]{1,512})</"
)


def submitted(request: Request) -> Iterator[tuple[str, Fields]]:
    """(query, form, json or xml, the fields), of each way in which the request submits some."""
    _, _, query = request.target.partition("?")
    if query:
        yield "query", _pairs(query[:_MOST_BYTES])
    body, kind = request.body[:_MOST_BYTES], request.header("content-type").lower()
    if "urlencoded" in kind or (not kind and _URLENCODED.fullmatch(body)):
        yield "form", _pairs(body.decode("utf-8", "replace"))
    elif "multipart/form-data" in kind:
        yield "form", [(_text(name), _text(value)) for name, value in _parts(body)]
    elif "json" in kind or body[:1] == b"{":
        yield "json", _members(body)
    elif "xml" in kind:
        yield "xml", _elements(body)


def _pairs(text: str) -> Fields:
    return parse_qsl(text, keep_blank_values=True, max_num_fields=None)[:_MOST_FIELDS]


def _parts(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    for number, part in enumerate(_PART.finditer(body)):
        if number >= _MOST_FIELDS:
            return
        yield part[1], part[2]


def _members(body: bytes) -> Fields:
    """The text members of an object and of the objects in it, one level down."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(read, dict):
        return []
    inner = [value for value in read.values() if isinstance(value, dict)]
    found = [pair for each in (read, *inner) for pair in each.items()]
    return [(str(key), value) for key, value in found if isinstance(value, str)][:_MOST_FIELDS]


def _elements(body: bytes) -> Fields:
    """The elements that hold nothing but text, by their local names."""
    found = _ELEMENT.findall(body)[:_MOST_FIELDS]
    return [(_text(name), _text(value)) for name, value in found]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
