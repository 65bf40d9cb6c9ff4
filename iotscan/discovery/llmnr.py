"""Hosts that answer for their name by LLMNR, in captures. RFC 4795."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Address, Fact, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.dns import codec as dns
from iotscan.protocols.identifiers import DEVICE_NAME, looks_personal
from iotscan.text import clean

_PORT = 5355


@dataclass(frozen=True, slots=True)
class LlmnrDiscoverer:
    name: str = "llmnr"
    hears: Sequence[tuple[str, int]] = (("udp", _PORT),)
    emits: Sequence[Kind] = (DEVICE_NAME,)

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: it takes a name to ask for."""

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender of an answer that gives its own address for the name."""
        source = packet.source
        try:
            said = dns.parse(packet.data)
        except Malformed:
            return
        if source is None or not said.response:
            return
        names = {
            name
            for record in said.records
            if isinstance(record, dns.HostAddress) and record.address == source
            if (name := clean(record.name.removesuffix("."), 128))
        }
        if len(names) != 1:
            return
        (name,) = names
        proof = Proof(packet.id, frames=() if packet.frame is None else (packet.frame,))
        yield Sighting(self.name, (source,), packet.mac, (name,), proof=proof)
        told: dict[str, Fact] = {"via": self.name, "name": name}
        told["looks_personal"] = looks_personal(name)
        yield Observation(DEVICE_NAME.name, told, source, proofs=(proof,))


DISCOVERER = LlmnrDiscoverer()
