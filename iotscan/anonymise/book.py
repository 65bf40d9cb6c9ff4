"""What is known to be somebody's (names, secrets, addresses, MACs), and its replacement wherever it
stands in bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from iotscan.anonymise import encodings, texts
from iotscan.anonymise.addresses import Addresses
from iotscan.anonymise.keyed import Key
from iotscan.anonymise.macs import Macs
from iotscan.anonymise.numbers import MAC, MAC_TEXT, Numbers
from iotscan.anonymise.words import Words

NAME = "names"
# A shorter word is replaced only in the conversation that it is from: it stands everywhere.
LEAST = 4
_TOKEN = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_.@-]*[A-Za-z0-9_])?")
_PLAIN = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
# Text in characters of 16 bits (SMB, NTLM).
_WIDE = re.compile(rb"(?:[A-Za-z0-9_.@' -]\0){4,}")
_PARTS = re.compile(rb"([.@_-])")
_MOST_PARTS = 24
MOST_NAMES = 20_000
# Words of which it is kept in mind what becomes of them.
_MOST_WORDS = 100_000
_MAC_DIGITS = 12
_RUN = re.compile(rb"[a-z0-9]+")
# What a scanner calls itself, by which its own questions are told.
_OURS = b"iotscan"


class Book:
    """``common``: words that everybody uses, which identify nobody beyond their conversation."""

    def __init__(
        self, key: Key, macs: Macs, addresses: Addresses, common: frozenset[bytes]
    ) -> None:
        self.words, self.macs, self.addresses = Words(key), macs, addresses
        self.counts: Counter[str] = Counter()
        self.numbers = Numbers(key, macs, addresses, self.counts)
        self._common = common
        # Whether there were more names and logins than are looked for.
        self.full = False
        self._names: set[bytes] = set()
        self._secrets: set[bytes] = set()
        self._phrases: re.Pattern[bytes] | None = None
        self._odd: re.Pattern[bytes] | None = None
        # In what phrases begin with, so that most texts need no search for them.
        self._begins: frozenset[bytes] = frozenset()
        # Words that were looked at: the many that are nobody's, and what became of the others.
        self._plain: set[bytes] = set()
        self._changed: dict[bytes, tuple[bytes, tuple[str, ...]]] = {}
        self._sorts: list[str] = []
        self._hex: Mapping[bytes, bytes] = {}

    def name(self, text: bytes) -> None:
        """Learn a host name, or what a device or person is called."""
        text = text.strip(b" .\0").lower().removeprefix(b"uuid:")
        if text.count(b":") == 1:
            text = text.partition(b":")[0]  # a host with its port
        while LEAST <= len(text) <= 255 and text not in self._names and self._is_name(text):
            if len(self._names) >= MOST_NAMES:
                self.full = True
                return
            self._names.add(text)
            # A host's domain is in the names of other hosts, and in certificates.
            text = text.partition(b".")[2]
            if b"." not in text:
                break

    def secret(self, text: bytes) -> None:
        """Learn a user name, password or token."""
        if len(text) < LEAST or text in self._common or text in self._secrets:
            return
        if len(self._secrets) >= MOST_NAMES:
            self.full = True
            return
        self._secrets.add(text)

    def close(self) -> None:
        """All is learned: make ready to replace."""
        phrases = {name for name in self._names if not _PLAIN.fullmatch(name)}
        wanted = [
            rb"(?i:(?<![A-Za-z0-9])" + re.escape(one) + rb"(?![A-Za-z0-9]))"
            for one in sorted(phrases, key=_long)
        ]
        self._phrases = re.compile(b"|".join(wanted)) if wanted else None
        begins = (_RUN.search(phrase) for phrase in phrases)
        self._begins = frozenset(hit[0] for hit in begins if hit is not None)
        odd = [one for one in self._secrets if not _TOKEN.fullmatch(one)]
        self._odd = re.compile(b"|".join(map(re.escape, sorted(odd, key=_long)))) if odd else None
        self.numbers.close()
        self._hex = {
            form: new
            for old, mapped in self.macs.known.items()
            for form, new in (
                (old.hex().encode(), mapped.hex().encode()),
                ((old[:3] + b"\xff\xfe" + old[3:]).hex().encode(), _extended(mapped)),
            )
        }

    def text(self, data: bytes, more: Iterable[bytes] = (), *, resize: bool = False) -> bytes:
        """The bytes with all that is known replaced. ``more``: words of this conversation alone.

        The length stays. ``resize``: but for addresses, which are then those of the packets; where
        the length must stay, an address in text whose replacement is longer or shorter is replaced
        by another of its length.
        """
        here = frozenset(more)

        def wide(hit: re.Match[bytes]) -> bytes:
            new = self._words(hit[0][::2], here)
            return b"".join(bytes((byte, 0)) for byte in new)

        data = texts.replaced(data, self.words, self._count)
        if b"\0" in data:
            data = _WIDE.sub(wide, data)
        data = self._words(data, here)
        data = encodings.replaced(data, lambda inside: self._words(inside, here))
        return self.numbers.replaced(data, resize=resize)

    def label(self, label: bytes) -> bytes:
        """A label of a name, which may hold a MAC: "host [00:11:22:33:44:55]"."""
        hit = MAC_TEXT.search(label)
        if hit is None:
            return self._with_mac(label, self.words.word(label))
        before = label[: hit.start()]
        name = before.rstrip(b" [(_-")
        rest = label[hit.end() :]
        return self.words.word(name) + before[len(name) :] + self.numbers.mac(hit) + rest

    def _is_name(self, text: bytes) -> bool:
        """Whether it is more than an address, a word that tells a use, or a number."""
        if text in self._common or not self.words.tells(text) or text.isdigit():
            return False
        try:
            ip_address(text.decode("ascii", "replace"))
        except ValueError:
            return True
        return False

    def _count(self, sort: str) -> None:
        self.counts[sort] += 1

    def _words(self, data: bytes, here: frozenset[bytes]) -> bytes:
        """With the words that are known replaced."""
        if self._phrases is not None and not self._begins.isdisjoint(_RUN.findall(data.lower())):
            data = self._phrases.sub(self._phrase, data)
        if self._odd is not None:
            data = self._odd.sub(self._phrase, data)
        tokens = _TOKEN.findall(data)
        here = frozenset(one for one in here if one in data)
        if not here and self._plain.issuperset(tokens):
            return data
        changed: dict[bytes, tuple[bytes, tuple[str, ...]]] = {}
        for word in set(tokens):
            own = frozenset(one for one in here if one in word)
            found = self._looked_up(word, own)
            if found is not None:
                changed[word] = found

        def put(hit: re.Match[bytes]) -> bytes:
            found = changed.get(hit[0])
            if found is None:
                return hit[0]
            self.counts.update(found[1])
            return found[0]

        return _TOKEN.sub(put, data) if changed else data

    def _looked_up(
        self, word: bytes, here: frozenset[bytes]
    ) -> tuple[bytes, tuple[str, ...]] | None:
        """What a word becomes, and what it was; None if it is nobody's. ``here``: what is in it of
        the words of this conversation alone.
        """
        if not here and word in self._plain:
            return None
        found = None if here else self._changed.get(word)
        if found is None:
            self._sorts.clear()
            new = self._token(word, here)
            found = new, tuple(self._sorts)
            if len(self._plain) + len(self._changed) > _MOST_WORDS:
                self._plain.clear()
                self._changed.clear()
            if not here and new == word:
                self._plain.add(word)
            elif not here:
                self._changed[word] = found
        return found if found[0] != word else None

    def _token(self, word: bytes, here: frozenset[bytes]) -> bytes:
        found = self._known_word(word, here)
        if found is not None:
            return found
        if self._ends_known(word.lower()):
            self._sorts.append(NAME)
            return self.words.name(word)
        parts = _PARTS.split(word)
        if 1 < len(parts) <= _MOST_PARTS:
            word = self._inside(parts, here)
        return self._holding(word) if len(word) > _MAC_DIGITS else word

    def _holding(self, word: bytes) -> bytes:
        """With the MAC replaced that stands in it: in names and numbers that are made of one."""
        lower = word.lower()
        for at in range(len(word) - _MAC_DIGITS + 1):
            new = self._hex.get(lower[at : at + _MAC_DIGITS])
            if new is not None:
                self._sorts.append(MAC)
                old = word[at : at + _MAC_DIGITS]
                new = new if old == old.lower() else new.upper()
                return word[:at] + new + word[at + _MAC_DIGITS :]
        return word

    def _known_word(self, word: bytes, here: frozenset[bytes] = frozenset()) -> bytes | None:
        lower = word.lower()
        if lower == _OURS:
            return None
        if word in self._secrets or word in here:
            self._sorts.append(texts.SECRET)
            return self.words.word(word)
        if lower in self._hex:
            self._sorts.append(MAC)
            return self._hex[lower].upper() if word != lower else self._hex[lower]
        if lower in self._names:
            self._sorts.append(NAME)
            return self._with_mac(word, self.words.name(word))
        return None

    def _inside(self, parts: list[bytes], here: frozenset[bytes]) -> bytes:
        """What is known among the parts of a longer word, the longest first."""
        for size in range(len(parts), 0, -2):
            for at in range(0, len(parts) - size + 1, 2):
                part = b"".join(parts[at : at + size])
                found = self._known_word(part, here) if len(part) >= LEAST else None
                if found is not None:
                    before, after = parts[: max(0, at - 1)], parts[at + size + 1 :]
                    left = self._inside(before, here) + parts[at - 1] if at else b""
                    right = parts[at + size] if at + size < len(parts) else b""
                    return left + found + right + (self._inside(after, here) if after else b"")
        return b"".join(parts)

    def _with_mac(self, old: bytes, new: bytes) -> bytes:
        """A UUID that ends in a MAC (RFC 9562 section 5.1) ends in the replacement of that one."""
        mac = self._hex.get(old[-12:].lower()) if len(old) > 12 else None
        if mac is None:
            return new
        return new[:-12] + (mac.upper() if old[-12:] != old[-12:].lower() else mac)

    def _ends_known(self, word: bytes) -> bool:
        """Whether a name ends in one that is known, as a host's does in its domain."""
        while b"." in word:
            word = word.partition(b".")[2]
            if b"." in word and word in self._names:
                return True
        return False

    def _phrase(self, hit: re.Match[bytes]) -> bytes:
        self._count(NAME)
        return self.words.word(hit[0])


def _long(text: bytes) -> tuple[int, bytes]:
    """Longest first."""
    return -len(text), text


def _extended(mac: bytes) -> bytes:
    return (mac[:3] + b"\xff\xfe" + mac[3:]).hex().encode()
