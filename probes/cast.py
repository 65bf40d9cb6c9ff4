"""Google Cast: does a receiver take messages from anybody on the network?

One virtual connection and one question for the receiver's state, which every application on a
phone asks as well; nothing is launched, played or set. The protocol has no login: who reaches the
port may cast. It runs inside TLS, so captures show nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, fits, hear_whole
from iotscan.protocols.common.overheard import framed, observe
from iotscan.protocols.makers import cast
from iotscan.text import clean

_QUESTION = cast.question()
# The state is one message; some say first that somebody else's application has started.
_MOST_MESSAGES = 4

RECEIVER = Kind(
    "cast.receiver",
    {"open": bool, "applications": tuple, "shows": tuple, "encrypted": bool},
    "A Cast receiver told its state. open: to whoever asks; applications: what it runs; shows: what"
    " these say of what is shown.",
)


class Cast:
    name = "cast"
    openings: Sequence[Opening] = (
        Opening("status", "tcp", (cast.PORT,), _QUESTION, tls=(cast.PORT,)),
    )
    impact = Impact.GREET
    emits = (RECEIVER,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """A message of Cast, whatever it says."""
        return fits(cast.take, heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.write(_QUESTION)
            await hear_whole(stream, _told)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        for number in sorted({turn.channel for turn in talk.turns}):
            for index, sender, message in framed(talk.turns_of(number), cast.take, cast.LARGEST):
                status = _status(message) if sender == "server" else None
                if status is not None:
                    channel = talk.channels[number] if number < len(talk.channels) else None
                    encrypted = channel is not None and channel.tls is not None
                    yield observe(talk, RECEIVER.name, _facts(status, encrypted), [index])
                    break


def _told(heard: bytes) -> cast.Status | None:
    """The receiver's state, which other messages may come before. Raises Malformed."""
    for _ in range(_MOST_MESSAGES):
        found = cast.take(heard)
        if found is None:
            return None
        message, end = found
        if (status := _status(message)) is not None:
            return status
        heard = heard[end:]
    raise Malformed("messages, but not the one that was asked for")


def _status(message: cast.Message) -> cast.Status | None:
    try:
        return cast.parse_status(message)
    except Malformed:
        return None


def _facts(status: cast.Status, encrypted: bool) -> dict[str, Fact]:
    return {
        "open": True,
        "applications": tuple(clean(name, 64) for name in status.applications),
        "shows": tuple(clean(text, 120) for text in status.shown),
        "encrypted": encrypted,
    }


PROBE = Cast()
