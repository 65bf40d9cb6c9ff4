"""What keeps a link together, with addresses and MACs replaced: ARP, ICMP, neighbour discovery.

RFC 826; RFC 792, RFC 4443 (errors quote the packet they are about); RFC 4861, RFC 8106, RFC 2710,
RFC 3810, RFC 3376.
"""

from __future__ import annotations

from iotscan.anonymise.book import Book

_ECHO4, _ECHO6 = (0, 8), (128, 129)
_ERRORS4, _ERRORS6 = (3, 4, 5, 11, 12), (1, 2, 3, 4)
_SOLICIT, _ADVERTISE, _NEIGHBOUR, _NEIGHBOUR_HERE, _REDIRECT = 133, 134, 135, 136, 137
_LISTENERS = (130, 131, 132)
# Where the options of a message of neighbour discovery begin, and the addresses before them.
_NDP = {
    _SOLICIT: (8, ()),
    _ADVERTISE: (16, ()),
    _NEIGHBOUR: (24, (8,)),
    _NEIGHBOUR_HERE: (24, (8,)),
    _REDIRECT: (40, (8, 24)),
}
_OWN_MAC, _TARGET_MAC, _PREFIX, _QUOTED, _SERVERS, _DOMAINS = 1, 2, 3, 4, 25, 31


def arp(data: bytes, book: Book) -> bytes | None:
    """An ARP packet for Ethernet and IPv4; None for others."""
    if len(data) < 28 or data[:6] != b"\0\1\x08\0\x06\x04":
        return None
    out = bytearray(data)
    for at in (8, 18):
        out[at : at + 6] = book.macs(data[at : at + 6])
    for at in (14, 24):
        out[at : at + 4] = book.addresses(data[at : at + 4])
    out[28:] = bytes(len(data) - 28)
    return bytes(out)


def icmp(data: bytes, book: Book) -> bytes:
    """An ICMP message: its head, and of an error the head of the packet that it quotes."""
    if len(data) < 8:
        return bytes(len(data))
    if data[0] not in _ERRORS4:
        return data[:8] + bytes(len(data) - 8)
    head = bytearray(data[:8])
    if data[0] == 5:
        head[4:8] = book.addresses(data[4:8])
    return bytes(head) + _quoted(data[8:], book)


def igmp(data: bytes, book: Book) -> bytes:
    """An IGMP message: groups stay, and the sources that are wanted in them are replaced."""
    if data[:1] != b"\x22":
        return data[:8] + bytes(max(0, len(data) - 8))
    out, at = bytearray(data[:8] + bytes(max(0, len(data) - 8))), 8
    while at + 8 <= len(data):
        end = at + 8 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data) or data[at + 1]:
            break
        out[at : at + 4] = data[at : at + 4]
        for place in range(at + 4, end, 4):
            out[place : place + 4] = book.addresses(data[place : place + 4])
        at = end
    return bytes(out)


def icmpv6(data: bytes, book: Book) -> bytes:
    """An ICMPv6 message; what is not understood of it becomes zeroes."""
    if len(data) < 8:
        return bytes(len(data))
    kind = data[0]
    if kind in _ERRORS6:
        return data[:8] + _quoted(data[8:], book)
    if kind in _LISTENERS and len(data) >= 24:
        return data[:8] + book.addresses(data[8:24]) + bytes(len(data) - 24)
    if kind == 143:
        return data[:8] + _reports(data[8:], int.from_bytes(data[6:8], "big"), book)
    if kind not in _NDP or len(data) < _NDP[kind][0]:
        return data[:8] + bytes(len(data) - 8)
    begin, places = _NDP[kind]
    out = bytearray(data)
    for at in places:
        out[at : at + 16] = book.addresses(data[at : at + 16])
    out[begin:] = _options(data[begin:], book)
    return bytes(out)


def _options(data: bytes, book: Book) -> bytes:
    out, at = bytearray(data), 0
    while at + 2 <= len(data):
        size = data[at + 1] * 8
        if not size or at + size > len(data):
            break
        out[at + 2 : at + size] = _option(data[at], data[at + 2 : at + size], book)
        at += size
    out[at:] = bytes(len(data) - at)
    return bytes(out)


def _option(kind: int, value: bytes, book: Book) -> bytes:
    if kind in (_OWN_MAC, _TARGET_MAC) and len(value) == 6:
        return book.macs(value)
    if kind == _PREFIX and len(value) == 30:
        return value[:14] + _prefix(value[14:], value[0], book)
    if kind == _SERVERS and len(value) % 16 == 6:
        each = range(6, len(value), 16)
        return value[:6] + b"".join(book.addresses(value[at : at + 16]) for at in each)
    if kind == _QUOTED:
        return value[:6] + _quoted(value[6:], book)
    if kind == _DOMAINS:
        return bytes(len(value))
    return book.text(value)


def _prefix(raw: bytes, length: int, book: Book) -> bytes:
    """The network part of an address, replaced as that of its addresses is."""
    mask = ((1 << min(length, 128)) - 1) << (128 - min(length, 128))
    return (int.from_bytes(book.addresses(raw), "big") & mask).to_bytes(16, "big")


def _reports(data: bytes, count: int, book: Book) -> bytes:
    """Multicast listener reports, version 2: groups, and the sources that are wanted in them."""
    out, at = bytearray(len(data)), 0
    for _ in range(count):
        if at + 20 > len(data):
            break
        sources = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 20 + 16 * sources
        if end > len(data) or data[at + 1]:
            break
        out[at : at + 4] = data[at : at + 4]
        for place in range(at + 4, end, 16):
            out[place : place + 16] = book.addresses(data[place : place + 16])
        at = end
    return bytes(out)


def _quoted(data: bytes, book: Book) -> bytes:
    """The head of a packet, with its ports; the rest of it becomes zeroes."""
    out = bytearray(len(data))
    if len(data) >= 20 and data[0] >> 4 == 4:
        size = (data[0] & 15) * 4
        out[:20] = data[:20]
        out[12:20] = book.addresses(data[12:16]) + book.addresses(data[16:20])
        out[10:12] = bytes(2)
        out[size : size + 4] = data[size : size + 4]
    elif len(data) >= 40 and data[0] >> 4 == 6:
        out[:40] = data[:40]
        out[8:40] = book.addresses(data[8:24]) + book.addresses(data[24:40])
        out[40:44] = data[40:44]
    return bytes(out)
