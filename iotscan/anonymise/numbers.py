"""Addresses and MACs that stand in payload: as text in every usual form, and as bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address

from iotscan.anonymise.addresses import Addresses
from iotscan.anonymise.keyed import Key
from iotscan.anonymise.macs import Macs

ADDRESS, MAC = "addresses in payload", "MACs in payload"

_DOTTED = re.compile(rb"\d++([.,])\d+(?:\1\d+){2,}")
_IPV6 = re.compile(rb"(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Za-z:])")
MAC_TEXT = re.compile(
    rb"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}"
    rb"(?!\1?[0-9A-Fa-f])"
)
# An address that a certificate is for: iPAddress of RFC 5280 section 4.2.1.6, in DER.
_CERTIFIED = re.compile(rb"\x87(?:\x04[\s\S]{4}|\x10[\s\S]{16})")
# Of an IPv4 address in text.
_SHORTEST = 7
# MACs, and addresses, that are looked for in bytes; how many first bytes MACs of one device share.
MOST_RAW, _NEAR = 16_384, 4


class Numbers:
    """Finds them, and counts what it replaces in ``counts``."""

    def __init__(self, key: Key, macs: Macs, addresses: Addresses, counts: Counter[str]) -> None:
        self._key, self._macs, self._addresses, self._counts = key, macs, addresses, counts
        self._local: frozenset[bytes] = frozenset()
        self._raw: re.Pattern[bytes] | None = None

    def close(self) -> None:
        """All addresses and MACs are known: make ready to replace."""
        known = (raw for raw in self._addresses.known if _private(raw))
        self._local = frozenset(".".join(map(str, raw)).encode() for raw in known)
        wanted: set[bytes] = set()
        for mac in sorted(self._macs.known)[:MOST_RAW]:
            # Those of one device follow each other, and one of them may be told in payload alone.
            near = mac[:_NEAR]
            wanted.add(re.escape(near) + b".." if near.count(0) < 2 else re.escape(mac))
        for raw in sorted(self._addresses.known)[:MOST_RAW]:
            if len(raw) == 16 or raw.count(0) < 2:
                changes = self._addresses(raw) != raw
                wanted |= {re.escape(raw)} if changes else set()
        self._raw = re.compile(_tree(wanted), re.DOTALL) if wanted else None

    def look(self, data: bytes) -> None:
        """Learn the MACs that stand in a text, before all is known."""
        if data.count(b":") >= 5 or data.count(b"-") >= 5:
            for hit in MAC_TEXT.finditer(data):
                self.learn(hit)

    def learn(self, hit: re.Match[bytes]) -> None:
        """Learn a MAC that was found as text."""
        self._macs(bytes.fromhex(hit[0].replace(hit[1], b"").decode()))

    def replaced(self, data: bytes, *, resize: bool) -> bytes:
        """The bytes with all of them replaced, in the same length unless ``resize``."""
        colons = data.count(b":")
        if colons >= 5 or data.count(b"-") >= 5:
            data = MAC_TEXT.sub(self.mac, data)
        if data.count(b".") >= 3 or data.count(b",") >= 3:
            data = _DOTTED.sub(lambda hit: self._dotted(hit, resize=resize), data)
        if colons >= 2 and (colons >= 7 or b"::" in data):
            data = _IPV6.sub(lambda hit: self._address6(hit, resize=resize), data)
        if b"\x87\x04" in data or b"\x87\x10" in data:
            data = _CERTIFIED.sub(self._certified, data)
        if self._raw is not None and not (data.isascii() and b"\0" not in data):
            data = self._raw.sub(self._binary, data)
        return data

    def mac(self, hit: re.Match[bytes]) -> bytes:
        """The replacement of a MAC in text."""
        old = bytes.fromhex(hit[0].replace(hit[1], b"").decode())
        self._counts[MAC] += self._macs(old) != old
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

    def _dotted(self, hit: re.Match[bytes], *, resize: bool) -> bytes:
        """Numbers between dots or commas: an address, or something in which one stands."""
        own = _own_length(hit)
        text, rest = hit[0][:own], hit[0][own:]
        parts = text.split(hit[1])
        if hit[1] == b",":
            # As FTP writes them, with a port behind.
            return hit[1].join(self._listed(parts, resize=resize)) + rest
        if len(parts) == 4 and (new := self._address(parts, b".", resize=resize)) is not None:
            return new + rest
        if len(parts) >= 4:
            for at in range(len(parts) - 3):
                found = self._glued(parts[at : at + 4], at, hit)
                if found is not None:
                    begin = len(b".".join((*parts[:at], b"")))
                    place = begin + len(parts[at]) - len(found.split(b".")[0])
                    new = self._address(found.split(b"."), b".", resize=resize) or found
                    return hit[0][:place] + new + hit[0][place + len(found) :]
        return hit[0]

    def _listed(self, parts: list[bytes], *, resize: bool) -> Iterator[bytes]:
        """Numbers between commas, with addresses among them replaced."""
        at = 0
        while at < len(parts):
            four = parts[at : at + 4]
            new = self._address(four, b",", resize=resize) if len(four) == 4 else None
            yield parts[at] if new is None else new
            at += 1 if new is None else 4

    def _glued(self, parts: list[bytes], at: int, hit: re.Match[bytes]) -> bytes | None:
        """A private address is one even where digits stand right before it, or the tag of the next
        field in BER, which is a "0", behind it.
        """
        first, middle, last = parts[0], b".%s.%s." % (parts[1], parts[2]), parts[3]
        after = hit.string[hit.end() : hit.end() + 1]
        tagged = last[-1:] == b"0" and bool(after) and (after < b" " or after > b"\x7f")
        for size in (3, 2, 1):
            if size > len(first) or (at and size != len(first)):
                continue
            for text in (first[-size:] + middle + last, first[-size:] + middle + last[:-1]):
                if text in self._local and (text.endswith(middle + last) or tagged):
                    return text
        return None

    def _address(self, parts: list[bytes], separator: bytes, *, resize: bool) -> bytes | None:
        """What an address of four parts becomes; None if it is none, or stays."""
        if any(
            len(part) > 3 or int(part) > 255 or (len(part) > 1 and part[:1] == b"0")
            for part in parts
        ):
            return None
        raw = bytes(map(int, parts))
        if raw not in self._addresses.known and not _private(raw):
            return None  # four numbers between dots are also versions
        new = self._addresses(raw)
        if new == raw:
            return None
        self._counts[ADDRESS] += 1
        text, old = separator.join(str(part).encode() for part in new), separator.join(parts)
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
        old = hit[0][2:]
        new = self._addresses.known.get(old, old)
        self._counts[ADDRESS] += new != old
        return hit[0][:2] + new

    def _binary(self, hit: re.Match[bytes]) -> bytes:
        mac = len(hit[0]) == 6
        new = self._macs(hit[0]) if mac else self._addresses(hit[0])
        self._counts[MAC if mac else ADDRESS] += new != hit[0]
        return new


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


def _tree(wanted: set[bytes]) -> bytes:
    """A pattern of all of them that are written as patterns, the longest first, that tries those
    with the same beginning together.
    """
    groups: dict[bytes, list[bytes]] = {}
    for one in sorted(wanted, key=lambda one: (-len(one), one)):
        begin = one[:2] if one[:1] == b"\\" else one[:1]
        groups.setdefault(begin, []).append(one[len(begin) :])
    return b"|".join(begin + b"(?:%s)" % b"|".join(rest) for begin, rest in groups.items())
