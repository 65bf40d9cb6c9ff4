"""DHCP and DHCPv6 messages with names, addresses and MACs replaced where they stand.

RFC 2131 and 2132, RFC 3004 and others for options; RFC 8415 for version 6.
"""

from __future__ import annotations

from iotscan.anonymise.book import Book

_COOKIE = b"\x63\x82\x53\x63"
# Options of addresses: routers, name servers and the like, broadcast, requested, server, …
_ADDRESSES = frozenset({3, 4, 5, 6, 7, 8, 9, 10, 11, 28, 41, 42, 44, 45, 48, 49, 50, 54, 118, 150})
_NAMES, _DOMAINS, _FULL, _CLIENT, _RELAY = (12, 14, 40, 62, 64), (15,), 81, 61, 82
_VENDOR_CLASS, _PARAMETERS, _KIND = 60, 55, 53
_PAD, _END = 0, 255
# Version 6: options that hold options, addresses after so many bytes, and domain names.
_HOLDS = {3: 12, 4: 4, 25: 12, 5: 24, 26: 25}
_V6_ADDRESSES = frozenset({12, 23, 27, 28, 31, 34, 40, 75})
_V6_DOMAINS, _V6_FULL, _V6_USER_CLASS = frozenset({21, 24, 29, 30, 33}), 39, 15
_MOST = 64


def dhcp(data: bytes, book: Book) -> bytes | None:
    """A message of DHCP or BOOTP; None where it is none."""
    if len(data) < 240 or data[0] not in (1, 2) or data[236:240] != _COOKIE:
        return None
    out = bytearray(data)
    for at in (12, 16, 20, 24):
        out[at : at + 4] = book.addresses(data[at : at + 4])
    if data[1:3] == b"\x01\x06":
        out[28:34] = book.macs(data[28:34])
    out[44:236] = book.text(data[44:236])
    at = 240
    while at < len(data) and data[at] != _END:
        if data[at] == _PAD:
            at += 1
            continue
        if at + 2 > len(data):
            break
        begin, end = at + 2, min(len(data), at + 2 + data[at + 1])
        out[begin:end] = _option(data[at], data[begin:end], book)
        at = end
    out[at + 1 :] = bytes(max(0, len(data) - at - 1))
    return bytes(out)


def _option(code: int, value: bytes, book: Book) -> bytes:
    if code in _ADDRESSES and len(value) % 4 == 0:
        return _each(value, 4, book)
    if code in (*_NAMES, *_DOMAINS):
        book.counts["names"] += 1
        return book.words.name(value) if code in _NAMES else _domain(value, book)
    if code == _FULL:
        return value[:3] + _full(value[3:], book, wire=bool(value[:1] and value[0] & 4))
    if code == _CLIENT:
        if len(value) == 7 and value[0] == 1:
            return value[:1] + book.macs(value[1:])
        return value[:1] + book.text(value[1:])
    if code == _RELAY:
        return bytes(len(value))  # a switch's own words for a place in a building
    return value if code in (_KIND, _PARAMETERS) else book.text(value)


def dhcpv6(data: bytes, book: Book) -> bytes | None:
    """A message of DHCPv6, of a client or a server."""
    if len(data) < 4 or not 1 <= data[0] <= 13:
        return None
    if data[0] in (12, 13):  # relayed: hops, link and peer, then options
        if len(data) < 34:
            return None
        head = data[:2] + _each(data[2:34], 16, book)
        rest = _options6(data[34:], book, 0)
        return None if rest is None else head + rest
    rest = _options6(data[4:], book, 0)
    return None if rest is None else data[:4] + rest


def _options6(data: bytes, book: Book, depth: int) -> bytes | None:
    out: list[bytes] = []
    at = 0
    while at < len(data):
        code, length = int.from_bytes(data[at : at + 2], "big"), data[at + 2 : at + 4]
        end = at + 4 + int.from_bytes(length, "big")
        if end > len(data) or len(length) < 2 or len(out) > _MOST:
            return None
        out.append(data[at : at + 4] + _option6(code, data[at + 4 : end], book, depth))
        at = end
    return b"".join(out)


def _option6(code: int, value: bytes, book: Book, depth: int) -> bytes:
    if code == 9 and depth < 2:
        inner = dhcpv6(value, book)
        return bytes(len(value)) if inner is None else inner
    if code in _HOLDS and len(value) >= _HOLDS[code] and depth < 4:
        fixed = value[: _HOLDS[code]]
        if code == 5:
            fixed = book.addresses(fixed[:16]) + fixed[16:]
        elif code == 26:
            fixed = fixed[:9] + book.addresses(fixed[9:])
        inner = _options6(value[_HOLDS[code] :], book, depth + 1)
        return fixed + (inner if inner is not None else bytes(len(value) - len(fixed)))
    if code in _V6_ADDRESSES and len(value) % 16 == 0:
        return _each(value, 16, book)
    if code == _V6_FULL:
        return value[:1] + _wire(value[1:], book)
    return _wire(value, book) if code in _V6_DOMAINS else book.text(value)


def _each(value: bytes, size: int, book: Book) -> bytes:
    return b"".join(book.addresses(value[at : at + size]) for at in range(0, len(value), size))


def _domain(value: bytes, book: Book) -> bytes:
    """A domain of one label is as much a name as one of several."""
    return book.words.name(value)


def _full(value: bytes, book: Book, *, wire: bool) -> bytes:
    """RFC 4702: labels with their lengths, or text."""
    book.counts["names"] += 1
    return _wire(value, book) if wire else book.words.name(value)


def _wire(value: bytes, book: Book) -> bytes:
    """Names as labels with lengths; RFC 8415 section 10. What has another form becomes zeroes."""
    out, at = bytearray(value), 0
    while at < len(value):
        end = at + 1 + value[at]
        if end > len(value):
            return bytes(len(value))
        label = value[at + 1 : end]
        out[at + 1 : end] = book.words.word(label) if book.words.tells(label) else label
        at = end
    return bytes(out)
