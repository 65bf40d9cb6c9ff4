"""The character generator (RFC 864): heard for a moment, or one datagram; that is all the proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols.simple_services import CHARGEN, SERVICE, is_ring, read

PORT = 19


class Chargen(Greeted):
    name = CHARGEN
    openings: Sequence[Opening] = (
        Opening("chargen", "tcp", (PORT,)),
        # Any datagram will do, and its content is thrown away.
        Opening("chargen-udp", "udp", (PORT,), b"\r\n"),
    )
    impact = Impact.GREET
    emits = (SERVICE,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return is_ring(heard)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read(talk, CHARGEN)


PROBE = Chargen()
