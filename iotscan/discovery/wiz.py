"""WiZ lamps and plugs, by the question how they shine."""

from __future__ import annotations

from collections.abc import Sequence

from iotscan.discovery.calling import Call, Caller
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import wiz
from iotscan.protocols.makers.landevice import LanDevice


class WizDiscoverer(Caller):
    name = "wiz"
    port = wiz.PORT
    hears = (("udp", wiz.PORT),)
    leads = True

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        return ((wiz.question(wiz.PILOT), wiz.PORT),)

    def device(self, data: bytes) -> LanDevice:
        return wiz.read(data)


DISCOVERER = WizDiscoverer()
