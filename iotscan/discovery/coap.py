"""CoAP servers by a question to everybody: what resources have you? RFC 7252 sections 8 and 12.8.

The question is not confirmable, as one to a group must be, and is the one that a server answers to
anybody who greets it alone. Servers answer after a random time of up to five seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from iotscan.errors import Malformed
from iotscan.model import (
    Address,
    Endpoint,
    Impact,
    Kind,
    Observation,
    Packet,
    Proof,
    Service,
    Sighting,
)
from iotscan.probe_api import Airwaves
from iotscan.protocols.coap import codec
from iotscan.protocols.coap.codec import Type

PORT = 5683
# "All CoAP Nodes" of IPv4 and, on this link, of IPv6.
GROUPS = (IPv4Address("224.0.1.187"), IPv6Address("ff02::fd"))
# Nothing else asks with this token, so an answer with it is one to us.
TOKEN = b"iots"


@dataclass(frozen=True, slots=True)
class CoapDiscoverer:
    name: str = "coap"
    hears: Sequence[tuple[str, int]] = ()  # in captures these are conversations
    emits: Sequence[Kind] = ()

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Ask the groups twice, for datagrams get lost; single hosts are greeted by the probe."""
        for number in (1, 2) if air.impact >= Impact.GREET and air.interfaces else ():
            question = codec.get("/.well-known/core", number, TOKEN, kind=Type.NON)
            for group in GROUPS:
                await air.ask(self.name, codec.encode(question), port=PORT, group=group)
            await air.pause(air.patience / 3)

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """Whoever answers speaks CoAP, whatever the answer is."""
        source = packet.source
        try:
            answer = codec.decode(packet.data)
        except Malformed:
            return
        if source is None or source.is_multicast or not answer.is_response:
            return
        if answer.token != TOKEN:
            return
        proof = Proof.of(packet)
        lead = Service(Endpoint(source, "udp", PORT), "coap")
        yield Sighting(self.name, (source,), packet.mac, leads=(lead,), proof=proof)


DISCOVERER = CoapDiscoverer()
