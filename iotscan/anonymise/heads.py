"""Heads of link layers, with their MACs replaced and the lengths in them kept right."""

from __future__ import annotations

from typing import Literal

from iotscan.anonymise.book import Book
from iotscan.capture.links import ETHERNET
from iotscan.capture.tags import Link

_RADIOTAP, _WIFI, _COOKED, _COOKED2 = 127, 105, 113, 276
_TOKEN_RING, _FDDI, _PRISM, _AVS, _PPI, _NFLOG = 6, 10, 119, 163, 192, 239
# Where MACs stand in the head of a frame, by link type.
_MACS = {
    ETHERNET: (0, 6),
    _TOKEN_RING: (2,),
    _FDDI: (1, 7),
    _COOKED: (6,),
    _COOKED2: (12,),
    _WIFI: (4, 10, 16),
}
# What monitors of Wi-Fi put before a frame: where its length stands, in how many bytes and in which
# order, and how much of it a reader needs.
_BEFORE: dict[int, tuple[int, int, Literal["little", "big"], int]] = {
    _RADIOTAP: (2, 2, "little", 0),
    _PRISM: (4, 4, "little", 8),
    _AVS: (4, 4, "big", 8),
    _PPI: (2, 2, "little", 8),
}
# Where the length of an address of a cooked head stands, and where the 8 bytes for it do.
_ROOMS = {_COOKED: (5, 6), _COOKED2: (11, 12)}
_FOURTH, _BEHIND_MACS = 24, 12
WIRELESS = frozenset({_WIFI, *_BEFORE})
# Link types whose heads are understood here, the others' may hold MACs: those above, and those that
# have none (loopback, PPP, raw IP, Cisco HDLC, frame relay, 802.15.4, of which nothing is read).
# Of what has an EtherType alone, in a tunnel, the medium is -1.
UNDERSTOOD = frozenset(
    {*_MACS, *WIRELESS, _NFLOG, -1, 0, 9, 12, 14, 50, 51}
    | {101, 104, 107, 108, 195, 204, 228, 229, 230}
)
_VLAN, _PPPOE_LINK, _PPPOE = (0x8100, 0x88A8, 0x9100), 51, 0x8864
_NFLOG_PAYLOAD = 9
_SOLICITED = b"\x33\x33\xff"


def mac(raw: bytes, book: Book) -> bytes:
    """The replacement of a MAC; that of a group which is made of an address follows the address."""
    if raw[:3] == _SOLICITED:
        return raw[:3] + book.addresses.end(raw[3:])
    return book.macs(raw)


def replaced(medium: int, head: bytes, book: Book) -> bytes:
    """The head of a frame of this link type, as far as the network layer."""
    if medium == _NFLOG:
        return _fields(head)
    out = bytearray(head)
    begin = 0
    if medium in _BEFORE:
        at, size, order, kept = _BEFORE[medium]
        begin = int.from_bytes(head[at : at + size], order)
        if not kept <= begin <= len(head):
            return bytes(len(head))
        if kept:
            out[kept:begin] = bytes(max(0, begin - kept))
            if medium == _PPI and int.from_bytes(head[4:8], "little") != _WIFI:
                return bytes(out[:begin]) + bytes(len(head) - begin)
            return bytes(out[:begin]) + replaced(_WIFI, head[begin:], book)
        medium = _WIFI
    if medium == _TOKEN_RING and len(out) >= 14:
        # The first bit of the source tells of a route behind, and is none of its MAC.
        source = mac(bytes((head[8] & 0x7F,)) + head[9:14], book)
        out[8:14] = bytes((source[0] | head[8] & 0x80,)) + source[1:]
    for at in _MACS.get(medium, ()):
        place = begin + at
        if place + 6 <= len(out):
            out[place : place + 6] = mac(head[place : place + 6], book)
    if medium in _ROOMS:
        size, room = _ROOMS[medium]
        if len(out) >= room + 8 and out[size] != 6:
            out[room : room + 8] = bytes(8)
    if medium == _WIFI and len(head) > begin + _FOURTH:
        _behind_addresses(out, begin, book)
    return bytes(out)


def bridged(old: bytes, new: bytes, link: Link, book: Book) -> bytes:
    """The new head of an Ethernet frame, with the MACs of a frame in it replaced if that is what
    its link layer tells of.
    """
    at = old.find(link.destination + link.source, _BEHIND_MACS) if link.source else -1
    if at < 0:
        return new
    macs = mac(link.destination, book) + mac(link.source, book)
    return new[:at] + macs + new[at + len(macs) :]


def _behind_addresses(out: bytearray, begin: int, book: Book) -> None:
    """Management frames of Wi-Fi tell names of networks, so that all goes but the head of a data
    frame that is not encrypted, which may hold a fourth address.
    """
    place = begin + _FOURTH
    if out[begin] >> 2 & 3 != 2 or out[begin + 1] & 0x40:
        out[place:] = bytes(len(out) - place)
    elif out[begin + 1] & 3 == 3 and place + 6 <= len(out):
        out[place : place + 6] = mac(bytes(out[place : place + 6]), book)


def _fields(head: bytes) -> bytes:
    """Of Linux's packet log, what stands before the packet: fields of length and type."""
    out, at = bytearray(head), 4
    while at + 4 <= len(head):
        size = max(4, head[at] | head[at + 1] << 8)
        end = min(len(head), at + (size + 3 & ~3))
        if head[at + 2] | head[at + 3] << 8 != _NFLOG_PAYLOAD:
            out[at + 4 : end] = bytes(end - at - 4)
        at += size + 3 & ~3
    return bytes(out)


def longer(medium: int, head: bytes, by: int) -> bytes:
    """The head of a frame whose content became longer by so many bytes."""
    if medium == _PPPOE_LINK:
        return added(head, 4, by)
    at = {ETHERNET: 12, _COOKED: 14}.get(medium, -1)
    if at < 0:
        return head
    while int.from_bytes(head[at : at + 2], "big") in _VLAN:
        at += 4
    kind = int.from_bytes(head[at : at + 2], "big")
    if kind == _PPPOE:
        return added(head, at + 6, by)
    return added(head, at, by) if medium == ETHERNET and kind < 0x0600 else head


def added(head: bytes, at: int, by: int) -> bytes:
    """With so much added to the number of two bytes at ``at``."""
    value = int.from_bytes(head[at : at + 2], "big") + by
    return head[:at] + (value & 0xFFFF).to_bytes(2, "big") + head[at + 2 :]
