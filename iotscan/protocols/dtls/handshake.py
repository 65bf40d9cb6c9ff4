"""Handshake messages of DTLS in fragments, and how they are put together. RFC 6347 section 4.2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from iotscan.errors import Malformed
from iotscan.protocols.tls.wire import Cursor

# Types of messages.
HELLO, SERVER_HELLO, VERIFY, CERTIFICATE = 1, 2, 3, 11
KEY_EXCHANGE, CERTIFICATE_REQUEST, DONE = 12, 13, 14
# A flight has at most eight messages; a chain of certificates stays far below this.
_MOST_MESSAGES = 16
_LONGEST_MESSAGE = 65_536


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a message of ``length`` bytes, the ``number``-th of its handshake."""

    kind: int
    length: int
    number: int
    offset: int
    data: bytes


def fragments(payload: bytes) -> Iterator[Fragment]:
    """The fragments in one record. Raises Malformed."""
    cursor = Cursor(payload)
    if not cursor:
        raise Malformed("an empty handshake record")
    while cursor:
        kind, length, number = cursor.number(1), cursor.number(3), cursor.number(2)
        offset, size = cursor.number(3), cursor.number(3)
        if offset + size > length or length > _LONGEST_MESSAGE:
            raise Malformed("a fragment that does not fit its message")
        yield Fragment(kind, length, number, offset, cursor.take(size))


@dataclass(slots=True)
class _Message:
    body: bytearray
    missing: bytearray


@dataclass(slots=True)
class Pieces:
    """Puts handshake messages together from fragments: RFC 6347 section 4.2.3."""

    _found: dict[tuple[int, int, int], _Message] = field(default_factory=dict)

    def add(self, payload: bytes) -> None:
        """Take in one handshake record. Raises Malformed when it is none."""
        for fragment in fragments(payload):
            key = (fragment.number, fragment.kind, fragment.length)
            if key not in self._found and len(self._found) == _MOST_MESSAGES:
                raise Malformed("too many handshake messages")
            fresh = _Message(bytearray(fragment.length), bytearray(b"\x01" * fragment.length))
            message = self._found.setdefault(key, fresh)
            end = fragment.offset + len(fragment.data)
            message.body[fragment.offset : end] = fragment.data
            message.missing[fragment.offset : end] = bytes(len(fragment.data))

    def complete(self) -> Iterator[tuple[int, bytes]]:
        """(type, body) of the messages that are whole, in the order of the handshake."""
        for (_, kind, _), message in sorted(self._found.items(), key=lambda item: item[0]):
            if 1 not in message.missing:
                yield kind, bytes(message.body)
