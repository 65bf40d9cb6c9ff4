"""SOCKS: a login to version 5 by user name and password, and what is said through a proxy.

RFC 1928 (version 5), RFC 1929 section 2, and the memoranda on SOCKS 4 and 4A. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from iotscan.model import Sender, Transcript
from iotscan.protocols.logins.overheard import Login

_BY_PASSWORD = b"\x05\x02"
# No order and no answer to one is longer than this, with a method list, a name and a password.
_MOST = 1_400
_CONNECT, _NAME, _LOGIN = 1, 3, 2
_SIZES = {1: 4, 4: 16}
_GRANTED_4 = b"\0\x5a"


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


def behind(talk: Transcript) -> Transcript | None:
    """A captured conversation without the order that began it; None if none did, or in vain."""
    first = next((turn.data[:1] for turn in talk.turns if turn.sender == "client"), b"")
    if talk.client is None or first not in (b"\4", b"\5"):
        return None
    client, server = talk.said_by("client")[:_MOST], talk.said_by("server")[:_MOST]
    try:
        sizes = {4: _four, 5: _five}[client[0]](client, server)
    except (IndexError, KeyError):
        return None
    if sizes is None:
        return None
    left: dict[Sender, int] = {"client": sizes[0], "server": sizes[1]}
    turns = []
    for turn in talk.turns:
        order, left[turn.sender] = left[turn.sender], max(0, left[turn.sender] - len(turn.data))
        if turn.data[order:]:
            turns.append(replace(turn, data=turn.data[order:]))
    return replace(talk, turns=tuple(turns)) if turns else None


def asked_for(talk: Transcript) -> Iterator[bytes]:
    """The name of the host that the order of a conversation names, if it does by name."""
    client = talk.said_by("client")[:_MOST]
    if client[:1] == b"\4":
        end = client.find(b"\0", 8)
        if client[4:7] == bytes(3) and end >= 0:
            yield client[end + 1 :].partition(b"\0")[0]
        return
    order = client.find(b"\5\1\0\3", 2)
    if order >= 0:
        yield client[order + 5 : order + 5 + client[order + 4]] if len(client) > order + 4 else b""


def _four(client: bytes, server: bytes) -> tuple[int, int] | None:
    """How long the order and its answer are; version 4A has a name behind the user's."""
    if client[1] != _CONNECT or server[:2] != _GRANTED_4 or len(server) < 8:
        return None
    end = client.find(b"\0", 8)
    if client[4:7] == bytes(3) and client[7] and end >= 0:
        end = client.find(b"\0", end + 1)
    return (end + 1, 8) if end >= 0 else None


def _five(client: bytes, server: bytes) -> tuple[int, int] | None:
    """The same of version 5: methods, a login if that was chosen, the order."""
    asked, answered = 2 + client[1], 2
    method = server[1]
    if server[0] != 5 or method not in client[2:asked] or method not in (0, _LOGIN):
        return None
    if method == _LOGIN:
        login = next(logins(client, server), None)
        if login is None or login.outcome != "accepted":
            return None
        asked, answered = login.at, 4
    if client[asked : asked + 3] != b"\5\1\0" or server[answered : answered + 3] != b"\5\0\0":
        return None
    asked, answered = (
        asked + 3 + _place(client, asked + 3),
        answered + 3 + _place(server, answered + 3),
    )
    return (asked, answered) if asked <= len(client) and answered <= len(server) else None


def _place(data: bytes, at: int) -> int:
    """The length of an address of a type, with that and the port. Raises KeyError, IndexError."""
    size = 1 + data[at + 1] if data[at] == _NAME else _SIZES[data[at]]
    return 1 + size + 2
