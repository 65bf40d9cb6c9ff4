"""What is known to be somebody's (names, secrets, addresses, MACs), and its replacement wherever it
stands in bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, ip_address

from iotscan.anonymise import texts
from iotscan.anonymise.addresses import Addresses
from iotscan.anonymise.keyed import Key
from iotscan.anonymise.macs import Macs
from iotscan.anonymise.words import Words

NAME, ADDRESS, MAC = "names", "addresses in payload", "MACs in payload"
# A shorter word is replaced only in the conversation that it is from: it stands everywhere.
LEAST = 4
_TOKEN = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_.@-]*[A-Za-z0-9_])?")
_PLAIN = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_PARTS = re.compile(rb"([.@_-])")
_MOST_PARTS = 24
_IPV4 = re.compile(rb"(?<![\d.])(?:\d{1,3}([.,]))(?:\d{1,3}\1){2}\d{1,3}(?!\d|\.\d)")
_IPV6 = re.compile(rb"(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Za-z:])")
_MAC = re.compile(
    rb"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])"
)
_MOST_NAMES = 20_000
# What a scanner calls itself, by which its own questions are told.
_OURS = b"iotscan"
# Of an IPv4 address in text.
_SHORTEST = 7


class Book:
    """``common``: words that everybody uses, which identify nobody beyond their conversation."""

    def __init__(
        self, key: Key, macs: Macs, addresses: Addresses, common: frozenset[bytes]
    ) -> None:
        self.words, self.macs, self.addresses = Words(key), macs, addresses
        self.counts: Counter[str] = Counter()
        self._key, self._common = key, common
        self._names: set[bytes] = set()
        self._secrets: set[bytes] = set()
        self._phrases: re.Pattern[bytes] | None = None
        self._raw: re.Pattern[bytes] | None = None
        self._glued: re.Pattern[bytes] | None = None
        self._hex: Mapping[bytes, bytes] = {}

    def name(self, text: bytes) -> None:
        """Learn a host name, or what a device or person is called."""
        text = text.strip(b" .\0").lower()
        if text.count(b":") == 1:
            text = text.partition(b":")[0]  # a host with its port
        if LEAST <= len(text) <= 255 and len(self._names) < _MOST_NAMES and self._is_name(text):
            self._names.add(text)

    def secret(self, text: bytes) -> None:
        """Learn a user name, password or token."""
        if len(text) >= LEAST and text not in self._common and len(self._secrets) < _MOST_NAMES:
            self._secrets.add(text)

    def close(self) -> None:
        """All is learned: make ready to replace."""
        phrases = {name for name in self._names if not _PLAIN.fullmatch(name)}
        wide = {
            word.decode("utf-8", "replace").encode("utf-16-le")
            for word in (*self._names, *self._secrets)
        }
        wanted = [
            *(
                rb"(?i:(?<![A-Za-z0-9])" + re.escape(one) + rb"(?![A-Za-z0-9]))"
                for one in sorted(phrases, key=_long)
            ),
            *(b"(?i:" + re.escape(one) + b")" for one in sorted(wide, key=_long)),
            *(
                re.escape(one)
                for one in sorted(self._secrets, key=_long)
                if not _TOKEN.fullmatch(one)
            ),
        ]
        self._phrases = re.compile(b"|".join(wanted)) if wanted else None
        local = {".".join(map(str, raw)) for raw in self.addresses.known if _private(raw)}
        glued = [re.escape(text.encode()) for text in sorted(local)]
        # A private address is one even where digits stand right before it, or the tag of the next
        # field in BER, which is a "0", behind it.
        self._glued = (
            re.compile(rb"(?:" + b"|".join(glued) + rb")(?:(?!\d|\.\d)|(?=0[\0-\x1f\x80-\xff]))")
            if glued
            else None
        )
        raw = [re.escape(mac) for mac in sorted(self.macs.known)]
        self._raw = re.compile(b"|".join(raw), re.DOTALL) if raw else None
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

        def token(hit: re.Match[bytes]) -> bytes:
            return self._token(hit[0], here)

        def address(hit: re.Match[bytes]) -> bytes:
            separator = hit[1] if hit.re.groups else b"."
            own = _own_length(hit)
            found = self._address(hit[0][:own], separator, resize=resize)
            return found + hit[0][own:]

        data = texts.replaced(data, self.words, self._count)
        if self._phrases is not None:
            data = self._phrases.sub(self._phrase, data)
        data = _TOKEN.sub(token, data)
        data = _MAC.sub(self._mac, data)
        data = _IPV4.sub(address, data)
        if self._glued is not None:
            data = self._glued.sub(address, data)
        data = _IPV6.sub(self._address6, data)
        return self._raw.sub(self._binary, data) if self._raw is not None else data

    def label(self, label: bytes) -> bytes:
        """A label of a name, which may hold a MAC: "host [00:11:22:33:44:55]"."""
        hit = _MAC.search(label)
        if hit is None:
            return self._with_mac(label, self.words.word(label))
        before = label[: hit.start()]
        name = before.rstrip(b" [(_-")
        rest = label[hit.end() :]
        return self.words.word(name) + before[len(name) :] + self._mac(hit) + rest

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

    def _token(self, word: bytes, here: frozenset[bytes]) -> bytes:
        found = self._known_word(word, here)
        if found is not None:
            return found
        if self._ends_known(word.lower()):
            self._count(NAME)
            return self.words.name(word)
        parts = _PARTS.split(word)
        return self._inside(parts, here) if 1 < len(parts) <= _MOST_PARTS else word

    def _known_word(self, word: bytes, here: frozenset[bytes] = frozenset()) -> bytes | None:
        lower = word.lower()
        if lower == _OURS:
            return None
        if word in self._secrets or word in here:
            self._count(texts.SECRET)
            return self.words.word(word)
        if lower in self._hex:
            self._count(MAC)
            return self._hex[lower].upper() if word != lower else self._hex[lower]
        if lower in self._names:
            self._count(NAME)
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
        if b"\0" in hit[0]:
            # Letter by letter, in the lower byte of each.
            new = self.words.name(hit[0][::2])
            return b"".join(bytes(pair) for pair in zip(new, hit[0][1::2], strict=True))
        return self.words.word(hit[0])

    def _mac(self, hit: re.Match[bytes]) -> bytes:
        self._count(MAC)
        old = bytes.fromhex(hit[0].replace(hit[1], b"").decode())
        new = self.macs(old).hex(hit[1].decode()).encode()
        return new.upper() if hit[0] != hit[0].lower() else new

    def _address(self, old: bytes, separator: bytes, *, resize: bool) -> bytes:
        parts = old.split(separator)
        if any(int(part) > 255 or (len(part) > 1 and part[:1] == b"0") for part in parts):
            return old
        raw = bytes(map(int, parts))
        if raw not in self.addresses.known and not _private(raw):
            return old  # four numbers between dots are also versions
        new = self.addresses(raw)
        if new == raw:
            return old
        self._count(ADDRESS)
        text = separator.join(str(part).encode() for part in new)
        return text if resize or len(text) == len(old) else self.stand_in(old, raw)

    def stand_in(self, old: bytes, raw: bytes) -> bytes:
        """An address in text for another, digit by digit: the range of a private one stays."""
        kept = 2 if raw[:2] == b"\xc0\xa8" or raw[0] == 172 else 1 if raw[0] == 10 else 0
        at = 0
        for _ in range(kept):
            at = next(i for i in range(at, len(old)) if not 48 <= old[i] <= 57) + 1
        drawn = self._key.stream("address in text", old)
        rest = re.sub(rb"\d+", lambda hit: _number(len(hit[0]), next(drawn)), old[at:])
        return old[:at] + rest

    def _address6(self, hit: re.Match[bytes]) -> bytes:
        try:
            address = IPv6Address(hit[0].decode())
        except ValueError:
            return hit[0]
        if self.addresses(address.packed) == address.packed:
            return hit[0]
        self._count(ADDRESS)
        exact = str(IPv6Address(self.addresses(address.packed))).encode()
        if len(exact) == len(hit[0]):
            return exact
        head, colon, rest = hit[0].partition(b":")
        drawn = self._key.stream("address in text", hit[0].lower())
        return (
            head + colon + re.sub(rb"[0-9A-Fa-f]", lambda _: b"%x" % (next(drawn) % 15 + 1), rest)
        )

    def _binary(self, hit: re.Match[bytes]) -> bytes:
        self._count(MAC)
        return self.macs(hit[0])


def _own_length(hit: re.Match[bytes]) -> int:
    """How much of an address in text is one, where its length stands before it: the next byte of a
    binary message may be a digit as well.
    """
    length = hit.string[hit.start() - 1] if hit.start() else 0
    shorter = _SHORTEST <= length < len(hit[0]) and hit[0][:length].count(b".") == 3
    return length if shorter and hit[0][length - 1 : length] != b"." else len(hit[0])


def _long(text: bytes) -> tuple[int, bytes]:
    """Longest first."""
    return -len(text), text


def _extended(mac: bytes) -> bytes:
    return (mac[:3] + b"\xff\xfe" + mac[3:]).hex().encode()


def _private(raw: bytes) -> bool:
    """Whether it is an IPv4 address that a host has in a network of its own."""
    address = ip_address(raw)
    return (
        len(raw) == 4
        and not address.is_global
        and not address.is_multicast
        and raw[0] not in (0, 127)
    )


def _number(digits: int, drawn: int) -> bytes:
    """An octet of so many digits."""
    low, high = {1: (1, 9), 2: (10, 99)}.get(digits, (100, 254))
    return str(low + drawn % (high - low + 1)).encode()
