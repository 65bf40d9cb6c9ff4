"""Addresses and MACs that stand in payload: as text in every usual form, and as bytes."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import IPv6Address, ip_address

from iotscan.anonymise.addresses import Addresses
from iotscan.anonymise.keyed import Key
from iotscan.anonymise.macs import Macs

ADDRESS, MAC = "addresses in payload", "MACs in payload"

_IPV4 = re.compile(rb"(?<![\d.])(?:\d{1,3}([.,]))(?:\d{1,3}\1){2}\d{1,3}(?!\d|\.\d)")
_IPV6 = re.compile(rb"(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Za-z:])")
MAC_TEXT = re.compile(
    rb"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])"
)
# An address that a certificate is for: iPAddress of RFC 5280 section 4.2.1.6, in DER.
_CERTIFIED = re.compile(rb"(?<=\x87\x04)[\s\S]{4}|(?<=\x87\x10)[\s\S]{16}")
# Of an IPv4 address in text.
_SHORTEST = 7


class Numbers:
    """Finds them, and counts what it replaces in ``counts``."""

    def __init__(self, key: Key, macs: Macs, addresses: Addresses, counts: Counter[str]) -> None:
        self._key, self._macs, self._addresses, self._counts = key, macs, addresses, counts
        self._glued: re.Pattern[bytes] | None = None
        self._raw: re.Pattern[bytes] | None = None

    def close(self) -> None:
        """All addresses and MACs are known: make ready to replace."""
        local = {".".join(map(str, raw)) for raw in self._addresses.known if _private(raw)}
        glued = [re.escape(text.encode()) for text in sorted(local)]
        # A private address is one even where digits stand right before it, or the tag of the next
        # field in BER, which is a "0", behind it.
        self._glued = (
            re.compile(rb"(?:" + b"|".join(glued) + rb")(?:(?!\d|\.\d)|(?=0[\0-\x1f\x80-\xff]))")
            if glued
            else None
        )
        raw = [re.escape(mac) for mac in sorted(self._macs.known)]
        self._raw = re.compile(b"|".join(raw), re.DOTALL) if raw else None

    def replaced(self, data: bytes, *, resize: bool) -> bytes:
        """The bytes with all of them replaced, in the same length unless ``resize``."""

        def address(hit: re.Match[bytes]) -> bytes:
            separator = hit[1] if hit.re.groups else b"."
            own = _own_length(hit)
            found = self._address(hit[0][:own], separator, resize=resize)
            return found + hit[0][own:]

        def address6(hit: re.Match[bytes]) -> bytes:
            return self._address6(hit, resize=resize)

        data = MAC_TEXT.sub(self.mac, data)
        data = _IPV4.sub(address, data)
        if self._glued is not None:
            data = self._glued.sub(address, data)
        data = _IPV6.sub(address6, data)
        data = _CERTIFIED.sub(self._certified, data)
        return self._raw.sub(self._binary, data) if self._raw is not None else data

    def mac(self, hit: re.Match[bytes]) -> bytes:
        """The replacement of a MAC in text."""
        self._counts[MAC] += 1
        old = bytes.fromhex(hit[0].replace(hit[1], b"").decode())
        new = self._macs(old).hex(hit[1].decode()).encode()
        return new.upper() if hit[0] != hit[0].lower() else new

    def stand_in(self, old: bytes, raw: bytes) -> bytes:
        """An address in text for another, digit by digit: the range of a private one stays."""
        kept = 2 if raw[:2] == b"\xc0\xa8" or raw[0] == 172 else 1 if raw[0] == 10 else 0
        at = 0
        for _ in range(kept):
            at = next(i for i in range(at, len(old)) if not 48 <= old[i] <= 57) + 1
        drawn = self._key.stream("address in text", old)
        rest = re.sub(rb"\d+", lambda hit: _number(len(hit[0]), next(drawn)), old[at:])
        return old[:at] + rest

    def _address(self, old: bytes, separator: bytes, *, resize: bool) -> bytes:
        parts = old.split(separator)
        if any(int(part) > 255 or (len(part) > 1 and part[:1] == b"0") for part in parts):
            return old
        raw = bytes(map(int, parts))
        if raw not in self._addresses.known and not _private(raw):
            return old  # four numbers between dots are also versions
        new = self._addresses(raw)
        if new == raw:
            return old
        self._counts[ADDRESS] += 1
        text = separator.join(str(part).encode() for part in new)
        return text if resize or len(text) == len(old) else self.stand_in(old, raw)

    def _address6(self, hit: re.Match[bytes], *, resize: bool) -> bytes:
        try:
            address = IPv6Address(hit[0].decode())
        except ValueError:
            return hit[0]
        if self._addresses(address.packed) == address.packed:
            return hit[0]
        self._counts[ADDRESS] += 1
        exact = str(IPv6Address(self._addresses(address.packed))).encode()
        if resize or len(exact) == len(hit[0]):
            return exact
        head, colon, rest = hit[0].partition(b":")
        drawn = self._key.stream("address in text", hit[0].lower())
        return (
            head + colon + re.sub(rb"[0-9A-Fa-f]", lambda _: b"%x" % (next(drawn) % 15 + 1), rest)
        )

    def _certified(self, hit: re.Match[bytes]) -> bytes:
        return self._addresses.known.get(hit[0], hit[0])

    def _binary(self, hit: re.Match[bytes]) -> bytes:
        self._counts[MAC] += 1
        return self._macs(hit[0])


def _own_length(hit: re.Match[bytes]) -> int:
    """How much of an address in text is one, where its length stands before it: the next byte of a
    binary message may be a digit as well.
    """
    length = hit.string[hit.start() - 1] if hit.start() else 0
    shorter = _SHORTEST <= length < len(hit[0]) and hit[0][:length].count(b".") == 3
    return length if shorter and hit[0][length - 1 : length] != b"." else len(hit[0])


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
