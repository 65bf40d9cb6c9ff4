"""Ubiquiti's discovery: what a device tells whoever asks, and how much larger its answer is.

One question of four bytes in each version of the protocol, by which it is recognised too. An answer
to a forged sender goes to somebody else, so bytes of UDP payload are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening
from iotscan.protocols import ubiquiti
from iotscan.protocols.identifiers import DISCOVERY_IDENTIFIERS
from iotscan.protocols.overheard import observe

DISCOVERY = Kind(
    "ubiquiti.discovery",
    {"request_bytes": int, "response_bytes": int, "ratio": float, **ubiquiti.WORDS},
    "A device answered a question sent to it alone. ratio: bytes answered per byte asked;"
    " unadopted: it has the settings of the factory.",
)


class Ubiquiti:
    name = "ubiquiti"
    openings: Sequence[Opening] = (
        Opening("v1", "udp", (ubiquiti.PORT,), ubiquiti.ASK_V1),
        Opening("v2", "udp", (ubiquiti.PORT,), ubiquiti.ASK_V2),
    )
    impact = Impact.GREET
    emits = (DISCOVERY, DISCOVERY_IDENTIFIERS)

    def recognises(self, heard: bytes) -> bool:
        return _answer(heard) is not None

    def handles(self, service: Service) -> bool:
        """Never: the answer by which it was recognised is all that there is to learn."""
        return False

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.udp(service) as datagrams:
            await datagrams.send(ubiquiti.ASK_V1)
            ubiquiti.parse(await datagrams.receive())

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """Our own questions; what is sent to others or to all is read by the discoverer."""
        if talk.client is not None or talk.service.endpoint.transport != "udp":
            return
        for number in sorted({turn.channel for turn in talk.turns}):
            turns = talk.turns_of(number)
            asked = sum(len(turn.data) for _, turn in turns if turn.sender == "client")
            heard = [(i, turn.data) for i, turn in turns if turn.sender == "server"]
            for index, data in heard[:1] if asked else ():
                answer = _answer(data)
                if answer is not None:
                    yield from _seen(talk, answer, index, asked, len(data))


def _answer(data: bytes) -> ubiquiti.Answer | None:
    try:
        return ubiquiti.parse(data)
    except Malformed:
        return None


def _seen(
    talk: Transcript, answer: ubiquiti.Answer, index: int, asked: int, answered: int
) -> Iterator[Observation]:
    facts: dict[str, Fact] = {
        "request_bytes": asked,
        "response_bytes": answered,
        "ratio": round(answered / asked, 2),
    }
    yield observe(talk, DISCOVERY.name, facts | ubiquiti.facts_of(answer), [index])
    given: dict[str, Fact] = {
        "via": "Ubiquiti's discovery",
        "serial": False,
        "mac": True,
        "uuid": False,
    }
    yield observe(talk, DISCOVERY_IDENTIFIERS.name, given, [index])


PROBE = Ubiquiti()
