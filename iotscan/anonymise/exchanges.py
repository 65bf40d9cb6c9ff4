"""Exchanges of datagrams that have a form of their own at any port: lookups, and files.

What is written to and read from a TFTP server are configurations more often than not: their content
becomes zeroes, but for the mark by which firmware is known.
"""

from __future__ import annotations

from iotscan.anonymise import names
from iotscan.anonymise.book import Book
from iotscan.errors import Malformed
from iotscan.model import Transcript
from iotscan.protocols.common.firmware import image_in
from iotscan.protocols.dns.overheard import lookup
from iotscan.protocols.tftp import codec as tftp
from iotscan.protocols.tftp.codec import Data, Packet, Request

FILES = "bytes of files"
_HEAD, _MARK = 4, 16


def looked_up(talk: Transcript, book: Book) -> tuple[bytes, ...] | None:
    """What the datagrams become; None where they are no lookup."""
    if lookup(talk) is None:
        return None
    found = (names.dns(turn.data, book) for turn in talk.turns)
    return tuple(
        new if new is not None else bytes(len(turn.data))
        for turn, new in zip(talk.turns, found, strict=True)
    )


def emptied(talk: Transcript, book: Book) -> list[bytes]:
    """The datagrams, with zeroes for what files hold that are transferred in the exchange."""
    out = [turn.data for turn in talk.turns]
    packets = [_decoded(data) for data in out]
    if any(isinstance(packet, Request) for packet in packets):
        for i, packet in enumerate(packets):
            if isinstance(packet, Data):
                kept = _HEAD + (_MARK if image_in(packet.content) else 0)
                book.counts[FILES] += len(out[i][kept:])
                out[i] = out[i][:kept] + bytes(len(out[i][kept:]))
    return out


def _decoded(data: bytes) -> Packet | None:
    try:
        return tftp.decode(data)
    except Malformed:
        return None
