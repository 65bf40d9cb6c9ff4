"""NATS: the server greets with what it asks of clients, so nothing has to be said to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, hear_whole
from iotscan.protocols import nats
from iotscan.protocols.databases.kinds import ACCESS, access
from iotscan.protocols.logins.overheard import LOGIN, read_logins
from iotscan.protocols.nats import Greeting, parse_greeting

PORT = 4222


class Nats:
    name = "nats"
    openings: Sequence[Opening] = (Opening("nats", "tcp", (PORT,)),)
    impact = Impact.GREET
    emits = (ACCESS, LOGIN)
    begins = (Beginning("tcp", server=(b"I", b"N", b"F", b"O")),)

    def recognises(self, heard: bytes) -> bool:
        """A whole greeting, or one that has begun beyond doubt: a cluster's may be long."""
        if heard.startswith(b'INFO {"server_id":"'):
            return True
        return _parse(heard) is not None

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Hear the greeting out. TLS begins after it, so it is always in clear."""
        async with net.tcp(service, tls=False) as stream:
            await hear_whole(stream, parse_greeting)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None:
            yield from read_logins(talk, "NATS", nats.logins)
            return
        if talk.service.endpoint.transport != "tcp":
            return
        for channel in sorted({turn.channel for turn in talk.turns}):
            found = _parse(talk.said_by("server", channel))
            if found is None:
                continue
            turns = tuple(i for i, turn in talk.turns_of(channel) if turn.sender == "server")[:4]
            # Without a login, a certificate may still be asked for, which the greeting of a server
            # that requires TLS does not tell.
            is_open = None if found.tls and not found.login else not found.login
            yield access(talk, "NATS", turns, is_open=is_open, version=found.version)


def _parse(heard: bytes) -> Greeting | None:
    if not heard.startswith(b"INFO "):
        return None
    try:
        return parse_greeting(heard)
    except Malformed:
        return None


PROBE = Nats()
