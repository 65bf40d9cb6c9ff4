"""Devices of Xiaomi and its partners, by the hello that their app broadcasts."""

from __future__ import annotations

from collections.abc import Sequence

from iotscan.discovery.calling import Call, Caller
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import miio
from iotscan.protocols.makers.landevice import LanDevice


class MiioDiscoverer(Caller):
    name = "miio"
    port = miio.PORT
    hears = (("udp", miio.PORT),)
    leads = True

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        return ((miio.QUESTION, miio.PORT),)

    def device(self, data: bytes) -> LanDevice:
        return miio.read_hello(data)


DISCOVERER = MiioDiscoverer()
