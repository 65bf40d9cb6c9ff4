"""The character generator (RFC 864): heard for a moment, or one datagram; that is all the proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening
from iotscan.protocols.simple_services import CHARGEN, SERVICE, is_ring, read

PORT = 19


class Chargen:
    name = CHARGEN
    openings: Sequence[Opening] = (
        Opening("chargen", "tcp", (PORT,)),
        # Any datagram will do, and its content is thrown away.
        Opening("chargen-udp", "udp", (PORT,), b"\r\n"),
    )
    impact = Impact.GREET
    emits = (SERVICE,)

    def recognises(self, heard: bytes) -> bool:
        return is_ring(heard)

    def handles(self, service: Service) -> bool:
        """Nothing is left to learn once it is recognised."""
        return False

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        return

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read(talk, CHARGEN)


PROBE = Chargen()
