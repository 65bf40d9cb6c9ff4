"""A conversation with what is somebody's replaced, turn by turn, each as long as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from iotscan.anonymise import names, pictures
from iotscan.anonymise.book import Book
from iotscan.anonymise.exchanges import emptied, looked_up
from iotscan.anonymise.secrets import typed_in
from iotscan.model import Sender, Transcript
from iotscan.protocols.dns.message import PORT, framed
from iotscan.protocols.dns.overheard import lookup
from iotscan.protocols.rtsp import tunnel

SEALED = "bytes of encrypted records"
_RECORDS = (20, 21, 22, 23)
_DATA = 23
# What a person types, between commands of telnet.
_TYPED = re.compile(rb"[!-~]+")


def rewritten(
    talk: Transcript, book: Book, more: frozenset[bytes], *, keep: bool
) -> tuple[bytes, ...]:
    """The data of each turn, replaced. ``more``: names and logins of its own (see ``own``);
    ``keep``: encrypted content and pictures stay.
    """
    out = [turn.data for turn in talk.turns]
    if talk.service.endpoint.transport == "udp":
        found = looked_up(talk, book)
        plain = out if keep else emptied(talk, book)
        return found or tuple(datagram(talk, data, book, more) for data in plain)
    sides: tuple[Sender, ...] = ("client", "server")
    for side in sides:
        places = [i for i, turn in enumerate(talk.turns) if turn.sender == side]
        said = b"".join(out[i] for i in places)
        new = _stream(talk, said, book, more, keep=keep)
        at = 0
        for i in places:
            out[i] = new[at : at + len(out[i])]
            at += len(out[i])
    for i in typed_in(talk):
        if out[i] == talk.turns[i].data:
            # Typed with corrections, so that no word stood there as a whole.
            out[i] = _TYPED.sub(lambda hit: book.words.word(hit[0]), out[i])
    return tuple(out)


def datagram(talk: Transcript | None, data: bytes, book: Book, more: Iterable[bytes] = ()) -> bytes:
    """One datagram. A text may change its length, since nothing counts on it."""
    if not _is_text(data):
        return book.text(_short(data, more, book), more)
    new = book.text(_short(data, more, book), more, resize=True)
    return new if len(new) == len(data) else _recounted(new)


def _stream(
    talk: Transcript, said: bytes, book: Book, more: frozenset[bytes], *, keep: bool
) -> bytes:
    resolver = talk.service.endpoint.port == PORT or lookup(talk) is not None
    if resolver and (message := framed(said)) is not None:
        inner = names.dns(message, book)
        rest = len(said) - 2 - len(message)
        return said[:2] + (inner if inner is not None else bytes(len(message))) + bytes(rest)
    if head := tunnel.head_of(said):
        change = partial(_texts, book=book, more=more)
        return change(head) + tunnel.recoded(said[len(head) :], change)
    if not keep:
        said = pictures.blanked(_unsealed(said, book))
    return _texts(said, book, more)


def _texts(said: bytes, book: Book, more: frozenset[bytes]) -> bytes:
    return book.text(_short(said, more, book), more)


def _short(data: bytes, more: Iterable[bytes], book: Book) -> bytes:
    """With the words of this conversation replaced where they are no word of a text: behind their
    length, as binary protocols write them, or with other characters in them.
    """
    for secret in sorted(more, key=len, reverse=True):
        new = book.words.word(secret)
        if 1 < len(secret) < 256:
            length = bytes([len(secret)])
            data = data.replace(length + secret, length + new)
        if len(secret) > 1 and not secret.replace(b".", b"").isalnum():
            data = data.replace(secret, new)
    return data


def _unsealed(said: bytes, book: Book) -> bytes:
    """With zeroes for the content of encrypted TLS records; heads and handshakes stay."""
    start = next(
        (i for i in _starts(said) if said[i] in _RECORDS and said[i + 1 : i + 2] == b"\x03"), -1
    )
    if start < 0:
        return said
    out, at = bytearray(said), start
    while at + 5 <= len(said) and said[at] in _RECORDS and said[at + 1] == 3:
        end = min(len(said), at + 5 + int.from_bytes(said[at + 3 : at + 5], "big"))
        if said[at] == _DATA:
            out[at + 5 : end] = bytes(end - at - 5)
            book.counts[SEALED] += end - at - 5
        at = end
    return bytes(out)


def _starts(said: bytes) -> Iterable[int]:
    """Where TLS may begin: at once, or behind a line (STARTTLS)."""
    yield from (0,) if said else ()
    at = 0
    while 0 <= (at := said.find(b"\n", at)) < 2048:
        at += 1
        if at < len(said):
            yield at


def _is_text(data: bytes) -> bool:
    head = data[:64]
    return bool(head) and all(byte in (9, 10, 13) or 32 <= byte < 127 for byte in head)


def _recounted(data: bytes) -> bytes:
    """A message of SIP or the like whose body got another length, with the length it has now."""
    head, end, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    for i, line in enumerate(lines):
        name, colon, _ = line.partition(b":")
        if end and colon and name.strip().lower() in (b"content-length", b"l"):
            lines[i] = name + b": " + str(len(body)).encode()
    return b"\r\n".join(lines) + end + body
