"""Yeelight lamps whose owner turned LAN control on: their announcements, and a search for them."""

from __future__ import annotations

from collections.abc import Sequence

from iotscan.discovery.calling import Call, Caller
from iotscan.model import Endpoint, Service
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import yeelight
from iotscan.protocols.makers.landevice import LanDevice


class YeelightDiscoverer(Caller):
    name = "yeelight"
    port = yeelight.PORT
    hears = (("udp", yeelight.PORT),)
    group = yeelight.GROUP
    transport = "tcp"

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        return ((yeelight.SEARCH, yeelight.PORT),)

    def device(self, data: bytes) -> LanDevice:
        return yeelight.read_announcement(data)

    def lead(self, endpoint: Endpoint, device: LanDevice) -> Service | None:
        """None at the usual port, which every sweep looks at: one question is enough."""
        usual = endpoint.port == yeelight.CONTROL_PORT
        return None if usual else Service(endpoint, self.name)


DISCOVERER = YeelightDiscoverer()
