"""Magic Home lights and others with the same Wi-Fi module, by the word that the module hears.

It is the only thing said to them: a second word would let them take commands.
"""

from __future__ import annotations

from collections.abc import Sequence

from iotscan.discovery.calling import Call, Caller
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import magichome
from iotscan.protocols.makers.landevice import LanDevice


class MagicHomeDiscoverer(Caller):
    name = "magichome"
    port = magichome.PORT
    hears = (("udp", magichome.PORT),)

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        return ((magichome.QUESTION, magichome.PORT),)

    def device(self, data: bytes) -> LanDevice:
        return magichome.read_answer(data)


DISCOVERER = MagicHomeDiscoverer()
