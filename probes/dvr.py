"""Recorders' own protocols (Xiongmai on 34567, Dahua on 37777): are they there?

One hello each, put before any login. These protocols have a long record of flaws; none is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, fits, hear_whole
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.makers import dvr

SERVICE = Kind(
    "dvr.service",
    {"product": str, "answered": bool, "encrypted": bool},
    "A recorder answered the first words of its maker's own protocol. product: whose.",
)
_HELLOS = {"xiongmai": dvr.xiongmai_hello(), "dahua": dvr.dahua_hello()}


class Dvr:
    name = "dvr"
    openings: Sequence[Opening] = (
        Opening("xiongmai", "tcp", (dvr.XIONGMAI_PORT, 34568), _HELLOS["xiongmai"]),
        Opening("dahua", "tcp", (dvr.DAHUA_PORT, 37778), _HELLOS["dahua"]),
    )
    impact = Impact.GREET
    emits: Sequence[Kind] = (SERVICE,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return fits(dvr.parse, heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Say the hello that made it answer, and hear the answer out."""
        async with net.tcp(service) as stream:
            await stream.write(_HELLOS.get(service.hint, _HELLOS["xiongmai"]))
            await hear_whole(stream, dvr.parse)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        for number in sorted({turn.channel for turn in talk.turns}):
            turns = [(i, turn) for i, turn in talk.turns_of(number) if turn.sender == "server"]
            try:
                found = dvr.parse(b"".join(turn.data for _, turn in turns))
            except Malformed:
                continue
            if found is not None:
                channel = talk.channels[number] if number < len(talk.channels) else None
                encrypted = channel is not None and channel.tls is not None
                facts: dict[str, Fact] = {"product": found.product, "answered": True}
                facts["encrypted"] = encrypted
                yield observe(talk, SERVICE.name, facts, [i for i, _ in turns])


PROBE = Dvr()
