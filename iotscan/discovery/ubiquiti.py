"""Ubiquiti devices, by the question of their maker's own tools, and by what they announce."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from iotscan.discovery.calling import Call, Caller
from iotscan.model import Observation, Packet, Sighting
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import ubiquiti
from iotscan.protocols.makers.landevice import LanDevice


class UbiquitiDiscoverer(Caller):
    name = "ubiquiti"
    port = ubiquiti.PORT
    hears = (("udp", ubiquiti.PORT),)
    answers = (ubiquiti.PORT,)
    leads = True

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        """In both versions: some devices know one of them only."""
        return ((ubiquiti.ASK_V1, ubiquiti.PORT), (ubiquiti.ASK_V2, ubiquiti.PORT))

    def device(self, data: bytes) -> LanDevice:
        return ubiquiti.read(data)

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """As others, and the sender's addresses on its other inside networks: a gateway has one on
        each. Those outside are the provider's, and no place to look at.
        """
        for said in super().read(packet):
            if isinstance(said, Sighting):
                inside = [a for a in ubiquiti.parse(packet.data).addresses if a.is_private]
                claimed = dict.fromkeys((*said.addresses, *inside))
                yield replace(said, addresses=tuple(claimed))
            else:
                yield said


DISCOVERER = UbiquitiDiscoverer()
