"""What in a text is somebody's, told by its form: logins, tokens, e-mail addresses, places, and the
values of fields whose names say that they are about a person.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from iotscan.anonymise.words import Words

SECRET, PERSON, EMAIL, PLACE = "credentials", "personal data", "e-mail addresses", "places"
Counted = Callable[[str], None]

_SECRETS = (
    rb"password|passwd|passwort|passphrase|passcode|pass|pwd|psw|psk|secret|token|api_?key"
    rb"|session(?:_?id)?|(?<![A-Za-z])sid|sysauth|user(?:_?name|_?id)?|(?<![A-Za-z])usr|login"
    rb"|account|(?<![A-Za-z])uname|kennwort"
)
_PERSONS = (
    rb"(?:first|last|given|family|sur|full|nick)_?name|phone|(?<![A-Za-z])mobile"
    rb"|birth_?da(?:y|te)|(?<![A-Za-z])(?:dob|street|city|zip(?:_?code)?|postcode|ssid)"
)
# One of these stands in every text that holds such a field: a look that costs little.
_HINTS = (
    b"pass pwd psw psk secret token key sess sid auth user usr login account uname kennwort name "
    b"phone mobile birth dob street city zip code cookie".split()
)
# A field and its value: in forms, addresses, JSON, headers and prompts, and as XML elements.
_VALUE = rb"[\"']?[ \t]{0,2}(?:[=:]|%3D)[ \t]{0,2}[\"']?([^\"'&<>,;\s]{1,128})"
_FIELD = re.compile(b"(?i)(?:" + _SECRETS + b"|" + _PERSONS + rb")\d?" + _VALUE)
_ELEMENT = re.compile(b"(?i)(?:" + _SECRETS + b"|" + _PERSONS + b")>([^<>]{1,128})</")
_IS_SECRET = re.compile(b"(?i)(?:" + _SECRETS + rb")\d?[\"'>=: \t%]")
_EMAIL = re.compile(
    rb"(?<![A-Za-z0-9._%+-])([A-Za-z0-9][A-Za-z0-9._+-]{0,63})(@|%40)"
    rb"((?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24})(?![A-Za-z0-9-])"
)
_PLACE = re.compile(
    rb"(?i)((?:^|[\s{,&?\"'<;_.-])(?:lat(?:itude)?|lon|lng|longitude)[\"']?\s{0,4}(?:=|:|%3D|>)"
    rb"\s{0,4}[\"']?-?)(\d{1,3}\.\d{2,})"
)
_HEADER = re.compile(
    rb"(?im)^((?:proxy-)?authorization|cookie|set-cookie|x-auth-token|x-api-key)([ \t]*:[ \t]*)"
    rb"([^\r\n]{1,4096})"
)
# Of an Authorization: Digest, what tells or proves who it is (RFC 7616 section 3.4).
# What stands where a value could, and is none: prompts and answers to logins.
_NO_VALUE = frozenset(
    b"login password username user pass name incorrect failed failure invalid denied required ok "
    b"basic digest bearer text hidden none null true false".split()
)
_DIGEST = re.compile(rb"(?i)\b(username|response|cnonce)=(\"?)([^\",\s]{1,256})")
_COOKIE = re.compile(rb"([^=;,\s]{1,128}=)([^;,\s]{1,4096})")
_COOKIE_WORDS = re.compile(rb"(?i)(?:path|domain|expires|max-age|samesite|version|priority)=\Z")


def replaced(data: bytes, words: Words, count: Counted) -> bytes:
    """The text with all of it replaced, in the same length. ``count`` is told the sort of each."""

    def field(hit: re.Match[bytes]) -> bytes:
        value = hit[1]
        new = value if _is_word(value) else words.word(value)
        if new != value:
            count(SECRET if _IS_SECRET.search(hit[0]) else PERSON)
        return hit[0][: hit.start(1) - hit.start()] + new + hit[0][hit.end(1) - hit.start() :]

    def email(hit: re.Match[bytes]) -> bytes:
        count(EMAIL)
        return words.word(hit[1]) + hit[2] + words.name(hit[3])

    def place(hit: re.Match[bytes]) -> bytes:
        count(PLACE)
        # The first digit (of three: two) stays, so that it is still a place on this planet.
        kept = 2 if hit[2].find(b".") == 3 else 1
        return hit[1] + hit[2][:kept] + words.word(hit[2][kept:])

    def header(hit: re.Match[bytes]) -> bytes:
        count(SECRET)
        cookie = b"cookie" in hit[1].lower()
        return hit[1] + hit[2] + (_cookies if cookie else _login)(hit[3], words)

    lower = data.lower()
    if b"@" in data or b"%40" in data:
        data = _EMAIL.sub(email, data)
    if b"lat" in lower or b"lon" in lower or b"lng" in lower:
        data = _PLACE.sub(place, data)
    if any(hint in lower for hint in _HINTS):
        data = _HEADER.sub(header, data)
        data = _ELEMENT.sub(field, _FIELD.sub(field, data))
    return data


def logins(data: bytes) -> Iterator[bytes]:
    """User names, passwords and tokens that stand in a text by these forms."""
    lower = data.lower()
    if not any(hint in lower for hint in _HINTS):
        return
    for hit in _HEADER.finditer(data):
        scheme, _, rest = hit[3].partition(b" ")
        if scheme.lower() == b"basic":
            yield from _decoded(rest.strip()).split(b":", 1)
        elif scheme.lower() == b"digest":
            yield from (one[3] for one in _DIGEST.finditer(rest) if one[1].lower() == b"username")
    for pattern in (_FIELD, _ELEMENT):
        for hit in pattern.finditer(data):
            if _IS_SECRET.search(hit[0]) and not _is_word(hit[1]):
                yield hit[1]


def _is_word(value: bytes) -> bool:
    return value.rstrip(b".:!").lower() in _NO_VALUE


def _login(value: bytes, words: Words) -> bytes:
    scheme, space, rest = value.partition(b" ")
    if scheme.lower() == b"basic":
        return scheme + space + basic(rest, words)
    if scheme.lower() == b"digest":
        return (
            scheme
            + space
            + _DIGEST.sub(lambda hit: hit[1] + b"=" + hit[2] + words.word(hit[3]), rest)
        )
    return scheme + space + words.word(rest) if space else words.word(value)


def basic(encoded: bytes, words: Words) -> bytes:
    """A user name and password as RFC 7617 writes them, both replaced; in the same length."""
    bare = encoded.strip()
    plain = _decoded(bare)
    new = base64.b64encode(b":".join(map(words.word, plain.split(b":", 1))))
    return encoded.replace(bare, new if plain else words.word(bare))


def _decoded(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _cookies(value: bytes, words: Words) -> bytes:
    def one(hit: re.Match[bytes]) -> bytes:
        return hit[0] if _COOKIE_WORDS.match(hit[1]) else hit[1] + words.word(hit[2])

    return _COOKIE.sub(one, value)
