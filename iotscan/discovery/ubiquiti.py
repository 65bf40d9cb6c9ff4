"""Ubiquiti devices by what they announce of themselves, in captures.

Live, each host is asked by the probe of the same name. The group that they announce to is no local
one, and broadcasts are not sent, so discovery adds nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Address, Fact, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols import ubiquiti
from iotscan.protocols.identifiers import DISCOVERY_IDENTIFIERS

ANNOUNCEMENT = Kind(
    "ubiquiti.announcement",
    ubiquiti.WORDS,
    "A device announced itself, or answered somebody else. unadopted: it has the settings of the"
    " factory.",
)
_TRAITS: tuple[str, ...] = ("vendor", "model", "firmware")


@dataclass(frozen=True, slots=True)
class UbiquitiDiscoverer:
    name: str = "ubiquiti"
    hears: Sequence[tuple[str, int]] = (("udp", ubiquiti.PORT),)
    emits: Sequence[Kind] = (ANNOUNCEMENT, DISCOVERY_IDENTIFIERS)

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: see above."""

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender and what it says it is; questions say nothing.

        Its other addresses are not believed: a gateway names those of its other networks.
        """
        source = packet.source
        try:
            said = ubiquiti.parse(packet.data)
        except Malformed:
            return
        if source is None or source.is_multicast:
            return
        facts = ubiquiti.facts_of(said)
        traits = {word: str(facts[word]) for word in _TRAITS if word in facts}
        names = (str(facts["name"]),) if "name" in facts else ()
        proof = Proof(packet.id, frames=() if packet.frame is None else (packet.frame,))
        yield Sighting(self.name, (source,), packet.mac, names, traits, proof=proof)
        yield Observation(ANNOUNCEMENT.name, facts, source, proofs=(proof,))
        given: dict[str, Fact] = {
            "via": "Ubiquiti's discovery",
            "serial": False,
            "mac": True,
            "uuid": False,
        }
        yield Observation(DISCOVERY_IDENTIFIERS.name, given, source, proofs=(proof,))


DISCOVERER = UbiquitiDiscoverer()
