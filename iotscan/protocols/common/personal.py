"""Personal data in what was said in clear, told by patterns: what kinds, never the values.

The patterns are strict, since a web page is full of things that look alike: a value counts under a
name that says what it is, and two names must go together where one alone is ambiguous.
"""

from __future__ import annotations

import re

# Bytes of one message that are looked at.
LONGEST = 65_536
# Smaller pictures are icons.
SMALLEST_PICTURE = 2048
EMAIL, PLACE, PHONE, PERSON, BIRTH, PICTURE = (
    "e-mail address",
    "place",
    "telephone number",
    "name",
    "date of birth",
    "picture",
)

# A name of a field, quoted or not, then its value: forms, query strings, JSON, XML attributes.
_IS = rb"[\"']?\s{0,4}(?:=|:|%3D|>)\s{0,4}[\"']?"
_FIELD = rb"(?:^|[\s{,&?\"'<;_.-])"
_EMAIL = re.compile(
    rb"(?<![A-Za-z0-9._%+/:-])[A-Za-z0-9][A-Za-z0-9._+-]{0,63}(?:@|%40)"
    rb"((?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24})(?![A-Za-z0-9.:/-])"
)
# Domains of documentation, and of machines' own accounts.
_NOBODY = re.compile(rb"(?:^|\.)(?:example(?:\.\w+)?|test|invalid|localhost|local|lan|arpa)$", re.I)
# Four decimals are eleven metres; fewer are a town or a chart.
_LATITUDE = re.compile(_FIELD + rb"lat(?:itude)?" + _IS + rb"(-?\d{1,2}\.\d{4,})", re.I)
_LONGITUDE = re.compile(_FIELD + rb"(?:lon|lng|longitude)" + _IS + rb"(-?\d{1,3}\.\d{4,})", re.I)
_PHONE = re.compile(
    _FIELD
    + rb"(?:phone|mobile|telephone)(?:_?(?:number|no))?"
    + _IS
    + rb"(?:\+|%2B|00|0)[\d ()/-]{7,18}(?=[\"'&<,}\s]|$)",
    re.I,
)
_GIVEN = re.compile(_FIELD + rb"(?:first|given)_?name" + _IS + rb"[^\W\d_]{2,}", re.I)
_FAMILY = re.compile(_FIELD + rb"(?:last|family|sur)_?name" + _IS + rb"[^\W\d_]{2,}", re.I)
_BIRTH = re.compile(
    _FIELD + rb"(?:birth_?da(?:y|te)|date_?of_?birth|dob)" + _IS + rb"\d{1,4}[-./]\d{1,2}[-./]\d",
    re.I,
)
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def personal_kinds(data: bytes) -> tuple[str, ...]:
    """What kinds of personal data stand in the values of a message, in a fixed order."""
    text = data[:LONGEST]
    found = []
    if any(not _NOBODY.search(hit[1]) for hit in _EMAIL.finditer(text)):
        found.append(EMAIL)
    if _placed(text):
        found.append(PLACE)
    if _PHONE.search(text):
        found.append(PHONE)
    if _GIVEN.search(text) and _FAMILY.search(text):
        found.append(PERSON)
    if _BIRTH.search(text):
        found.append(BIRTH)
    return tuple(found)


def is_picture(data: bytes) -> bool:
    """Whether these bytes are a photograph or screenshot, by signature and size."""
    return len(data) >= SMALLEST_PICTURE and data.startswith(_PICTURES)


def _placed(text: bytes) -> bool:
    """Both coordinates, and not the point in the sea where unset ones lie."""
    latitude, longitude = _LATITUDE.search(text), _LONGITUDE.search(text)
    if latitude is None or longitude is None:
        return False
    north, east = abs(float(latitude[1])), abs(float(longitude[1]))
    return north <= 90 and east <= 180 and (north > 0 or east > 0)
