"""SSDP asked by unicast: does a host answer, and how much larger is the answer than the question.

Searches sent to one host are part of the standard (UPnP Device Architecture 2.0 §1.3.2). They make
the host a reflector where senders can be forged, so the ratio is measured: bytes of UDP payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, hear_out
from iotscan.protocols.common.amplification import WORDS, exchanges
from iotscan.protocols.http.codec import host_field
from iotscan.protocols.upnp import ssdp

# Everything the device has to say arrives within MX; a server with more than this is a flood.
_MOST_ANSWERS = 64
_MX = 1
_QUIET = 1.3

UNICAST = Kind(
    "ssdp.unicast",
    WORDS,
    "For a host that answered a search sent to it alone. ratio: bytes answered per byte asked.",
)


@dataclass(frozen=True, slots=True)
class SsdpProbe:
    name: str = "ssdp"
    openings: Sequence[Opening] = (
        Opening(
            "ssdp",
            "udp",
            (ssdp.PORT,),
            ssdp.search("upnp:rootdevice", host_field(ssdp.GROUP, ssdp.PORT), _MX),
        ),
    )
    impact: Impact = Impact.GREET
    emits: Sequence[Kind] = (UNICAST,)
    begins = (Beginning("udp", client=b"M"),)

    def recognises(self, heard: bytes) -> bool:
        try:
            return ssdp.parse(heard).said == "answer"
        except Malformed:
            return False

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "udp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """One search for everything, and its answers until the host falls silent."""
        host = host_field(service.endpoint.address, service.endpoint.port)
        async with net.udp(service) as datagrams:
            await datagrams.send(ssdp.search(ssdp.ALL, host, _MX))
            await hear_out(datagrams, _MOST_ANSWERS, _QUIET)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """One observation for each exchange that began with a search."""
        for exchange in exchanges(talk, self.recognises):
            if any(data.startswith(b"M-SEARCH ") for data in exchange.asked):
                yield exchange.observed(UNICAST.name)


PROBE = SsdpProbe()
