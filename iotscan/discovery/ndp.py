"""IPv6 hosts by what they say in neighbour discovery (NDP). RFC 4861."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.discovery.asking import zoned
from iotscan.errors import Malformed
from iotscan.model import Address, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.link import ndp


@dataclass(frozen=True, slots=True)
class NdpDiscoverer:
    """``vouches``: like ARP, it tells which MAC has an address, and is believed as far."""

    name: str = "ndp"
    hears: Sequence[tuple[str, int]] = (("ip", ndp.ICMPV6),)
    emits: Sequence[Kind] = ()
    vouches: bool = True

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: the kernel does, and its neighbour table tells the answers."""

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender of a solicitation, the target of an advertisement. The target of a question
        without a sender is not taken by anybody yet (RFC 4862 section 5.4).
        """
        try:
            said = ndp.parse(packet.data)
        except Malformed:
            return
        proof = Proof.of(packet)
        about: Address | None = packet.source
        mac = said.mac or packet.mac
        if said.kind == ndp.NEIGHBOUR_ADVERTISEMENT:
            about = said.target
        if about is None or about.version != 6 or about.is_multicast or mac is None:
            return
        traits = {"kind": "router"} if said.router else {}
        yield Sighting(self.name, (zoned(about, packet),), mac, traits=traits, proof=proof)


DISCOVERER = NdpDiscoverer()
