"""Devices that ask for IPv6 addresses or settings, when they ask everybody. RFC 8415."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Address, Fact, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.common.identifiers import DEVICE_NAME, looks_personal
from iotscan.protocols.link import dhcpv6
from iotscan.text import clean

_MOST_OPTIONS = 64
_MOST_ADDRESSES = 8


@dataclass(frozen=True, slots=True)
class Dhcpv6Discoverer:
    """``vouches``: see DHCP for IPv4; here the MAC is that of the client's identifier."""

    name: str = "dhcpv6"
    hears: Sequence[tuple[str, int]] = (("udp", 546), ("udp", 547))
    emits: Sequence[Kind] = (DEVICE_NAME,)
    vouches: bool = True

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: whoever asks for an address takes one from somebody."""

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """A client by its link-local address, with those that it renews, or what it was given.

        A client's identifier may hold the MAC of another of its interfaces, or one that it had
        years ago; a frame's own MAC is the better word, and a reply says nothing of such a client.
        """
        source = packet.source
        try:
            said = dhcpv6.parse(packet.data)
        except Malformed:
            return
        proof = Proof.of(packet)
        if said.from_server:
            if said.mac and said.permanent and said.assigned:
                given: tuple[Address, ...] = said.assigned[:_MOST_ADDRESSES]
                yield Sighting(self.name, given, said.mac, proof=proof)
            return
        if source is None or not source.is_link_local:
            return
        name = clean(said.full_name, 128)
        traits = {}
        if vendor := clean(said.vendor_class):
            traits["dhcp_vendor_class"] = vendor
        if said.asked:
            traits["dhcpv6_options"] = ",".join(map(str, said.asked[:_MOST_OPTIONS]))
        if url := clean(said.mud_url):
            traits["mud_url"] = url
        names = (name,) if name else ()
        own: tuple[Address, ...] = (source, *said.assigned[:_MOST_ADDRESSES])
        yield Sighting(self.name, own, packet.mac, names, traits, proof=proof)
        if name:
            told: dict[str, Fact] = {"via": self.name, "name": name}
            told["looks_personal"] = looks_personal(name)
            yield Observation(DEVICE_NAME.name, told, source, proofs=(proof,))


DISCOVERER = Dhcpv6Discoverer()
