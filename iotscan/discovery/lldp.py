"""Switches, access points and phones by LLDP, in captures and on the link. IEEE 802.1AB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Address, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.link import lldp
from iotscan.text import clean

_MOST_ADDRESSES = 4


@dataclass(frozen=True, slots=True)
class LldpDiscoverer:
    name: str = "lldp"
    hears: Sequence[tuple[str, int]] = (("ether", lldp.ETHERTYPE),)
    emits: Sequence[Kind] = ()

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: LLDP is only announced."""

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender: its chassis, the addresses it is managed at, and what it says it is."""
        try:
            said = lldp.parse(packet.data)
        except Malformed:
            return
        proof = Proof.of(packet)
        traits = {word: text for word, raw in said.inventory if (text := clean(raw.rstrip(b"\0")))}
        if described := clean(said.description):
            traits["os"] = described
        if said.kinds:
            traits["kind"] = said.kinds[0]
        name = clean(said.name, 128)
        own = [a for a in said.addresses if not (a.is_multicast or a.is_unspecified)]
        mac = said.chassis_mac or packet.mac
        names = (name,) if name else ()
        if url := clean(said.mud_url):
            traits["mud_url"] = url
        yield Sighting(self.name, tuple(own[:_MOST_ADDRESSES]), mac, names, traits, proof=proof)


DISCOVERER = LldpDiscoverer()
