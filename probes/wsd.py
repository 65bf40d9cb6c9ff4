"""WS-Discovery asked by unicast: does a host answer, and how much larger is its answer.

A host that answers senders whose addresses can be forged is a reflector, so bytes of UDP payload
are compared. The discoverer of the same name finds devices; this one only measures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, hear_out
from iotscan.protocols import wsd
from iotscan.protocols.common.amplification import WORDS, exchanges

# Devices answer to an id once, so recognising and measuring have one each.
_HELLO = wsd.probe("696f7473-6361-4e00-8000-000000000001")
_QUESTION = wsd.probe("696f7473-6361-4e00-8000-000000000002")
_MOST_ANSWERS = 16
# APP_MAX_DELAY of the 2005 draft is half a second; answers are sent twice.
_QUIET = 1.0

UNICAST = Kind(
    "wsd.unicast",
    WORDS,
    "For a host that answered a probe sent to it alone. ratio: bytes answered per byte asked.",
)


@dataclass(frozen=True, slots=True)
class WsdProbe:
    name: str = "wsd"
    openings: Sequence[Opening] = (Opening("wsd", "udp", (wsd.PORT,), _HELLO),)
    impact: Impact = Impact.GREET
    emits: Sequence[Kind] = (UNICAST,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        try:
            return wsd.parse(heard).said == "answer"
        except Malformed:
            return False

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "udp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """One probe, and its answers until the host falls silent."""
        async with net.udp(service) as datagrams:
            await datagrams.send(_QUESTION)
            await hear_out(datagrams, _MOST_ANSWERS, _QUIET)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """One observation for each exchange that began with our probe."""
        for exchange in exchanges(talk, self.recognises) if talk.client is None else ():
            yield exchange.observed(UNICAST.name)


PROBE = WsdProbe()
