"""What was asked and answered in a conversation over RTSP, on connections of its own or in HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from iotscan.model import Transcript
from iotscan.protocols.common.overheard import beginning
from iotscan.protocols.rtsp import tunnel
from iotscan.protocols.rtsp.codec import Exchange, exchanges, path_of


@dataclass(frozen=True, slots=True)
class Told:
    """An exchange of ours and the channel it was on; ``login`` is what that was opened for."""

    channel: int
    encrypted: bool
    login: str | None
    exchange: Exchange

    @property
    def path(self) -> str:
        return path_of(self.exchange.request.target)

    @property
    def shows_login(self) -> bool:
        """Whether a login was sent with the question."""
        return bool(self.exchange.request.header("authorization"))

    @property
    def turns(self) -> tuple[int, ...]:
        return (*self.exchange.asked[:1], *self.exchange.answered[:1])


def names_itself(talk: Transcript) -> bool:
    """Whether anything looks like it, in segments of any size."""
    return (
        any(b"RTSP/" in turn.data for turn in talk.turns)
        or any(b"RTSP/" in beginning(talk, side) for side in ("client", "server"))
        or bool(tunnel.name_of(talk))
    )


def all_told(talk: Transcript) -> Iterator[Told]:
    """Every exchange of a conversation, channel by channel."""
    if tunnel.name_of(talk):
        yield from _tunnelled(talk)
        return
    for number in sorted({turn.channel for turn in talk.turns}):
        turns = talk.turns_of(number)
        asked = [(i, turn.data) for i, turn in turns if turn.sender == "client"]
        answered = [(i, turn.data) for i, turn in turns if turn.sender == "server"]
        channel = talk.channels[number] if number < len(talk.channels) else None
        encrypted = channel is not None and channel.tls is not None
        for exchange in exchanges(asked, answered):
            yield Told(number, encrypted, channel.login if channel else None, exchange)


def _tunnelled(talk: Transcript) -> Iterator[Told]:
    """What is asked on the connections that post is answered on the one that gets."""
    asked: list[tuple[int, bytes]] = []
    answered: list[tuple[int, bytes]] = []
    for number in range(len(talk.channels)):
        turns = talk.turns_of(number)
        if tunnel.posts(turns):
            asked += tunnel.asked(turns)
        else:
            answered += ((i, turn.data) for i, turn in turns if turn.sender == "server")
    encrypted = any(channel.tls is not None for channel in talk.channels)
    for exchange in exchanges(asked, answered):
        yield Told(0, encrypted, None, exchange)
