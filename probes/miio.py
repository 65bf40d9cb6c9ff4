"""miIO: whether a device of Xiaomi or a partner shows its key to whoever says hello.

The hello is the one datagram that is ever sent; the key itself goes into no fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening, fits
from iotscan.protocols.makers import miio
from iotscan.protocols.makers.landevice import LAN_DEVICE, described


class Miio(Greeted):
    name = "miio"
    openings: Sequence[Opening] = (
        Opening("hello", "udp", (miio.PORT,), miio.QUESTION, announced=True),
    )
    impact = Impact.GREET
    emits = (LAN_DEVICE,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """The answer of a device to a hello."""
        return fits(miio.read_hello, heard)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from described(talk, miio.read_hello)


PROBE = Miio()
