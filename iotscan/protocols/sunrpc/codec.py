"""ONC remote procedure calls: calls, replies, and the few XDR types that their results are made of.

RFC 5531 (RPC version 2), RFC 4506 (XDR). Calls carry no identity (AUTH_NONE). Over TCP a message
stands in record fragments, RFC 5531 section 11; over UDP it is the datagram.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from iotscan.errors import Malformed

VERSION = 2
# A list of a few hundred programs or exports stays below this.
LONGEST = 65_536
_CALL, _REPLY = 0, 1
_ACCEPTED = 0
_LAST = 0x80000000
_LARGEST_VERIFIER = 400  # RFC 5531 section 8.2
SUCCESS, NO_PROGRAM, OTHER_VERSION = "success", "program unavailable", "version not supported"
_STATES = (
    SUCCESS,
    NO_PROGRAM,
    OTHER_VERSION,
    "procedure unavailable",
    "garbage arguments",
    "system error",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back to the call numbered ``xid``. ``state``: "success", why the call was not
    carried out, or "denied"; ``body``: the results, only with success.
    """

    xid: int
    state: str
    body: bytes = b""


def call(xid: int, program: int, version: int, procedure: int) -> bytes:
    """A call without arguments and without an identity, as it goes into a datagram."""
    nobody = bytes(8)
    head = struct.pack("!IIIIII", xid, _CALL, VERSION, program, version, procedure)
    return head + nobody + nobody


def record(message: bytes) -> bytes:
    """A message as it goes over TCP, in one fragment."""
    return (_LAST | len(message)).to_bytes(4, "big") + message


def take(data: bytes) -> tuple[Reply, int] | None:
    """The first reply of a TCP stream and its length there; None while incomplete.

    Raises Malformed.
    """
    message, at = b"", 0
    while True:
        if len(data) < at + 4:
            if at == 0 and not data:
                return None
            _check_start(data[4:])
            return None
        mark = int.from_bytes(data[at : at + 4], "big")
        size = mark & ~_LAST
        if len(message) + size > LONGEST or (size == 0 and not mark & _LAST):
            raise Malformed(f"a record fragment of {size} bytes")
        _check_start(data[4:])
        if len(data) < at + 4 + size:
            return None
        message += data[at + 4 : at + 4 + size]
        at += 4 + size
        if mark & _LAST:
            return parse(message), at


def _check_start(message: bytes) -> None:
    """Refuse early what cannot become a reply: the second word of a message is its direction."""
    wanted = _REPLY.to_bytes(4, "big")
    if not wanted.startswith(message[4:8]):
        raise Malformed("not a reply of ONC RPC")


def parse(message: bytes) -> Reply:
    """A whole reply. Raises Malformed."""
    words = Xdr(message)
    xid, direction, status = words.number(), words.number(), words.number()
    if direction != _REPLY or status > 1:
        raise Malformed("not a reply of ONC RPC")
    if status != _ACCEPTED:
        if words.number() > 1:
            raise Malformed("denied for no reason that RPC knows")
        return Reply(xid, "denied")
    words.number()
    words.opaque(_LARGEST_VERIFIER)
    state = words.number()
    if state >= len(_STATES):
        raise Malformed(f"a reply in state {state}")
    if _STATES[state] == SUCCESS:
        return Reply(xid, SUCCESS, words.rest())
    return Reply(xid, _STATES[state])


class Xdr:
    """Reads XDR values one after the other; every method raises Malformed past the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self) -> int:
        """An unsigned integer of 32 bits."""
        return int.from_bytes(self._take(4), "big")

    def flag(self) -> bool:
        """A boolean, which is a number that is 0 or 1."""
        value = self.number()
        if value > 1:
            raise Malformed(f"a boolean of {value}")
        return value == 1

    def opaque(self, longest: int) -> bytes:
        """Bytes of variable length, padded to whole words."""
        size = self.number()
        if size > longest:
            raise Malformed(f"{size} bytes where at most {longest} are allowed")
        data = self._take(size)
        self._take(-size % 4)
        return data

    def rest(self) -> bytes:
        """What is left."""
        return self._data[self._at :]

    def _take(self, size: int) -> bytes:
        data = self._data[self._at : self._at + size]
        if len(data) != size:
            raise Malformed("the message ends too early")
        self._at += size
        return data
