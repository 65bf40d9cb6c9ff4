"""TP-Link Kasa and Tapo: both questions that the maker's app broadcasts, which only read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iotscan.discovery.calling import Call, Caller
from iotscan.model import Endpoint, Service
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import kasa
from iotscan.protocols.makers.landevice import LanDevice


class KasaDiscoverer(Caller):
    name = "kasa"
    port = kasa.PORT
    hears = (("udp", kasa.PORT), ("udp", kasa.LATER_PORT))

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        return ((kasa.QUESTION, kasa.PORT), (kasa.LATER_QUESTION, kasa.LATER_PORT))

    def device(self, data: bytes) -> LanDevice:
        """An answer of the first generation is obscured, one of the later ones has a header."""
        if data[:1] == b"\x02":
            return kasa.read_later(data)
        return kasa.read_sysinfo(kasa.plain(data))

    def lead(self, endpoint: Endpoint, device: LanDevice) -> Service:
        """The first generation takes its orders over TCP as well, at the same port."""
        first = device.protocol == kasa.FIRST
        return Service(replace(endpoint, transport="tcp") if first else endpoint, self.name)


DISCOVERER = KasaDiscoverer()
