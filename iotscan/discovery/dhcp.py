"""Devices that ask for an IPv4 address: their names, how their DHCP stack shows, what they get.

Only listened to, in captures and on the link: whoever takes part gets or gives addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Address, Fact, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.common.identifiers import DEVICE_NAME, looks_personal
from iotscan.protocols.link import dhcp
from iotscan.text import clean

CLIENT = Kind(
    "dhcp.client",
    {"hostname": str, "vendor_class": str, "parameters": str},
    "For every message in which a client of DHCP that has an address says something of itself."
    " parameters: the options it asks for, in its order.",
)
_MOST_PARAMETERS = 64


@dataclass(frozen=True, slots=True)
class DhcpDiscoverer:
    """``vouches``: a server's word on which MAC has an address counts like that of ARP."""

    name: str = "dhcp"
    hears: Sequence[tuple[str, int]] = (("udp", 67), ("udp", 68))
    emits: Sequence[Kind] = (CLIENT, DEVICE_NAME)
    vouches: bool = True

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: whoever asks for an address takes one from somebody."""

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """A client and what it calls itself, or the address that a server gave it.

        Of a server nothing is said: its answer may have come through a relay, under another MAC.
        """
        try:
            message = dhcp.parse(packet.data)
        except Malformed:
            return
        proof = Proof.of(packet)
        if not message.mac:
            return
        if not message.from_server:
            yield from self._client(message, proof)
        given = message.assigned or message.client
        if message.from_server and message.kind == dhcp.ACK and given is not None:
            yield Sighting(self.name, (given,), message.mac, proof=proof)

    def _client(self, message: dhcp.Dhcp, proof: Proof) -> Iterator[Sighting | Observation]:
        names = tuple(
            name for raw in (message.host_name, message.full_name) if (name := clean(raw, 128))
        )
        facts: dict[str, Fact] = {"hostname": names[0]} if names else {}
        if vendor := clean(message.vendor_class):
            facts["vendor_class"] = vendor
        if message.parameters:
            facts["parameters"] = ",".join(map(str, message.parameters[:_MOST_PARAMETERS]))
        traits = {f"dhcp_{word}": str(fact) for word, fact in facts.items() if word != "hostname"}
        if url := clean(message.mud_url):
            traits["mud_url"] = url
        own = message.client
        addresses = () if own is None else (own,)
        unique = tuple(dict.fromkeys(names))
        yield Sighting(self.name, addresses, message.mac, unique, traits, proof=proof)
        if own is None:
            return
        if facts:
            yield Observation(CLIENT.name, facts, own, proofs=(proof,))
        for name in unique:
            told: dict[str, Fact] = {"via": self.name, "name": name}
            told["looks_personal"] = looks_personal(name)
            yield Observation(DEVICE_NAME.name, told, own, proofs=(proof,))


DISCOVERER = DhcpDiscoverer()
