"""Heads of tunnels: what in them is an address or unknown is replaced, and lengths follow what is
carried. Numbers of tunnels and networks (VNI, keys, TEID, sessions) stay.

Sources: those of :mod:`iotscan.capture.tunnels`.
"""

from __future__ import annotations

from iotscan.anonymise import sums
from iotscan.anonymise.book import Book
from iotscan.anonymise.heads import added
from iotscan.capture.internet import UDP
from iotscan.capture.tunnels import CAPWAP, GENEVE, GRE, GTP, L2TP, TEREDO, TZSP

_HEAD = 8  # of UDP


def around(kind: int, payload: bytes, size: int, inner: bytes, book: Book) -> bytes:
    """The payload of an IP packet of this protocol that is a tunnel's, with ``inner`` in place of
    its last ``size`` bytes. The checksum of UDP is left to the caller.
    """
    head, by = payload[: len(payload) - size], len(inner) - size
    if kind == UDP:
        ports = {int.from_bytes(head[at : at + 2], "big") for at in (0, 2)}
        claimed = int.from_bytes(head[4:6], "big")
        front = head[:4] + ((claimed + by) & 0xFFFF if claimed else 0).to_bytes(2, "big")
        return front + head[6:_HEAD] + _in_udp(ports, head[_HEAD:], by, book) + inner
    if kind != GRE:
        return head + inner
    if head[1] & 7 == 1:
        return added(head, 4, by) + inner  # PPTP: the length of what is carried
    if not head[0] & 0x80 or len(head) < 8:
        return head + inner
    old, right = int.from_bytes(head[4:6], "big"), not sums.total(payload)
    return sums.summed(head + inner, 4, old=old, right=right)


def _in_udp(ports: set[int], head: bytes, by: int, book: Book) -> bytes:
    if TEREDO in ports:
        return _teredo(head, book)
    if GTP in ports or (L2TP in ports and head[0] & 0x40):
        return added(head, 2, by)
    if GENEVE in ports:
        return _geneve(head)
    if CAPWAP in ports:
        return _capwap(head)
    return _tzsp(head) if TZSP in ports else head


def _teredo(head: bytes, book: Book) -> bytes:
    """RFC 4380 section 5.1.1: who a client is to its server, and, with all bits turned round, the
    port and address that the server sees it at.
    """
    out, at = bytearray(head), 0
    if head[:2] == b"\0\1":
        at = 13 + head[2] + head[3]
        out[4:at] = bytes(at - 4)
    if head[at : at + 2] == b"\0\0" and len(head) >= at + 8:
        seen = bytes(byte ^ 0xFF for byte in head[at + 4 : at + 8])
        out[at + 4 : at + 8] = bytes(byte ^ 0xFF for byte in book.addresses(seen))
    return bytes(out)


def _geneve(head: bytes) -> bytes:
    """RFC 8926 section 3.5: options keep their heads."""
    out, at = bytearray(head), 8
    while at + 4 <= len(head):
        end = min(len(head), at + 4 + 4 * (head[at + 3] & 0x1F))
        out[at + 4 : end] = bytes(end - at - 4)
        at = end
    return bytes(out)


def _capwap(head: bytes) -> bytes:
    """RFC 5415 section 4.3: the radio's MAC and what it tells of the air, each with a length."""
    out, at = bytearray(head), 8
    while at < len(head):
        end = min(len(head), at + 1 + head[at])
        out[at + 1 : end] = bytes(end - at - 1)
        at = end + -end % 4
    return bytes(out)


def _tzsp(head: bytes) -> bytes:
    """Fields that have a length tell of the sensor and the air: what is in them goes."""
    out, at = bytearray(head), 4
    while at + 1 < len(head) and head[at] != 1:
        if not head[at]:
            at += 1
            continue
        end = min(len(head), at + 2 + head[at + 1])
        out[at + 2 : end] = bytes(end - at - 2)
        at = end
    return bytes(out)
