"""Ubiquiti's discovery: how much larger an answer is than the question.

One question of four bytes in each version of the protocol, to devices that answered the call of
discovery. An answer to a forged sender goes to somebody else, so bytes of UDP payload are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.makers import ubiquiti
from iotscan.protocols.makers.landevice import LAN_DEVICE, described

DISCOVERY = Kind(
    "ubiquiti.discovery",
    {"version": str, "request_bytes": int, "response_bytes": int, "ratio": float},
    "A device answered a question sent to it alone. ratio: bytes answered per byte asked.",
)


class Ubiquiti(Greeted):
    name = "ubiquiti"
    openings: Sequence[Opening] = (
        Opening("v1", "udp", (ubiquiti.PORT,), ubiquiti.ASK_V1, announced=True),
        Opening("v2", "udp", (ubiquiti.PORT,), ubiquiti.ASK_V2, announced=True),
    )
    impact = Impact.GREET
    emits = (DISCOVERY, LAN_DEVICE)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return _answer(heard) is not None

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """Our own questions; what is sent to others or to all is read by the discoverer."""
        yield from described(talk, ubiquiti.read)
        if talk.client is not None or talk.service.endpoint.transport != "udp":
            return
        for number in sorted({turn.channel for turn in talk.turns}):
            turns = talk.turns_of(number)
            asked = sum(len(turn.data) for _, turn in turns if turn.sender == "client")
            heard = [(i, turn.data) for i, turn in turns if turn.sender == "server"][:1]
            for index, data in heard if asked else ():
                answer = _answer(data)
                if answer is not None:
                    facts: dict[str, Fact] = {
                        "version": str(answer.protocol),
                        "request_bytes": asked,
                        "response_bytes": len(data),
                        "ratio": round(len(data) / asked, 2),
                    }
                    yield observe(talk, DISCOVERY.name, facts, [index])


def _answer(data: bytes) -> ubiquiti.Answer | None:
    try:
        return ubiquiti.parse(data)
    except Malformed:
        return None


PROBE = Ubiquiti()
