"""The echo service (RFC 862): a phrase is said once, and that it comes back is all the proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening
from iotscan.protocols.simple_services import ECHO, PHRASE, SERVICE, read

PORT = 7


class Echo:
    name = ECHO
    openings: Sequence[Opening] = (
        Opening("echo", "tcp", (PORT,), PHRASE),
        Opening("echo-udp", "udp", (PORT,), PHRASE),
    )
    impact = Impact.GREET
    emits = (SERVICE,)

    def recognises(self, heard: bytes) -> bool:
        """Our own phrase and nothing else."""
        return heard == PHRASE

    def handles(self, service: Service) -> bool:
        """Nothing is left to learn once it is recognised."""
        return False

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        return

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read(talk, ECHO)


PROBE = Echo()
