"""IEC 60870-5-104: does a controlled station answer anybody?

A test frame is sent, which every station must confirm at any time, and nothing else: data transfer
is never started, because a second master can take the line from the first.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Transcript
from iotscan.probe_api import Greeted, Opening, either
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.industrial import iec104
from iotscan.protocols.industrial.framing import at_port, clear, facing, spoken
from iotscan.protocols.industrial.iec104 import Frame

PORTS = (iec104.PORT, iec104.SECURE_PORT)
# Frames in both directions after which a conversation without a confirmed start is believed.
ENOUGH = 2
KINDS = (
    Kind(
        "iec104.station",
        {"answered": bool, "cleartext": bool},
        "A station confirmed our test frame.",
    ),
    Kind(
        "iec104.overheard",
        {"peer": str, "answered": bool, "types": tuple, "commands": bool},
        "Somebody else's IEC 104. types: type identifications; commands: the station was told to "
        "do something.",
    ),
)


class Iec104(Greeted):
    name = "iec104"
    impact = Impact.GREET
    openings = (Opening("test frame", "tcp", PORTS, iec104.TEST, tls=(iec104.SECURE_PORT,)),)
    emits = KINDS
    begins = either("tcp", b"\x68")

    def recognises(self, heard: bytes) -> bool:
        """Whole frames, our test confirmed among them."""
        frames, size = [], 0
        try:
            while first := iec104.decode(heard[size:]):
                frames.append(first[0])
                size += first[1]
        except Malformed:
            return False
        return any(frame.control == iec104.TEST_CON for frame in frames)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.service.endpoint.transport != "tcp":
            return
        if talk.client is not None:
            yield from _overheard(at_port(talk, PORTS))
            return
        for said in spoken(talk, iec104.decode):
            if said.sender == "server" and said.message.control == iec104.TEST_CON:
                facts: dict[str, Fact] = {"answered": True, "cleartext": clear(talk)}
                yield observe(talk, "iec104.station", facts, [said.turn])
                return


def _overheard(talk: Transcript) -> Iterator[Observation]:
    talk, frames = facing(talk, spoken(talk, iec104.decode), _speaker)
    told = [said for said in frames if said.sender == "server"]
    asked = [said for said in frames if said.sender == "client"]
    expected = talk.service.endpoint.port in PORTS
    if not told or not (expected or (asked and len(frames) > ENOUGH)):
        return
    types = sorted({said.message.type for said in frames} - {0})
    facts: dict[str, Fact] = {
        "answered": True,
        "types": tuple(map(str, types)),
        "commands": not iec104.COMMANDS.isdisjoint(types),
    }
    yield observe(talk, "iec104.overheard", facts, [frames[0].turn, told[0].turn])


def _speaker(frame: Frame) -> Sender | None:
    asks = iec104.asks(frame)
    return None if asks is None else "client" if asks else "server"


PROBE = Iec104()
