"""LIFX lamps, by the question which services they have."""

from __future__ import annotations

from collections.abc import Sequence

from iotscan.discovery.calling import Call, Caller
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import lifx
from iotscan.protocols.makers.landevice import LanDevice


class LifxDiscoverer(Caller):
    name = "lifx"
    port = lifx.PORT
    hears = (("udp", lifx.PORT),)
    leads = True

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        return ((lifx.WHO, lifx.PORT),)

    def device(self, data: bytes) -> LanDevice:
        return lifx.read(data)


DISCOVERER = LifxDiscoverer()
