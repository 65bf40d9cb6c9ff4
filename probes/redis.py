"""Redis: whether it answers whoever asks. A PING, and the server part of INFO; nothing is read of
what it stores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, hear_whole
from iotscan.protocols.databases import redis, redis_login
from iotscan.protocols.databases.kinds import ACCESS, access
from iotscan.protocols.databases.redis import INFO, PING
from iotscan.protocols.logins.overheard import LOGIN, read_logins

PORT, SECURE_PORT = 6379, 6380


class Redis:
    name = "redis"
    openings: Sequence[Opening] = (
        Opening("ping", "tcp", (PORT, SECURE_PORT), PING, tls=(SECURE_PORT,)),
    )
    impact = Impact.GREET
    emits = (ACCESS, LOGIN)
    begins = (Beginning("tcp", client=b"*"),)

    def recognises(self, heard: bytes) -> bool:
        return redis.pong(heard) or redis.closed(heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.write(INFO)
            await hear_whole(stream, redis.bulk)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """Of our own conversations: a PING that was answered, or the server's word on itself; of
        others' the logins.
        """
        if talk.client is not None:
            yield from read_logins(talk, "Redis", redis_login.logins)
            return
        if talk.service.endpoint.transport != "tcp":
            return
        for channel in sorted({turn.channel for turn in talk.turns}):
            heard = talk.said_by("server", channel)
            turns = tuple(i for i, turn in talk.turns_of(channel) if turn.sender == "server")[:4]
            fields = redis.info(redis.bulk(heard) or b"")
            version = fields.get("redis_version", b"").decode("utf-8", "backslashreplace")
            system = fields.get("os", b"").decode("utf-8", "backslashreplace")
            if version:
                yield access(talk, "Redis", turns, is_open=True, version=version, system=system)
            elif redis.pong(heard) or redis.closed(heard):
                yield access(talk, "Redis", turns, is_open=redis.pong(heard))


PROBE = Redis()
