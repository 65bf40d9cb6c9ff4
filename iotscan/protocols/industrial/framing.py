"""Binary messages of both sides of a conversation, for protocols whose messages state their length.

A capture may begin in the middle of a message or have lost some: reading starts anew with the next
turn. What never looks like the protocol is given up soon, because readers are offered everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from iotscan.errors import Malformed
from iotscan.model import Sender, Transcript, Turn
from iotscan.protocols.common.overheard import clear_turns, turned

# Enough to know what a conversation is; a day of polling tells no more than its first minutes.
MOST_MESSAGES = 2048
# Turns of one side that begin with no message of the protocol, until that side is not read further.
MOST_FAILURES = 4

M = TypeVar("M")
Decode = Callable[[bytes], "tuple[M, int] | None"]


@dataclass(frozen=True, slots=True)
class Said(Generic[M]):
    """One message. ``turn`` is the index of the turn in which it was complete."""

    sender: Sender
    turn: int
    message: M


def spoken(talk: Transcript, decode: Decode[M]) -> list[Said[M]]:
    """The messages of a conversation in the order in which they were complete.

    ``decode`` returns the first message of some bytes and its length, or None when there are too
    few; it raises Malformed. Encrypted parts of captured conversations are left out.
    """
    turns = enumerate(talk.turns) if talk.client is None else clear_turns(talk)
    return messages(turns, decode, stream=talk.service.endpoint.transport == "tcp")


def messages(
    turns: Iterable[tuple[int, Turn]], decode: Decode[M], *, stream: bool
) -> list[Said[M]]:
    """As :func:`spoken`, of (index, turn) pairs; a message ends with its turn unless ``stream``."""
    found: list[Said[M]] = []
    rest: dict[tuple[int, Sender], bytes] = {}
    failures: dict[tuple[int, Sender], int] = {}
    for index, turn in turns:
        side = (turn.channel, turn.sender)
        if failures.get(side, 0) >= MOST_FAILURES:
            continue
        if len(found) >= MOST_MESSAGES:
            break
        data = rest.pop(side, b"") + turn.data
        said, left = _cut(data, decode)
        if left is None and not said and len(data) > len(turn.data):
            # What was waiting for its end was no message: the turn itself may begin with one.
            said, left = _cut(turn.data, decode)
        found += (Said(turn.sender, index, message) for message in said)
        failures[side] = 0 if said else failures.get(side, 0) + (left is None or not stream)
        if left and stream and not turn.cut:
            rest[side] = left
    return found


def _cut(data: bytes, decode: Decode[M]) -> tuple[list[M], bytes | None]:
    """The messages at the beginning of ``data``, and what is left: None when that is none."""
    said: list[M] = []
    while data:
        try:
            first = decode(data)
        except Malformed:
            return said, None
        if first is None:
            return said, data
        said.append(first[0])
        data = data[first[1] :]
    return said, b""


def whole(turns: Iterable[tuple[int, Turn]], decode: Decode[M], most: int = 4096) -> bool:
    """Whether a stream is nothing but messages from its first byte on, on both sides; ``most``:
    bytes of each side that are looked at.
    """
    said: dict[tuple[int, Sender], bytes] = {}
    for _, turn in turns:
        side = (turn.channel, turn.sender)
        before = said.get(side, b"")
        if len(before) < most:
            said[side] = before + turn.data[:most]
    return all(_cut(data, decode)[1] is not None for data in said.values())


def facing(
    talk: Transcript, said: Sequence[Said[M]], speaker: Callable[[M], Sender | None]
) -> tuple[Transcript, list[Said[M]]]:
    """The conversation with its sides the right way round, by who must have said what.

    ``speaker``: which side says such a message, None when both do. Only a captured conversation is
    ever turned, and only when more messages speak for it than against.
    """
    told = [(one.sender, speaker(one.message)) for one in said]
    wrong = sum(1 for sender, side in told if side is not None and side != sender)
    right = sum(1 for sender, side in told if side is not None and side == sender)
    if talk.client is None or wrong <= right:
        return talk, list(said)
    return turned(talk), [replace(one, sender=other(one.sender)) for one in said]


def other(sender: Sender) -> Sender:
    """The other side."""
    return "server" if sender == "client" else "client"


def at_port(talk: Transcript, ports: Iterable[int]) -> Transcript:
    """The conversation turned so that the usual port is the server's, if only the client's is one.

    For protocols whose questions and answers look alike; our own conversations stay as they are.
    """
    usual = frozenset(ports)
    if talk.client is None or talk.service.endpoint.port in usual:
        return talk
    return turned(talk) if talk.client.port in usual else talk


def clear(talk: Transcript) -> bool:
    """Whether everything of the conversation went without TLS."""
    return not talk.service.tls and all(channel.tls is None for channel in talk.channels)
