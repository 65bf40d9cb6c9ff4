"""ESPHome's native API: does a device talk in clear, and to anybody?

A hello and the question what the device is, which its firmware answers before any login, so none is
tried. A device that wants Noise refuses the hello, and is asked no more. Entities are not listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, either, hear_whole
from iotscan.protocols.esphome import codec as esphome
from iotscan.protocols.esphome.reading import DEVICE, OVERHEARD, read_transcript

HELLO = esphome.greeting("iotscan")
# A hello, a description and perhaps a log line: no device says more before it is asked.
_MOST_BYTES = 16_384


class EspHome:
    name = "esphome"
    openings: Sequence[Opening] = (Opening("hello", "tcp", (esphome.PORT,), HELLO),)
    impact = Impact.GREET
    emits = (DEVICE, OVERHEARD)
    begins = either("tcp", b"\0\x01")

    def recognises(self, heard: bytes) -> bool:
        """An answer to a hello, in clear or by refusing that."""
        try:
            found = esphome.take(heard)
            if found is None:
                return False
            return esphome.refuses_clear(found[0]) or bool(esphome.parse_hello(found[0]))
        except Malformed:
            return False

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.write(HELLO + esphome.ask(esphome.DEVICE))
            told = await hear_whole(stream, _told, most=_MOST_BYTES)
            if not told.noise:
                await stream.write(esphome.ask(esphome.FAREWELL))

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_transcript(talk)


def _told(heard: bytes) -> esphome.Frame | None:
    """The frame that says what it is, or that it will not in clear. Raises Malformed."""
    while found := esphome.take(heard):
        frame, end = found
        if frame.noise or frame.type == esphome.DEVICE_ANSWER:
            return frame
        heard = heard[end:]
    return None


PROBE = EspHome()
