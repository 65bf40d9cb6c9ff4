"""MySQL and MariaDB: the server greets with its version, so nothing has to be said to it.

It counts handshakes that are not finished and shuts out their sender after a hundred, so it is
greeted once, and neither TLS nor a login is tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols.databases import mysql
from iotscan.protocols.databases.kinds import ACCESS, access
from iotscan.protocols.databases.mysql import Greeting


class Mysql(Greeted):
    name = "mysql"
    openings = (Opening("greeting", "tcp", (mysql.PORT,)),)
    impact = Impact.GREET
    emits = (ACCESS,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return _greeting(heard) is not None

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        for number in sorted({turn.channel for turn in talk.turns}):
            found = _greeting(talk.said_by("server", number))
            if found is not None:
                turns = [i for i, turn in talk.turns_of(number) if turn.sender == "server"]
                # It would ask for a login next; that one is refused here is known of no stranger.
                is_open = False if found.refused else None
                yield access(
                    talk, found.product, tuple(turns[:4]), is_open=is_open, version=found.version
                )
                return


def _greeting(heard: bytes) -> Greeting | None:
    try:
        return mysql.take(heard)
    except Malformed:
        return None


PROBE = Mysql()
