"""Names and secrets: each by another of the same length and make-up.

Letters become letters, digits digits, and what is neither stays, so that a name is still a name to
whoever reads it. Upper and lower case are two forms of one name, as in DNS (RFC 4343).
"""

from __future__ import annotations

import re

from iotscan.anonymise.keyed import Key

# Labels that say what a name is for, not whose it is: RFC 6762, RFC 8375, RFC 6763, RFC 6761.
KEPT_LABELS = frozenset(
    b"local localdomain localhost lan home arpa in-addr ip6 internal wpad isatap bind version "
    b"invalid test example onion alt resolver service dns mcast iotscan".split()
)
# Labels of hosts by their use, which may be numbered.
_NUMBERED = frozenset((b"www", b"ocsp", b"crl", b"ntp"))
_HEX = re.compile(
    rb"[0-9a-f]{8,}|[0-9A-F]{8,}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
)
# "Anna's iPhone" and "Annas-iPhone": that it is somebody's, and what, is no secret; whose, is.
_OWNED = re.compile("([A-Za-z]{2,})('s |\u2019s |'s-|s-)(.+)".encode())
_THINGS = frozenset(
    b"iphone ipad imac macbook watch airpods galaxy pixel handy laptop tv macbook-pro macbook-air "
    b"apple-watch mac-mini ipod".split()
)
# Of an e-mail address, the host has the name that it has elsewhere.
_MAIL = re.compile(rb"([A-Za-z0-9._+-]+)@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24})")
_LETTERS, _DIGITS, _HEXADECIMAL = b"abcdefghijklmnopqrstuvwxyz", b"0123456789", b"0123456789abcdef"
_TRIES = 8
_MOST_KNOWN = 100_000


class Words:
    """Replaces texts by a key."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._known: dict[bytes, bytes] = {}

    def word(self, text: bytes) -> bytes:
        """The replacement of a word; one without letters and digits stays."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[text] = self._replaced(text)
        return found

    def name(self, text: bytes) -> bytes:
        """The replacement of a host name, label by label: the last of several, and those that tell
        a use, stay.
        """
        labels = text.split(b".")
        last = len(labels) - 1 if labels[-1] else len(labels) - 2
        return b".".join(
            label if (i == last and last > 0) or not self.tells(label) else self.word(label)
            for i, label in enumerate(labels)
        )

    def tells(self, label: bytes) -> bool:
        """Whether a label may say whose it is."""
        bare = label.lower()
        kept = bare in KEPT_LABELS or bare.rstrip(b"0123456789") in _NUMBERED
        return bool(label) and not label.startswith(b"_") and not kept

    def _replaced(self, text: bytes) -> bytes:
        lower = text.lower()
        if b"@" in text and (mail := _MAIL.fullmatch(text)) is not None:
            return self.word(mail[1]) + b"@" + self.name(mail[2])
        if (owned := _OWNED.fullmatch(text)) is not None:
            return self.word(owned[1]) + owned[2] + self._thing(owned[3])
        hexadecimal = _HEX.fullmatch(text) is not None and any(b in _DIGITS for b in text)
        for number in range(_TRIES):
            stream = self._key.stream(f"word {number}", lower)
            if hexadecimal:
                found = bytes(old if old == 45 else _HEXADECIMAL[next(stream) % 16] for old in text)
                found = _same_sort(text, found)
                found = found.upper() if text != lower else found
            else:
                found = bytes(_like(old, next(stream)) for old in text)
            if found.lower() != lower:
                break
        return found if text else text

    def _thing(self, text: bytes) -> bytes:
        return text if text.lower() in _THINGS else self.word(text)


def _same_sort(old: bytes, new: bytes) -> bytes:
    """A UUID keeps its version and variant, and whether it ends in a MAC or in what cannot be one:
    RFC 9562 sections 4 and 6.10.
    """
    if old[8:9] != b"-":
        return new
    node = b"%x" % (int(new[25:26], 16) & 0xC | int(old[25:26], 16) & 3)
    return new[:14] + old[14:15] + new[15:19] + old[19:20] + new[20:25] + node + new[26:]


def _like(old: int, drawn: int) -> int:
    """A byte of the same sort as an old one."""
    if 65 <= old <= 90:
        return _LETTERS[drawn % 26] - 32
    if 97 <= old <= 122 or old >= 0x80:
        return _LETTERS[drawn % 26]
    return _DIGITS[drawn % 10] if 48 <= old <= 57 else old
