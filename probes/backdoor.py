"""Hidden entrances of routers that are publicly documented: whether one answers.

SerComm's on TCP 32764, and Netcore's (sold as Netis too) on UDP 53413. Each is known by the answer
to bytes that are no order of its own; nothing is asked of it, and no login is tried. Sources: E.
Vanderbeken's description of TCP 32764 (CVE-2014-0659); Trend Micro's and Shadowserver's of UDP
53413.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.model import Impact, Kind, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols.common.overheard import observe

# Line ends, which SerComm's service refuses as no message of its own, with its mark, minus one and
# no length. The mark stands in the device's own byte order.
_SERCOMM = tuple(mark + b"\xff\xff\xff\xff\0\0\0\0" for mark in (b"MMcS", b"ScMM"))
# What Netcore's asks whoever has not logged in since it was started, and says to all once one has.
_ASKS, _AGREES = b"\xd0\xa5Login:", bytes.fromhex("00000005000100000000010000")
_LONGEST = 64

ANSWER = Kind(
    "backdoor.answer",
    {"entrance": str, "of": str},
    "A service answered as a documented hidden entrance does. entrance: sercomm or netcore; of:"
    " whose routers are known to have it.",
)
_OF = {"sercomm": "routers made by SerComm", "netcore": "routers of Netcore and Netis"}


class Backdoor(Greeted):
    name = "backdoor"
    openings = (
        Opening("sercomm", "tcp", (32_764,), b"\r\n\r\n"),
        Opening("netcore", "udp", (53_413,), bytes(8)),
    )
    impact = Impact.GREET
    emits = (ANSWER,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return _entrance(heard) is not None

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None:
            return
        for index, turn in enumerate(talk.turns):
            found = _entrance(turn.data) if turn.sender == "server" else None
            if found is not None:
                yield observe(talk, ANSWER.name, {"entrance": found, "of": _OF[found]}, [index])
                return


def _entrance(heard: bytes) -> str | None:
    if heard in _SERCOMM:
        return "sercomm"
    if heard == _AGREES or (heard.endswith(_ASKS) and len(heard) <= _LONGEST):
        return "netcore"
    return None


PROBE = Backdoor()
