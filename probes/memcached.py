"""memcached: one question for the version, which is answered only where no login is asked for.

Its text protocol has no login; a server that wants one (SASL) closes the connection or refuses
every command. protocol.txt of memcached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols.databases.kinds import ACCESS, access

PORT = 11211
_ASK = b"version\r\n"
_VERSION = re.compile(rb"VERSION (\d[\w.+~-]{0,40})\r\n")
# What a server with authentication for its text protocol says (1.5.15 and newer).
_CLOSED = b"CLIENT_ERROR unauthenticated\r\n"


class Memcached(Greeted):
    name = "memcached"
    openings: Sequence[Opening] = (Opening("version", "tcp", (PORT,), _ASK),)
    impact = Impact.GREET
    emits = (ACCESS,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return _VERSION.match(heard) is not None or heard.startswith(_CLOSED)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        for channel in sorted({turn.channel for turn in talk.turns}):
            heard = talk.said_by("server", channel)
            found = _VERSION.match(heard)
            turns = tuple(i for i, turn in talk.turns_of(channel) if turn.sender == "server")[:4]
            if found:
                version = found[1].decode()
                yield access(talk, "memcached", turns, is_open=True, version=version)
            elif heard.startswith(_CLOSED):
                yield access(talk, "memcached", turns, is_open=False)


PROBE = Memcached()
