"""Govee lights whose owner turned LAN control on, by the scan of their group.

Their answers tell all that a scan needs, so no light is asked anything by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from iotscan.discovery.calling import Call, Caller
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import govee
from iotscan.protocols.makers.landevice import LanDevice


class GoveeDiscoverer(Caller):
    name = "govee"
    port = govee.PORT
    hears = (("udp", govee.ANSWER_PORT), ("udp", govee.PORT))
    group = govee.GROUP
    answers = (govee.ANSWER_PORT,)

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        return ((govee.SCAN, govee.PORT),)

    def device(self, data: bytes) -> LanDevice:
        return govee.read_scan(data)


DISCOVERER = GoveeDiscoverer()
