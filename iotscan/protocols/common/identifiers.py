"""Fixed identifiers and people's names in what devices announce: what discovery gives away.

Both are judgements on text, so both are conservative: a pattern that would often be wrong is left
out, and what the words do not show is False for this announcement, not for the device.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from iotscan.model import Kind

DISCOVERY_IDENTIFIERS = Kind(
    "discovery.identifiers",
    {"via": str, "serial": bool, "mac": bool, "uuid": bool},
    "For an announcement or description that could hold fixed identifiers: which of them it holds.",
)
DEVICE_NAME = Kind(
    "device.name",
    {"via": str, "name": str, "looks_personal": bool},
    "For a name that a device announces. looks_personal: it is of the form 'Anna's iPhone', "
    "'Annas-iPhone' or 'Küche von Peter'.",
)

_NAME = r"[^\W\d_][^\W\d_]+"
_POSSESSIVE = re.compile(rf"({_NAME})['’]s?[ -]\w")
# Host names lose the apostrophe; without it only things that belong to one person are believed.
_THINGS = r"(?:iPhone|iPad|iMac|MacBook|Watch|AirPods|Galaxy|Pixel|Handy)"
_JOINED = re.compile(rf"({_NAME}?)s-{_THINGS}\b")
_OF = re.compile(rf"\w[\w .-]*? (?:von|de|di|van|av|od) ({_NAME})(?: {_NAME})?$")
# Capitalised words in these places that name no person.
_NOT_PEOPLE = re.compile(
    "today|men|women|children|kid|baby|master|guest|mom|dad|let|that|what|here|it|who|"
    "casa|cocina|oficina|sala|salon|bureau|cuisine|maison|chambre|entree|cucina|ufficio|"
    "apple|samsung|google|amazon|sony|philips|bosch|siemens|brother|canon|epson|xerox|"
    "kantoor|keuken|woonkamer|hause|zuhause|oben|unten|hier|heute",
    re.IGNORECASE,
)

_MAC = re.compile(
    r"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![0-9A-Fa-f:-])"
)
_BARE_MAC = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
_UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-([0-9a-f]{12})", re.IGNORECASE
)


def looks_personal(name: str) -> bool:
    """Whether a device's name holds what is very likely a person's name.

    Forms: an English genitive ("Anna's iPhone", "Hans' TV"), the same in a host name before a
    personal thing ("Annas-MacBook-Pro"), and "<thing> von/de/di/van/av/od <Name>".
    """
    found = _POSSESSIVE.match(name) or _JOINED.match(name) or _OF.fullmatch(name)
    if found is None:
        return False
    word = found[1]
    return word[:1].isupper() and word[1:].islower() and not _NOT_PEOPLE.fullmatch(word)


def holds_mac(texts: Iterable[str], mac: str | None = None) -> bool:
    """Whether one of the texts holds a MAC: the device's own if that is known, else any that is
    written as one, or twelve hexadecimal digits that a maker could have been given.

    A version 1 UUID holds one too, RFC 9562 §5.1.
    """
    own = _bare(mac)
    for text in texts:
        nodes = [hit[2].lower() for hit in _UUID.finditer(text) if hit[1] == "1" or hit[2] == own]
        rest = _UUID.sub(" ", text)
        nodes += [_bare(hit.group()) for hit in _MAC.finditer(rest)]
        # Twelve decimal digits are more often a serial number or a date than a MAC.
        nodes += [d.lower() for d in _BARE_MAC.findall(rest) if not d.isdigit() or d == own]
        if any(node == own or _assigned(node) for node in nodes):
            return True
    return False


def holds_uuid(texts: Iterable[str]) -> bool:
    return any(_UUID.search(text) for text in texts)


def _bare(mac: str | None) -> str:
    return re.sub(r"[:-]", "", mac or "").lower()


def _assigned(digits: str) -> bool:
    """Neither a group address nor locally administered (IEEE 802 §8.4), and not all zeroes."""
    return int(digits[:2], 16) & 3 == 0 and digits.strip("0") != ""
