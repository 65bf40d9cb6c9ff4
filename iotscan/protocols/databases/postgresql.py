"""PostgreSQL's first messages: whether it takes TLS, and whether it asks for a password.

PostgreSQL documentation, "Message Formats" and "Message Flow", protocol version 3.0. No password
and no query is ever sent; those of others are read where they go in clear.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.logins.overheard import Login

PORT = 5432
_VERSION = 3 << 16
SSL_REQUEST = struct.pack("!II", 8, 80_877_103)
TAKES_TLS, CLEAR_ONLY = b"S", b"N"
TERMINATE = b"X\0\0\0\4"
_AUTHENTICATION, _ERROR = b"R", b"E"
_OK, _CLEARTEXT = 0, 3
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


def logins(client: bytes, server: bytes) -> Iterator[Login]:
    """The login of a conversation in which the server asked for the password itself, given what
    each side said from its beginning on. Pure.
    """
    begin = 0
    if client.startswith(SSL_REQUEST) and server.startswith(CLEAR_ONLY):
        begin, server = len(SSL_REQUEST), server[1:]
    size = int.from_bytes(client[begin : begin + 4], "big")
    end = begin + size
    if client[begin + 4 : begin + 8] != struct.pack("!I", _VERSION) or not 8 < size <= LONGEST:
        return
    asks = _AUTHENTICATION + struct.pack("!II", 8, _CLEARTEXT)
    if not server.startswith(asks) or client[end : end + 1] != b"p":
        return
    size = int.from_bytes(client[end + 1 : end + 5], "big")
    secret = client[end + 5 : end + 1 + size]
    if not 5 < size <= LONGEST or len(secret) < size - 4:
        return
    fields = client[begin + 8 : end].split(b"\0")
    names = dict(zip(fields[::2], fields[1::2], strict=False))
    try:
        answer = take(server[len(asks) :])
    except Malformed:
        answer = None
    outcome = "unknown"
    if answer is not None and (answer.open or answer.code):
        outcome = "accepted" if answer.open else "refused"
    yield Login(end + 1 + size, names.get(b"user", b""), secret.rstrip(b"\0"), outcome)
