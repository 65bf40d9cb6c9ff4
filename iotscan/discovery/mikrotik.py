"""MikroTik's routers and access points by what they tell everybody; nothing is asked of them."""

from __future__ import annotations

from collections.abc import Sequence

from iotscan.discovery.calling import Call, Caller
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import mikrotik
from iotscan.protocols.makers.landevice import LanDevice


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


DISCOVERER = MikrotikDiscoverer()
