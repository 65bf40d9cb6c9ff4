"""Logins at message brokers by STOMP 1.0 to 1.2: the first frame of a client and its answer."""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.protocols.logins.overheard import Login

_CONNECTS = (b"CONNECT", b"STOMP")


def logins(client: bytes, server: bytes) -> Iterator[Login]:
    """The login of a conversation, given what each side said from its beginning on. Pure."""
    frame, end, _ = client.lstrip(b"\r\n").partition(b"\0")
    command, *lines = frame.replace(b"\r\n", b"\n").split(b"\n")
    if not end or command not in _CONNECTS:
        return
    fields: dict[bytes, bytes] = {}
    for line in lines:
        if not line:
            break
        name, _, value = line.partition(b":")
        fields.setdefault(name, value)  # of a repeated one the first counts (STOMP 1.2)
    secret = fields.get(b"passcode", b"")
    if secret:
        said = server.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
        outcome = {b"CONNECTED": "accepted", b"ERROR": "refused"}.get(said, "unknown")
        yield Login(client.index(b"\0") + 1, fields.get(b"login", b""), secret, outcome)
