"""DNP3 (IEEE 1815): does an outstation answer a station that it does not know?

One write with a few link status requests, which the link layer answers by itself: no application
request is ever sent, so nothing is read, operated or reset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Transcript
from iotscan.probe_api import Greeted, Opening, either
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.industrial import dnp3
from iotscan.protocols.industrial.dnp3 import Link
from iotscan.protocols.industrial.framing import Said, clear, facing, spoken

# A frame names a station, and only that one answers: the address that stands for "whoever hears
# this", and those that outstations and protocol stacks have when nobody changed them.
STATIONS = (dnp3.SELF_ADDRESS, 1, 2, 3, 4, 10, 1024)
MASTER = 100
ASK = b"".join(dnp3.request_status(station, MASTER) for station in STATIONS)
_SYNC = tuple(bytes([byte]) for byte in dnp3.START)
KINDS = (
    Kind(
        "dnp3.outstation",
        {"answered": bool, "cleartext": bool, "station": int},
        "An outstation told the state of its link to us. station: its DNP3 address.",
    ),
    Kind(
        "dnp3.overheard",
        {
            "peer": str,
            "answered": bool,
            "functions": tuple,
            "secure_authentication": bool,
            "station": int,
        },
        "Application messages of somebody else's DNP3. secure_authentication: messages of IEEE "
        "1815 clause 7 were among them.",
    ),
)


class Dnp3(Greeted):
    name = "dnp3"
    impact = Impact.GREET
    openings = (
        Opening("link status", "tcp", (dnp3.PORT, dnp3.SECURE_PORT), ASK, tls=(dnp3.SECURE_PORT,)),
    )
    emits = KINDS
    begins = (*either("tcp", _SYNC), *either("udp", _SYNC))

    def recognises(self, heard: bytes) -> bool:
        """A whole link frame, check sum and all, from an outstation."""
        try:
            first = dnp3.decode(heard)
        except Malformed:
            return False
        return first is not None and not first[0].from_master

    def read(self, talk: Transcript) -> Iterator[Observation]:
        frames = spoken(talk, dnp3.decode)
        if talk.client is not None:
            yield from _overheard(talk, frames)
            return
        told = [f for f in frames if f.sender == "server" and not f.message.from_master]
        if told:
            facts: dict[str, Fact] = {
                "answered": True,
                "cleartext": clear(talk),
                "station": told[0].message.source,
            }
            yield observe(talk, "dnp3.outstation", facts, [told[0].turn])


def _overheard(talk: Transcript, frames: Sequence[Said[Link]]) -> Iterator[Observation]:
    talk, frames = facing(talk, frames, _speaker)
    spoke = [(f, dnp3.application_function(f.message)) for f in frames]
    said = [(f, function) for f, function in spoke if function is not None]
    if not said:
        return
    functions = {function for _, function in said}
    outstation = [f.message.source for f in frames if f.sender == "server"]
    facts: dict[str, Fact] = {
        "answered": not functions.isdisjoint(dnp3.RESPONSES),
        "functions": tuple(dnp3.FUNCTIONS[function] for function in sorted(functions)),
        "secure_authentication": not functions.isdisjoint(dnp3.AUTHENTICATION),
        "station": outstation[0] if outstation else said[0][0].message.destination,
    }
    yield observe(talk, "dnp3.overheard", facts, [said[0][0].turn])


def _speaker(link: Link) -> Sender:
    return "client" if link.from_master else "server"


PROBE = Dnp3()
