"""IPv6 hosts by multicast echo: all nodes of a link are asked, and say that they are there.

A host may leave such a question unanswered (RFC 4443 section 4.2 only recommends an answer, and
Windows gives none): then its announcements and the neighbour table must tell of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Address, Impact, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.link import icmpv6

# Twice, for what is lost on Wi-Fi: at the beginning, and when half of the time is over.
_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class EchoDiscoverer:
    name: str = "echo"
    hears: Sequence[tuple[str, int]] = ()
    emits: Sequence[Kind] = ()

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Ask all nodes on each interface, from each of this machine's addresses in scope."""
        if air.impact < Impact.GREET:
            return
        for _ in range(_ROUNDS):
            for interface in air.interfaces:
                await air.echo(interface.name)
            await air.pause(air.patience / _ROUNDS)

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender of a reply."""
        source = packet.source
        try:
            icmpv6.echo_reply(packet.data)
        except Malformed:
            return
        if source is not None and source.version == 6 and not source.is_multicast:
            yield Sighting(self.name, (source,), packet.mac, proof=Proof(packet.id))


DISCOVERER = EchoDiscoverer()
