"""WiZ: the module and firmware of a lamp or plug, by one request that only reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening, fits
from iotscan.protocols.makers import wiz
from iotscan.protocols.makers.landevice import LAN_DEVICE, described


class Wiz(Greeted):
    name = "wiz"
    openings: Sequence[Opening] = (
        Opening(wiz.CONFIG, "udp", (wiz.PORT,), wiz.question(wiz.CONFIG), announced=True),
    )
    impact = Impact.GREET
    emits = (LAN_DEVICE,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """An answer with the sender's number in it."""
        return fits(wiz.read, heard)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from described(talk, wiz.read)


PROBE = Wiz()
