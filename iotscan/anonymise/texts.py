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

# Words that a field's name ends in, in small letters.
_SECRETS = (
    rb"password|passwd|passwort|passphrase|passcode|pass|pwd|psw|psk|secret|token|api_?key"
    rb"|session(?:_?id)?|\bsid|sysauth|user(?:_?name|_?id)?|\busr|login|account|\buname|kennwort"
)
_PERSONS = (
    rb"(?:first|last|given|family|sur|full|nick)_?name|phone|\bmobile|birth_?da(?:y|te)"
    rb"|\b(?:dob|street|city|zip(?:_?code)?|postcode|ssid)"
)
_PLACES = rb"\b(?:lat(?:itude)?|lon|lng|longitude)"
_SORTS = tuple(
    (sort, re.compile(b"(?:" + words.replace(rb"\b", b"(?<![a-z])") + rb")\Z"))
    for sort, words in ((SECRET, _SECRETS), (PERSON, _PERSONS), (PLACE, _PLACES))
)
# What may be the name of a field, by what follows it: in forms, addresses, JSON, headers and
# prompts, and as XML elements. Words are looked at as a whole, each once.
_NAME = re.compile(rb"(?<![a-z_])([a-z_]{2,}+)(?:>|\d?[\"']?\s{0,4}+(?:[=:]|%3d))")
_FIELD = re.compile(
    rb"\d?[\"']?[ \t]{0,2}(?:[=:]|%3[Dd])[ \t]{0,2}[\"']?([^\"'&<>,;\s\0-\x1f\x7f\xf5-\xff]{1,128})"
)
_ELEMENT = re.compile(rb">([^<>]{1,128})</")
_NUMBER = re.compile(rb"[\"']?\s{0,4}(?:=|:|%3[Dd]|>)\s{0,4}[\"']?-?(\d{1,3}\.\d{2,})")
_BEFORE_PLACES = b" \t\r\n\f\v{,&?\"'<;_.-"
# Names seen so far and their sorts: texts have few, and have them often.
_MOST_NAMES = 20_000
_SORT: dict[bytes, str] = {}
_HEADER_ONLY = "a header"
_EMAIL = re.compile(
    rb"(?<![A-Za-z0-9._%+-])([A-Za-z0-9][A-Za-z0-9._+-]{0,63})(@|%40)"
    rb"((?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24})(?![A-Za-z0-9-])"
)
_HEADER = re.compile(
    rb"(?i)\n((?:proxy-)?authorization|cookie|set-cookie|x-auth-token|x-api-key)([ \t]*:[ \t]*)"
    rb"([^\r\n]{1,4096})"
)
# Names of fields that are in the names of those headers.
_HEADERS = frozenset((b"authorization", b"cookie", b"token", b"key"))
# Of an Authorization: Digest, what tells or proves who it is (RFC 7616 section 3.4).
# What stands where a value could, and is none: prompts and answers to logins.
_NO_VALUE = frozenset(
    b"login password username user pass name incorrect failed failure invalid denied required ok "
    b"basic digest bearer text hidden none null true false mon tue wed thu fri sat sun".split()
)
_DIGEST = re.compile(rb"(?i)\b(username|response|cnonce)=(\"?)([^\",\s]{1,256})")
_COOKIE = re.compile(rb"([^=;,\s]{1,128}=)([^;,\s]{1,4096})")
_COOKIE_WORDS = re.compile(rb"(?i)(?:path|domain|expires|max-age|samesite|version|priority)=\Z")


def replaced(data: bytes, words: Words, count: Counted) -> bytes:
    """The text with all of it replaced, in the same length. ``count`` is told the sort of each."""
    found = sorted(_found(data, words))
    out, done = [], 0
    for begin, end, sort, new in found:
        if begin < done:
            continue  # in what was replaced as a whole
        if new != data[begin:end]:
            count(sort)
        out += [data[done:begin], new]
        done = end
    return b"".join((*out, data[done:])) if out else data


def _found(data: bytes, words: Words) -> Iterator[tuple[int, int, str, bytes]]:
    """What is to be replaced: where it begins and ends, of what sort it is, what it becomes."""
    if b"@" in data or b"%40" in data:
        for hit in _EMAIL.finditer(data):
            yield *hit.span(), EMAIL, words.word(hit[1]) + hit[2] + words.name(hit[3])
    names = _named(data)
    if any(name in _HEADERS for name, _ in names):
        for hit in _HEADER.finditer(b"\n" + data):
            replace = _cookies if b"cookie" in hit[1].lower() else _login
            yield hit.start(3) - 1, hit.end(3) - 1, SECRET, replace(hit[3], words)
    for begin, end, sort in _values(data, names):
        old = data[begin:end]
        yield begin, end, sort, _place(old, words) if sort == PLACE else words.word(old)


def logins(data: bytes) -> Iterator[bytes]:
    """User names, passwords and tokens that stand in a text by these forms."""
    names = _named(data)
    if any(name in _HEADERS for name, _ in names):
        for hit in _HEADER.finditer(b"\n" + data):
            scheme, _, rest = hit[3].partition(b" ")
            if scheme.lower() == b"basic":
                yield from _decoded(rest.strip()).split(b":", 1)
            elif scheme.lower() == b"digest":
                said = _DIGEST.finditer(rest)
                yield from (one[3] for one in said if one[1].lower() == b"username")
    named = {name for name, _ in names}
    for begin, end, sort in _values(data, names):
        # One that is the name of a field stands there for a secret, and everywhere for itself.
        if sort == SECRET and data[begin:end].lower() not in named:
            yield data[begin:end]


def _named(data: bytes) -> list[tuple[bytes, int]]:
    """What may be names of fields that are about somebody, and where they end."""
    return [(name, hit.end(1)) for hit in _NAME.finditer(data.lower()) if _sort(name := hit[1])]


def _values(data: bytes, names: list[tuple[bytes, int]]) -> Iterator[tuple[int, int, str]]:
    """Where the values of those fields stand, one behind the other, and of what sort they are."""
    done = 0
    for name, end in names:
        sort = _sort(name)
        if end < done or sort == _HEADER_ONLY:
            continue
        if sort == PLACE:
            start = end - len(name)
            at = start + max(name.rfind(b"_") + 1, 0)
            if at and data[at - 1] not in _BEFORE_PLACES:
                continue
            hit = _NUMBER.match(data, end)
        else:
            hit = _FIELD.match(data, end) or _ELEMENT.match(data, end)
        if hit is not None and not _is_word(hit[1]):
            done = hit.end(1)
            yield hit.start(1), done, sort


def _sort(name: bytes) -> str:
    """Of what sort the value of a field with this name is, "" if it is nobody's."""
    found = _SORT.get(name)
    if found is None:
        if len(_SORT) >= _MOST_NAMES:
            _SORT.clear()
        told = (sort for sort, words in _SORTS if words.search(name))
        found = _SORT[name] = next(told, _HEADER_ONLY if name in _HEADERS else "")
    return found


def _place(number: bytes, words: Words) -> bytes:
    """The first digit (of three: two) stays, so that it is still a place on this planet."""
    kept = 2 if number.find(b".") == 3 else 1
    return number[:kept] + words.word(number[kept:])


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
