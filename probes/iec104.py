"""IEC 60870-5-104: does a controlled station answer anybody?

A test frame is sent, which every station must confirm at any time, and nothing else: data transfer
is never started, because a second master can take the line from the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Transcript
from iotscan.probe_api import Greeted, Opening, either
from iotscan.protocols.common.overheard import GUESSED, clear_turns, observe
from iotscan.protocols.industrial import iec104
from iotscan.protocols.industrial.framing import (
    Said,
    at_port,
    clear,
    facing,
    other,
    spoken,
    whole,
)
from iotscan.protocols.industrial.iec104 import Frame, decode

PORTS = (iec104.PORT, iec104.SECURE_PORT)
SIDES: tuple[Sender, Sender] = ("client", "server")
# Information frames after which a conversation without a confirmed start is believed.
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
    begins = either("tcp", iec104.BEGINS)

    def recognises(self, heard: bytes) -> bool:
        """Whole frames, our test confirmed among them."""
        frames, size = [], 0
        try:
            while first := decode(heard[size:]):
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
        for said in spoken(talk, decode):
            if said.sender == "server" and said.message.control == iec104.TEST_CON:
                facts: dict[str, Fact] = {"answered": True, "cleartext": clear(talk)}
                yield observe(talk, "iec104.station", facts, [said.turn])
                return


def _overheard(talk: Transcript) -> Iterator[Observation]:
    talk, frames = facing(talk, spoken(talk, decode), _speaker)
    told = [said for said in frames if said.sender == "server"]
    if not told or not (talk.service.endpoint.port in PORTS or _agree(talk, frames)):
        return
    types = sorted({said.message.type for said in frames} - {0})
    facts: dict[str, Fact] = {
        "answered": True,
        "types": tuple(map(str, types)),
        "commands": not iec104.COMMANDS.isdisjoint(types),
    }
    yield observe(talk, "iec104.overheard", facts, [frames[0].turn, told[0].turn])


def _agree(talk: Transcript, frames: Sequence[Said[Frame]]) -> bool:
    """Whether a conversation at a port that tells nothing is of this protocol alone: all of it are
    frames, one side confirms what the other one does, or information is counted and as long as its
    type makes it; and it is known who is the station.
    """
    if len({said.sender for said in frames}) < len(SIDES) or not whole(clear_turns(talk), decode):
        return False
    if GUESSED in talk.note and not any(_speaker(said.message) for said in frames):
        return False
    numbered = [_numbers(frames, side) for side in SIDES]
    rows = all(iec104.follows(after, last) for row in numbered for last, after in pairwise(row))
    if not rows or any(said.message.fits is False for said in frames):
        return False
    return _confirmed(frames) or sum(map(len, numbered)) >= ENOUGH


def _numbers(frames: Sequence[Said[Frame]], side: Sender) -> list[int]:
    numbers = (said.message.number for said in frames if said.sender == side)
    return [number for number in numbers if number is not None]


def _confirmed(frames: Sequence[Said[Frame]]) -> bool:
    due = {(iec104.CONFIRMS.get(said.message.control), other(said.sender)) for said in frames}
    return any((said.message.control, said.sender) in due for said in frames)


def _speaker(frame: Frame) -> Sender | None:
    asks = iec104.asks(frame)
    return None if asks is None else "client" if asks else "server"


PROBE = Iec104()
