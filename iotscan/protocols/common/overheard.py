"""What readers of other people's conversations share: whose side is whose, and where lines end.

A captured conversation names its ``client``; which of the two is which was guessed from ports when
the capture began in the middle, so a reader that knows its protocol may turn the two round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from iotscan.errors import Malformed
from iotscan.model import Fact, Observation, Proof, Sender, Transcript, Turn
from iotscan.text import clean

_T = TypeVar("_T")
# RFC 5321 section 4.5.3.1 and RFC 2449 section 4 ask for 512 and 998; a longer line is no command.
LONGEST_LINE = 4096
# Record types 20 to 23 of TLS, major version 3: from here on the conversation is encrypted.
_TLS = tuple(bytes([kind, 3]) for kind in (20, 21, 22, 23))


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its end. ``turn`` is the index of the turn in which it was complete;
    ``gap``: bytes of its sender are missing right before it, so that it may be the end of another
    line, and lines before it may be missing.
    """

    turn: int
    sender: Sender
    text: bytes
    gap: bool = False


def lines(turns: Iterable[tuple[int, Turn]]) -> Iterator[Line]:
    """The complete lines of both sides in the order in which they ended, up to the first TLS
    record or the first line that is longer than any of a text protocol. Of a line that a capture
    cut, the whole words of a server count: it is an answer all the same; half a command is none.
    """
    open_lines: dict[Sender, bytes] = {"client": b"", "server": b""}
    gaps: dict[Sender, bool] = {"client": False, "server": False}
    for index, turn in turns:
        sender = turn.sender
        if turn.data.startswith(_TLS) and not open_lines[sender]:
            return
        *whole, rest = (open_lines[sender] + turn.data).split(b"\n")
        for text in whole:
            yield Line(index, sender, text.rstrip(b"\r"), gaps[sender])
            gaps[sender] = False
        if len(rest) > LONGEST_LINE:
            return
        if turn.cut and sender == "server" and b" " in rest:
            yield Line(index, sender, rest.rpartition(b" ")[0], gaps[sender])
        gaps[sender] = gaps[sender] or turn.cut
        open_lines[sender] = b"" if turn.cut else rest


def framed(
    turns: Iterable[tuple[int, Turn]],
    take: Callable[[bytes], tuple[_T, int] | None],
    longest: int,
) -> Iterator[tuple[int, Sender, _T]]:
    """(turn in which it began, sender, message) of both sides' messages, in the order in which
    they ended. ``take`` gives the first message and its length, None while it is incomplete, and
    raises Malformed; a side is left at its first fault, or when a message grows beyond ``longest``.
    """
    waiting: dict[Sender, tuple[int, bytes]] = {}
    left: set[Sender] = set()
    for index, turn in turns:
        if turn.sender in left:
            continue
        began, data = waiting.pop(turn.sender, (index, b""))
        data += turn.data
        while data:
            try:
                found = take(data)
            except Malformed:
                left.add(turn.sender)
                break
            if found is None:
                if len(data) > longest:
                    left.add(turn.sender)
                if not turn.cut:
                    waiting[turn.sender] = (began, data)
                break
            yield began, turn.sender, found[0]
            began, data = index, data[found[1] :]


def without_holes(turns: Iterable[tuple[int, Turn]]) -> Iterator[tuple[int, Turn]]:
    """What each side said up to the first of it that a capture cut."""
    cut: set[Sender] = set()
    for index, turn in turns:
        if turn.sender not in cut:
            yield index, turn
        if turn.cut:
            cut.add(turn.sender)


def beginning(talk: Transcript, sender: Sender, size: int = 512) -> bytes:
    """The first bytes that one side said, about so many."""
    said = b""
    for turn in talk.turns:
        if turn.sender == sender:
            said += turn.data[:size]
            if len(said) >= size:
                break
    return said


def turn_at(turns: Iterable[tuple[int, Turn]], sender: Sender, offset: int) -> int:
    """The turn that holds the byte at this offset of what one side said. Raises LookupError."""
    for index, turn in turns:
        if turn.sender == sender:
            if offset < len(turn.data):
                return index
            offset -= len(turn.data)
    raise LookupError(f"{sender} said less")


# What the reader of captures notes of a conversation with holes: lost segments, frames cut short.
MISSING = "bytes are missing"
# The same of what a side said before all else that is heard of it.
FIRST_MISSING: Mapping[Sender, str] = {
    "client": "the client's first words are not in it",
    "server": "the server's first words are not in it",
}
# And of one whose opening was not seen, when the ports do not tell who serves either.
GUESSED = "who asked is a guess"

_OTHER: Mapping[Sender, Sender] = {"client": "server", "server": "client"}
# The last conversation turned round, and how: several readers in a row ask for the same one.
_turned: list[Transcript] = []


def turned(talk: Transcript) -> Transcript:
    """The same conversation with client and server changed round. Only of captured ones."""
    if talk.client is None:
        raise ValueError("our own conversations know who is who")
    if _turned and _turned[0] is talk:
        return _turned[1]
    found = replace(
        talk,
        service=replace(talk.service, endpoint=talk.client),
        client=talk.service.endpoint,
        turns=tuple(
            Turn(
                _OTHER[turn.sender],
                turn.at,
                turn.data,
                turn.channel,
                turn.login,
                turn.frame,
                turn.cut,
            )
            for turn in talk.turns
        ),
        channels=tuple(replace(channel, endpoint=talk.client) for channel in talk.channels),
    )
    _turned[:] = [talk, found]
    return found


def clear_turns(talk: Transcript) -> tuple[tuple[int, Turn], ...]:
    """(index, turn) of all that was said outside of recorded TLS sessions."""
    secured = {number for number, channel in enumerate(talk.channels) if channel.tls is not None}
    if not secured:
        return tuple(enumerate(talk.turns))
    return tuple((i, turn) for i, turn in enumerate(talk.turns) if turn.channel not in secured)


def observe(
    talk: Transcript, kind: str, facts: Mapping[str, Fact], turns: Sequence[int]
) -> Observation:
    """An observation about the service, proven by these turns; ``peer`` if it was overheard."""
    said: dict[str, Fact] = dict(facts)
    if talk.client is not None:
        said["peer"] = str(talk.client.address)
    endpoint = talk.service.endpoint
    proof = Proof(talk.id, tuple(sorted(set(turns))))
    return Observation(kind, said, endpoint.address, endpoint, (proof,))


def login_facts(username: bytes | str, outcome: str) -> dict[str, Fact]:
    """The words for a login that was overheard; ``outcome``: accepted, refused or unknown."""
    facts: dict[str, Fact] = {"outcome": outcome}
    if username:
        facts["username"] = clean(username)
    return facts
