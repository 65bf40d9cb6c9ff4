"""MikroTik's routers and access points by what they tell everybody; nothing is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from iotscan.discovery.calling import Call, Caller
from iotscan.model import Observation, Packet, Sighting
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import mikrotik
from iotscan.protocols.makers.landevice import LanDevice
from iotscan.text import clean


class MikrotikDiscoverer(Caller):
    name = "mikrotik"
    port = mikrotik.PORT
    hears = (("udp", mikrotik.PORT),)
    answers = (mikrotik.PORT,)

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        """None: they announce themselves every minute, and when they come up."""
        return ()

    def device(self, data: bytes) -> LanDevice:
        return mikrotik.read(data)

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """As others, with the number of its licence, which no other unit has."""
        for said in super().read(packet):
            if isinstance(said, Sighting):
                licence = self.device(packet.data).numbers[1:]
                told = {"serial": clean(licence[0], 64)} if licence else {}
                said = replace(said, traits={**said.traits, **told})
            yield said


DISCOVERER = MikrotikDiscoverer()
