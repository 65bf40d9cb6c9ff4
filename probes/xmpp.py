"""XMPP, which robots and thermostats speak to their makers: logins of others where they are in
clear. A server talks only to those who know its domain, so nothing is asked of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Beginning, Greeted, Opening
from iotscan.protocols import xmpp
from iotscan.protocols.logins.overheard import LOGIN, read_logins


class Xmpp(Greeted):
    name = "xmpp"
    openings: Sequence[Opening] = ()
    impact = Impact.LISTEN
    emits = (LOGIN,)
    begins = (Beginning("tcp", client=b"< \t\r\n"),)

    def recognises(self, heard: bytes) -> bool:
        """Never: a server speaks when it is spoken to."""
        return False

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_logins(talk, "XMPP", xmpp.logins)


PROBE = Xmpp()
