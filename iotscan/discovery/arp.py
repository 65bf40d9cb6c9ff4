"""Hosts of the attached IPv4 networks by ARP: raw frames, else the kernel is made to ask.

A host that wants to talk IPv4 at all must answer ARP, so this finds what announces nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from iotscan.errors import Malformed
from iotscan.model import Address, Impact, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.link import arp

# The kernel asks three times, a second apart (arp(7), mcast_solicit and retrans_time); most hosts
# answer the first, and those that do not are asked again by the sweep of their ports.
_KERNEL_ASKS = 1.0


@dataclass(frozen=True, slots=True)
class ArpDiscoverer:
    """``vouches``: this is what tells which MAC has an address."""

    name: str = "arp"
    hears: Sequence[tuple[str, int]] = (("ether", 0x0806),)
    emits: Sequence[Kind] = ()
    vouches: bool = True

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Ask for every target; nothing where only listening is allowed."""
        if air.impact < Impact.GREET:
            await air.pause(air.patience)
            return
        unasked: list[Address] = [address for address in targets if address.version == 6]
        ipv4 = [address for address in targets if isinstance(address, IPv4Address)]
        raw = [
            interface.name for interface in air.interfaces if await air.arp(interface.name, ipv4)
        ]
        if len(raw) < len(air.interfaces):
            unasked += ipv4
        if unasked and air.interfaces:
            await air.nudge(unasked)
            await air.pause(min(_KERNEL_ASKS, air.patience))
            air.neighbours()

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender of a message: the target is only somebody who was asked for."""
        try:
            message = arp.parse(packet.data)
        except Malformed:
            return
        if message.sender.is_unspecified or message.sender.is_multicast or not _unicast(message):
            return
        frames = () if packet.frame is None else (packet.frame,)
        proof = Proof(packet.id, frames=frames)
        yield Sighting(self.name, (message.sender,), message.sender_mac, proof=proof)


def _unicast(message: arp.Arp) -> bool:
    first = int(message.sender_mac[:2], 16)
    return first & 1 == 0 and message.sender_mac != arp.UNKNOWN


DISCOVERER = ArpDiscoverer()
