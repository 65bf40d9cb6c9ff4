"""Logins at Redis that others sent: AUTH, or HELLO with AUTH in it. RESP 2 and 3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.protocols.logins.overheard import Login

# Commands before a login, and words of one: names of the client and its library.
_MOST_COMMANDS, _MOST_WORDS, _DEEPEST = 16, 32, 4
_SIZE = re.compile(rb"([$*%~>])(-?\d{1,7})\r\n")


def logins(client: bytes, server: bytes) -> Iterator[Login]:
    """Every login of a conversation, given what each side said from its beginning on. Pure. What is
    typed by hand, without the form of a list, could as well be of mail and is left.
    """
    at = 0
    for number in range(_MOST_COMMANDS):
        try:
            found = _command(client, at)
        except Malformed:
            return
        if found is None:
            return
        words, at = found
        login = _login(words)
        if login:
            yield Login(at, *login, _outcome(server, number))


def _command(data: bytes, at: int) -> tuple[Sequence[bytes], int] | None:
    """The words of the command at this place and where it ends; None while it is incomplete."""
    kind, count, at = _size(data, at)
    if kind != b"*" or not 0 < count <= _MOST_WORDS:
        raise Malformed("a command of very many words")
    words: list[bytes] = []
    for _ in range(count):
        if at >= len(data):
            return None
        kind, size, at = _size(data, at)
        if kind != b"$" or size < 0:
            raise Malformed("a word of a command is a string")
        words.append(data[at : at + size])
        at += size + 2
    return (words, at) if at <= len(data) else None


def _login(words: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """(user name, password) that a command carries."""
    lower = [word.lower() for word in words]
    if lower[:1] == [b"hello"] and b"auth" in lower[2:]:
        words = words[lower.index(b"auth", 2) :][:3]
    elif lower[:1] != [b"auth"] or len(words) not in (2, 3):
        return None
    name, secret = (words[1], words[2]) if len(words) == 3 else (b"", words[-1])
    return (name, secret) if secret else None


def _outcome(server: bytes, number: int) -> str:
    """How the answer of this number reads."""
    at = 0
    try:
        for _ in range(number):
            at = _behind(server, at)
        _behind(server, at)
    except Malformed:
        return "unknown"
    if server.startswith(b"-", at):
        return "refused"
    # +OK is AUTH's yes; HELLO gives a list or a map of what the server is.
    return "accepted" if server.startswith((b"+OK\r\n", b"*", b"%"), at) else "unknown"


def _behind(data: bytes, at: int, depth: int = 0) -> int:
    """Where the answer at this place ends. Raises Malformed where it does not."""
    if data[at : at + 1] in (b"+", b"-", b":", b"_", b"#", b",", b"("):
        end = data.find(b"\r\n", at)
        if end < 0:
            raise Malformed("an answer that is not complete")
        return end + 2
    kind, size, at = _size(data, at)
    if kind == b"$":
        return at if size < 0 else at + size + 2
    if depth >= _DEEPEST:
        raise Malformed("lists in lists in lists")
    for _ in range(min(max(size, 0) * (2 if kind == b"%" else 1), len(data))):
        at = _behind(data, at, depth + 1)
    return at


def _size(data: bytes, at: int) -> tuple[bytes, int, int]:
    head = _SIZE.match(data, at)
    if head is None:
        raise Malformed("no string or list of Redis")
    return head[1], int(head[2]), head.end()
