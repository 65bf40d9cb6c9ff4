"""SOCKS version 5: whether a proxy takes whoever comes. RFC 1928 section 3.

Only the choice of a login method is negotiated, with "none" as the only offer; nothing is asked to
be connected to. Version 4 knows no such negotiation: its first message is the order to connect, so
it is never sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.model import Impact, Kind, Observation, Transcript
from iotscan.probe_api import Beginning, Greeted, Opening
from iotscan.protocols import socks
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.logins.overheard import LOGIN, read_logins

# Version 5, one method, no authentication required.
GREETING = b"\x05\x01\x00"
TAKEN, NONE_TAKEN = b"\x05\x00", b"\x05\xff"
SERVICE = Kind(
    "socks.service",
    {"no_authentication": bool},
    "A SOCKS proxy answered an offer of no authentication. no_authentication: it agreed.",
)


class Socks(Greeted):
    name = "socks"
    openings = (Opening("greeting", "tcp", (1080,), GREETING),)
    impact = Impact.GREET
    emits = (SERVICE, LOGIN)
    begins = (Beginning("tcp", client=b"\x05", server=b"\x05"),)

    def recognises(self, heard: bytes) -> bool:
        return heard in (TAKEN, NONE_TAKEN)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None:
            yield from read_logins(talk, "SOCKS", socks.logins)
            return
        if talk.service.endpoint.transport != "tcp":
            return
        for number in sorted({turn.channel for turn in talk.turns}):
            heard = talk.said_by("server", number)
            if talk.said_by("client", number) == GREETING and self.recognises(heard):
                turns = [i for i, turn in talk.turns_of(number) if turn.sender == "server"]
                yield observe(talk, SERVICE.name, {"no_authentication": heard == TAKEN}, turns)
                return


PROBE = Socks()
