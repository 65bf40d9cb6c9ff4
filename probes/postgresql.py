"""PostgreSQL: whether it lets whoever comes begin a session, and whether it takes TLS.

The question for TLS makes it known. A session is then begun under its administrator's usual name
without a password; where that is granted, it is ended at once, and nothing is asked of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, hear_whole
from iotscan.protocols.databases import postgresql
from iotscan.protocols.databases.kinds import ACCESS, access
from iotscan.protocols.logins.overheard import LOGIN, read_logins

# The name of the first account of every installation.
ADMINISTRATOR = "postgres"


class Postgresql:
    name = "postgresql"
    openings = (Opening("tls", "tcp", (postgresql.PORT,), postgresql.SSL_REQUEST),)
    impact = Impact.LOGIN
    emits = (ACCESS, LOGIN)
    begins = (Beginning("tcp", client=(b"\0", b"\0"), server=b"NR"),)

    def recognises(self, heard: bytes) -> bool:
        """The one byte that answers the question for TLS."""
        return heard in (postgresql.TAKES_TLS, postgresql.CLEAR_ONLY)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service, tls=False) as stream:
            await stream.write(postgresql.start(ADMINISTRATOR))
            if (await hear_whole(stream, postgresql.take)).open:
                await stream.write(postgresql.TERMINATE)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None:
            yield from read_logins(talk, "PostgreSQL", postgresql.logins)
            return
        if talk.service.endpoint.transport != "tcp":
            return
        for number in sorted({turn.channel for turn in talk.turns}):
            if not talk.said_by("client", number).startswith(postgresql.start(ADMINISTRATOR)):
                continue
            heard = [(i, turn) for i, turn in talk.turns_of(number) if turn.sender == "server"]
            try:
                found = postgresql.take(b"".join(turn.data for _, turn in heard))
            except Malformed:
                continue
            if found is not None:
                turns = tuple(i for i, _ in heard)[:4]
                yield access(talk, "PostgreSQL", turns, is_open=found.open)


PROBE = Postgresql()
