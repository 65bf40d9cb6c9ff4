"""SMB version 2: setting up a session as somebody without a password, and one connection to IPC$.

[MS-SMB2] 2.2.1.2 (header), 2.2.5 and 2.2.6 (SESSION_SETUP), 2.2.9 and 2.2.10 (TREE_CONNECT). IPC$
is the share of named pipes that every server has and that holds no file; no other is asked for.
RFC 1002 section 4.3 for servers behind NetBIOS.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.smb.codec import LARGEST, V2

SETUP, CONNECT = 1, 3
SUCCESS, CONTINUED = 0x00000000, 0xC0000016
# [MS-ERREF] 2.3.1: no rights, wrong login, restricted account, expired or disabled account, a kind
# of logon that is not granted.
REFUSALS = frozenset(
    {0xC0000022, 0xC000006D, 0xC000006E, 0xC0000071, 0xC0000072, 0xC0000193, 0xC000015B}
)
GUEST, NULL = 1, 2
_HEADER = struct.Struct("<4sHHIHHIIQIIQ16s")
_SETUP_AT, _CONNECT_AT = 88, 72
# "*SMBSERVER" asks for the file server whatever the host is called; names stand in half bytes.
SESSION_GRANTED = b"\x82\0\0\0"


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer in version 2. ``session``: the number it gave; ``flags``: of a session that
    was set up; ``token``: what it says in the login's own protocol.
    """

    command: int
    status: int
    session: int
    flags: int = 0
    token: bytes = b""


def netbios_request() -> bytes:
    """Asks a NetBIOS session service for its file server."""
    called, calling = b"*SMBSERVER".ljust(15) + b"\x20", b"IOTSCAN".ljust(15) + b"\0"
    names = b"".join(
        b"\x20" + bytes(65 + half for byte in name for half in divmod(byte, 16)) + b"\0"
        for name in (called, calling)
    )
    return b"\x81\0" + len(names).to_bytes(2, "big") + names


def set_up(number: int, session: int, token: bytes) -> bytes:
    """A SESSION_SETUP that carries a part of a login. ``number``: which message this is."""
    body = struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, _SETUP_AT, len(token), 0)
    return _framed(SETUP, number, session, body + token)


def connect(number: int, session: int, host: str) -> bytes:
    """A TREE_CONNECT to the share of named pipes."""
    path = f"\\\\{host}\\IPC$".encode("utf-16-le")
    return _framed(
        CONNECT, number, session, struct.pack("<HHHH", 9, 0, _CONNECT_AT, len(path)) + path
    )


def take(data: bytes) -> tuple[Answer, int] | None:
    """The first answer of version 2 and its length; None while incomplete. Raises Malformed."""
    if data[:1] not in (b"", b"\0") or not V2.startswith(data[4:8]):
        raise Malformed("not SMB of version 2")
    size = int.from_bytes(data[1:4], "big")
    if size > LARGEST:
        raise Malformed(f"a message of {size} bytes")
    if len(data) < 8 or len(data) < 4 + size:
        return None
    message = data[4 : 4 + size]
    if size < _HEADER.size:
        raise Malformed("a message without a header")
    _, _, _, status, command, _, flags, _, _, _, _, session, _ = _HEADER.unpack_from(message)
    if not flags & 1:
        raise Malformed("not an answer")
    granted, token = 0, b""
    if command == SETUP and status in (SUCCESS, CONTINUED) and size >= _HEADER.size + 8:
        granted, at, length = struct.unpack_from("<HHH", message, _HEADER.size + 2)
        token = message[at : at + length]
    return Answer(command, status, session, granted, token), 4 + size


def _framed(command: int, number: int, session: int, body: bytes) -> bytes:
    head = _HEADER.pack(V2, 64, 1, 0, command, 1, 0, 0, number, 0, 0, session, bytes(16))
    return (len(head) + len(body)).to_bytes(4, "big") + head + body
