"""Building controllers by BACnet over Ethernet, in captures. ASHRAE 135-2020 clause 7.

BACnet/IP is the probe's; these frames have no address but the MAC, and nothing that iotscan may
send would be answered by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Address, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.industrial import bacnet

# The service access point of IEEE 802.2 that is BACnet's own.
_SAP = 0x82


@dataclass(frozen=True, slots=True)
class BacnetDiscoverer:
    name: str = "bacnet"
    hears: Sequence[tuple[str, int]] = (("ether", _SAP),)
    emits: Sequence[Kind] = ()

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: no datagram reaches these devices."""

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The station that announced a device (I-Am, I-Have) or answered a request.

        What it passed on from another network is another's announcement.
        """
        if packet.mac is None:
            return
        try:
            said = bacnet.application(packet.data)
            if said.kind not in bacnet.ANSWERS:
                bacnet.announced(said)
        except Malformed:
            return
        if not said.routed:
            proof = Proof.of(packet)
            traits = {"kind": "building controller"}
            yield Sighting(self.name, (), packet.mac, traits=traits, proof=proof)


DISCOVERER = BacnetDiscoverer()
