"""The echo service (RFC 862): a phrase is said once, and that it comes back is all the proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols.simple_services import ECHO, PHRASE, SERVICE, read

PORT = 7


class Echo(Greeted):
    name = ECHO
    openings: Sequence[Opening] = (
        Opening("echo", "tcp", (PORT,), PHRASE),
        Opening("echo-udp", "udp", (PORT,), PHRASE),
    )
    impact = Impact.GREET
    emits = (SERVICE,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """Our own phrase and nothing else."""
        return heard == PHRASE

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read(talk, ECHO)


PROBE = Echo()
