"""Yeelight: does a lamp answer whoever asks? One question for two of its properties, nothing else.

A lamp serves four connections and sixty questions a minute; one of each is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, fits, hear_whole
from iotscan.protocols.common.overheard import framed, observe
from iotscan.protocols.makers import yeelight
from iotscan.protocols.makers.landevice import LAN_DEVICE, LanDevice

_OPENING = Opening("get_prop", "tcp", (yeelight.CONTROL_PORT,), yeelight.QUESTION)


class Yeelight:
    name = "yeelight"
    openings: Sequence[Opening] = (_OPENING,)
    impact = Impact.GREET
    emits = (LAN_DEVICE,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """The answer to our question, behind what the lamp may have told unasked."""
        return fits(_told, heard)

    def handles(self, service: Service) -> bool:
        """Only what announced itself elsewhere: the answer to the opening has told all."""
        return service.name == self.name and service.hint != _OPENING.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.write(yeelight.QUESTION)
            await hear_whole(stream, _told, most=yeelight.LONGEST)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """Our own question and its answer; what other people ask of a lamp differs from it."""
        if talk.service.endpoint.transport != "tcp" or talk.client is not None:
            return
        for channel in sorted({turn.channel for turn in talk.turns}):
            turns = talk.turns_of(channel)
            for index, sender, said in framed(turns, yeelight.take, yeelight.LONGEST):
                try:
                    device = yeelight.read_answer(said)
                except Malformed:
                    continue
                if sender == "server":
                    yield observe(talk, LAN_DEVICE.name, device.facts(), [index])
                    return


def _told(heard: bytes) -> LanDevice | None:
    """The answer, which notices may come before. Raises Malformed for what no lamp says."""
    while (found := yeelight.take(heard) if heard else None) is not None:
        said, end = found
        if not yeelight.notifies(said):
            return yeelight.read_answer(said)
        heard = heard[end:]
    return None


PROBE = Yeelight()
