"""Switches, access points and phones by Cisco's discovery protocol, in captures and on the link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Address, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.link import cdp
from iotscan.text import clean

_MOST_ADDRESSES = 4


@dataclass(frozen=True, slots=True)
class CdpDiscoverer:
    name: str = "cdp"
    hears: Sequence[tuple[str, int]] = (("ether", cdp.ETHERTYPE),)
    emits: Sequence[Kind] = ()

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: CDP is only announced."""

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender: its name, the addresses it is managed at, and what it says it is."""
        try:
            said = cdp.parse(packet.data)
        except Malformed:
            return
        proof = Proof.of(packet)
        texts = {"platform": said.platform, "os": said.software}
        traits = {word: text for word, raw in texts.items() if (text := clean(raw))}
        if said.kind:
            traits["kind"] = said.kind
        name = clean(said.name or said.device, 128)
        own = [a for a in said.addresses if not (a.is_multicast or a.is_unspecified)]
        addresses = tuple(own[:_MOST_ADDRESSES])
        names = (name,) if name else ()
        yield Sighting(self.name, addresses, packet.mac, names, traits, proof=proof)


DISCOVERER = CdpDiscoverer()
