"""PostgreSQL's first messages: whether it takes TLS, and whether it asks for a password.

PostgreSQL documentation, "Message Formats" and "Message Flow", protocol version 3.0. No password
and no query is ever sent.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 5432
_VERSION = 3 << 16
SSL_REQUEST = struct.pack("!II", 8, 80_877_103)
TAKES_TLS, CLEAR_ONLY = b"S", b"N"
TERMINATE = b"X\0\0\0\4"
_AUTHENTICATION, _ERROR = b"R", b"E"
_OK = 0
# What asks for a login: a wrong or missing one (class 28 of SQLSTATE, appendix A).
_NO_ENTRY = "28"
# An error tells its fields in a few hundred bytes; an authentication request is shorter.
LONGEST = 8192


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to a start-up message. ``open``: it wants no login; None: it said
    something else, as that there is no such database. ``code``: SQLSTATE of an error.
    """

    open: bool | None
    code: str = ""


def start(user: str) -> bytes:
    """The message that begins a session under a name, without a password."""
    fields = b"user\0" + user.encode() + b"\0database\0postgres\0\0"
    return struct.pack("!II", 8 + len(fields), _VERSION) + fields


def takes_tls(heard: bytes) -> bool | None:
    """The answer to an SSLRequest: one byte; None while it has not come."""
    return heard == TAKES_TLS if heard else None


def take(heard: bytes) -> Answer | None:
    """The answer to a start-up message; None while incomplete. Raises Malformed."""
    kind = heard[:1]
    if kind not in (b"", _AUTHENTICATION, _ERROR):
        raise Malformed("not an answer of PostgreSQL")
    if len(heard) < 5:
        return None
    size = int.from_bytes(heard[1:5], "big")
    if not 4 < size <= LONGEST:
        raise Malformed(f"a message of {size} bytes")
    body = heard[5 : 1 + size]
    if len(body) < size - 4:
        return None
    if kind == _AUTHENTICATION:
        if len(body) < 4:
            raise Malformed("an authentication request without a kind")
        return Answer(int.from_bytes(body[:4], "big") == _OK)
    codes = [
        field[1:].decode("ascii", "replace") for field in body.split(b"\0") if field[:1] == b"C"
    ]
    if not codes:
        raise Malformed("an error without a code")
    return Answer(False if codes[0].startswith(_NO_ENTRY) else None, codes[0])
