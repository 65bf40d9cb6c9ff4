"""SOCKS version 5: the choice of a login method, and a login by user name and password.

RFC 1928 section 3, RFC 1929 section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.protocols.logins.overheard import Login

_BY_PASSWORD = b"\x05\x02"


def logins(client: bytes, server: bytes) -> Iterator[Login]:
    """The login of a conversation, given what each side said from its beginning on. Pure."""
    if client[:1] != b"\x05" or len(client) < 2 or server[:2] != _BY_PASSWORD:
        return
    begin = 2 + client[1]
    if 2 not in client[2:begin] or client[begin : begin + 1] != b"\x01":
        return
    sizes = client[begin + 1 : begin + 2]
    middle = begin + 2 + (sizes[0] if sizes else 0)
    name, secret = client[begin + 2 : middle], client[middle : middle + 1]
    end = middle + 1 + (secret[0] if secret else 0)
    if not name or not secret or not secret[0] or len(client) < end:
        return
    outcome = "unknown"
    if len(server) >= 4 and server[2] == 1:
        outcome = "refused" if server[3] else "accepted"
    yield Login(end, name, client[middle + 1 : end], outcome)
