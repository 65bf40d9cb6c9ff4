"""Tuya's local control: one look at port 6668, whether something alive answers in its protocol.

A heartbeat is sent, on one connection, because devices have few and their owner's app needs them.
What a device would do takes its key, which is never asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening, either, fits
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.makers import tuya
from iotscan.protocols.makers.landevice import LAN_DEVICE, LanDevice


class Tuya(Greeted):
    name = "tuya"
    openings: Sequence[Opening] = (
        Opening("heartbeat", "tcp", (tuya.CONTROL_PORT,), tuya.heartbeat()),
    )
    impact = Impact.GREET
    emits = (LAN_DEVICE,)
    begins = either("tcp", b"\0")

    def recognises(self, heard: bytes) -> bool:
        """A whole message of either form."""
        return fits(tuya.take, heard)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """That a device speaks the protocol, by the first message of it that it sends."""
        if talk.service.endpoint.transport != "tcp":
            return
        for index, turn in enumerate(talk.turns):
            if turn.sender == "server":
                if self.recognises(turn.data):
                    facts = LanDevice(tuya.NAME).facts()
                    yield observe(talk, LAN_DEVICE.name, facts, [index])
                return


PROBE = Tuya()
