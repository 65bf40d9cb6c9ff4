"""TP-Link Kasa: what a plug, switch or bulb says of itself to whoever asks.

The first generation is asked ``get_sysinfo`` over TCP after it answered the same by broadcast: port
9999 of a device that did not may belong to a printer, and is left alone. Later ones are asked once
more by discovery's own question. Nothing is ever switched or set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, either, fits, hear_whole
from iotscan.protocols.common.overheard import framed, observe, turned
from iotscan.protocols.makers import kasa
from iotscan.protocols.makers.landevice import LAN_DEVICE, described


class Kasa:
    name = "kasa"
    openings: Sequence[Opening] = (
        Opening("discovery", "udp", (kasa.LATER_PORT,), kasa.LATER_QUESTION, announced=True),
    )
    impact = Impact.GREET
    emits = (LAN_DEVICE,)
    begins = either("tcp", (b"\0", b"\0"))

    def recognises(self, heard: bytes) -> bool:
        """An answer to discovery that describes a device."""
        return fits(kasa.read_later, heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.write(kasa.STREAM_QUESTION)
            await hear_whole(stream, kasa.take)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """Every description, in our own talks and in other people's over TCP; what goes by UDP
        between others is read as announcements.
        """
        if talk.service.endpoint.transport == "udp":
            yield from described(talk, kasa.read_later)
            return
        for turn, sender, message in framed(enumerate(talk.turns), kasa.take, kasa.LONGEST):
            try:
                device = kasa.read_sysinfo(message)
            except Malformed:
                continue
            if sender == "server" or talk.client is not None:
                seen = talk if sender == "server" else turned(talk)
                yield observe(seen, LAN_DEVICE.name, device.facts(), [turn])
                return


PROBE = Kasa()
