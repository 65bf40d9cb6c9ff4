"""Hosts that this machine's kernel has talked to of late, over IPv4 and IPv6."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from iotscan.errors import Malformed
from iotscan.model import Address, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.link.arp import mac_bytes, mac_text


@dataclass(frozen=True, slots=True)
class NeighbourDiscoverer:
    name: str = "neighbours"
    hears: Sequence[tuple[str, int]] = ()
    emits: Sequence[Kind] = ()

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Look at the table now, and when the answers to the others' questions have filled it."""
        air.neighbours()
        await air.pause(air.patience)
        air.neighbours()

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """One entry, as "address MAC"."""
        address, _, mac = packet.data.decode("ascii", "replace").partition(" ")
        try:
            known, registered = ip_address(address), mac_text(mac_bytes(mac))
        except (ValueError, Malformed):
            return
        yield Sighting(self.name, (known,), registered, proof=Proof(packet.id))


DISCOVERER = NeighbourDiscoverer()
