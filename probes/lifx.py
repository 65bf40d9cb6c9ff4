"""LIFX: which product a lamp is, its firmware and the name that its owner gave it.

Three questions of the kind "Get", which change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, fits
from iotscan.protocols.makers import lifx
from iotscan.protocols.makers.landevice import LAN_DEVICE, described


class Lifx:
    name = "lifx"
    openings: Sequence[Opening] = (
        Opening("version", "udp", (lifx.PORT,), lifx.VERSION, announced=True),
    )
    impact = Impact.GREET
    emits = (LAN_DEVICE,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """A lamp's answer to one of the questions."""
        return fits(lifx.read, heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "udp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Ask for what the recognition has not told."""
        async with net.udp(service) as datagrams:
            for question in (lifx.FIRMWARE, lifx.LABEL):
                await datagrams.send(question)
                lifx.read(await datagrams.receive())

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from described(talk, lifx.read)


PROBE = Lifx()
