"""STOMP, which message brokers speak: logins of others where they are in clear. Nothing is asked of
a broker itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Beginning, Greeted, Opening
from iotscan.protocols import stomp
from iotscan.protocols.logins.overheard import LOGIN, read_logins


class Stomp(Greeted):
    name = "stomp"
    openings: Sequence[Opening] = ()
    impact = Impact.LISTEN
    emits = (LOGIN,)
    begins = (Beginning("tcp", client=b"CS\r\n"),)

    def recognises(self, heard: bytes) -> bool:
        """Never: a broker speaks when it is spoken to."""
        return False

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_logins(talk, "STOMP", stomp.logins)


PROBE = Stomp()
