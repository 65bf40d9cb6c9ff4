"""Ubiquiti devices, by the question of their maker's own tools, and by what they announce."""

from __future__ import annotations

from collections.abc import Sequence

from iotscan.discovery.calling import Call, Caller
from iotscan.probe_api import Attachment
from iotscan.protocols import ubiquiti
from iotscan.protocols.landevice import LanDevice


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


DISCOVERER = UbiquitiDiscoverer()
