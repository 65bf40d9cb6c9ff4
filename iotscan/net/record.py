"""The record of one conversation while it grows: turns and channels, secrets masked, bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from iotscan.errors import BudgetSpent
from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Outcome,
    Sender,
    TlsFacts,
    Turn,
)
from iotscan.net.masking import Mask, mask_last

# A peer that sends single bytes makes a turn of each; from here on they run into one another.
MOST_TURNS = 2048
# What may stand between a secret and its echo: a line end, telnet options.
_ECHO_REACH = 16
# A shorter secret ("1", "admin") is likely to stand elsewhere too: there the record must stay
# readable, so only one place of it is masked.
_EVERYWHERE = 8


@dataclass(slots=True)
class OpenChannel:
    """A channel that may still change; ``closed`` once the device has ended the connection."""

    number: int
    endpoint: Endpoint
    opened: float
    login: str | None
    ending: Ending | None = None
    closed: bool = False
    tls: TlsFacts | None = None
    outcome: Outcome | None = None
    echo: Mask | None = None
    hidden: list[bytes] = field(default_factory=list)
    everywhere: list[Mask] = field(default_factory=list)

    def frozen(self) -> Channel:
        ending = self.ending or (Ending.CLOSED if self.closed else Ending.COMPLETE)
        return Channel(self.endpoint, self.opened, ending, self.tls, self.login, self.outcome)


@dataclass(slots=True)
class _Piece:
    sender: Sender
    at: float
    data: bytearray
    channel: int
    login: str | None


class Record:
    """What was said so far. ``now``: seconds since the scan began; ``most``: bytes, both ways."""

    def __init__(self, now: Callable[[], float], most: int) -> None:
        self._now = now
        self._left = most
        self._pieces: list[_Piece] = []
        self.channels: list[OpenChannel] = []

    def open(self, endpoint: Endpoint, login: str | None) -> OpenChannel:
        channel = OpenChannel(len(self.channels), endpoint, round(self._now(), 6), login)
        self.channels.append(channel)
        return channel

    def room(self, wanted: int) -> int:
        """How many of so many bytes may still pass. Raises BudgetSpent when none may."""
        if self._left <= 0:
            raise BudgetSpent("the conversation has used up its bytes")
        return min(wanted, self._left)

    def heard(self, channel: OpenChannel, data: bytes) -> None:
        """The device said something."""
        self._left -= len(data)
        piece, start = self._add("server", channel, data, None)
        if channel.echo is not None:
            channel.echo.cover(piece, start)

    def said(self, channel: OpenChannel, data: bytes, hide: bytes = b"") -> None:
        """We said something; raises ValueError, with nothing recorded, if ``hide`` is not in it."""
        masked = mask_last(data, hide) if hide else self._mask_once(channel, data)
        self._left -= len(data)
        _finish_echo(channel)
        login = channel.login if hide or masked != data else None
        piece, start = self._add("client", channel, masked, login)
        if hide:
            channel.echo = Mask(hide, reach=_ECHO_REACH, once=True)
        for mask in channel.everywhere:
            mask.cover(piece, start)

    def hide(self, channel: OpenChannel, secret: bytes) -> None:
        """Mask the secret in what the client says from now on."""
        if len(secret) >= _EVERYWHERE:
            channel.everywhere.append(Mask(secret))
        elif secret:
            channel.hidden.append(secret)

    def turns(self) -> tuple[Turn, ...]:
        for channel in self.channels:
            _finish_echo(channel)
        return tuple(
            Turn(piece.sender, piece.at, bytes(piece.data), piece.channel, piece.login)
            for piece in self._pieces
        )

    def _mask_once(self, channel: OpenChannel, data: bytes) -> bytes:
        for secret in channel.hidden:
            if secret in data:
                channel.hidden.remove(secret)
                return mask_last(data, secret)
        return data

    def _add(
        self, sender: Sender, channel: OpenChannel, data: bytes, login: str | None
    ) -> tuple[bytearray, int]:
        last = self._pieces[-1] if self._pieces else None
        if len(self._pieces) >= MOST_TURNS and last is not None:
            if (last.sender, last.channel, last.login) == (sender, channel.number, login):
                start = len(last.data)
                last.data += data
                return last.data, start
            if len(self._pieces) >= 2 * MOST_TURNS:
                raise BudgetSpent("the conversation has used up its turns")
        at = round(self._now(), 6)
        self._pieces.append(_Piece(sender, at, bytearray(data), channel.number, login))
        return self._pieces[-1].data, 0


def _finish_echo(channel: OpenChannel) -> None:
    if channel.echo is not None:
        channel.echo.finish()
        channel.echo = None
