"""Whom to ask one by one: where multicast does not reach, or was not heard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address

from iotscan.errors import Malformed
from iotscan.model import Address, Impact, Packet
from iotscan.probe_api import Airwaves
from iotscan.protocols.link import arp

# A few targets were named one by one, and may lie beyond the reach of multicast.
FEW = 64
# Loopback has no multicast; a virtual home is smaller than this.
MOST_LOOPBACK = 1024
MOST_KNOWN = 256


def without_multicast(targets: Sequence[Address]) -> list[Address]:
    """The targets that are asked directly from the start."""
    if len(targets) <= FEW:
        return list(targets)
    return [address for address in targets if address.is_loopback][:MOST_LOOPBACK]


async def ask_twice(
    air: Airwaves,
    protocol: str,
    port: int,
    groups: Sequence[IPv4Address | IPv6Address],
    targets: Sequence[Address],
    ask: Callable[[Airwaves, Sequence[Address]], Awaitable[None]],
) -> None:
    """Hear the groups of a protocol, and ask twice: the second time also hosts found meanwhile.

    ``ask`` asks the groups and these hosts one by one.
    """
    for group in groups if air.interfaces else ():
        air.listen(protocol, port=port, group=group)
    if air.impact < Impact.GREET:
        await air.pause(air.patience)
        return
    await ask(air, without_multicast(targets))
    await air.pause(air.patience / 3)
    await ask(air, known_hosts(air, protocol))
    await air.pause(air.patience * 2 / 3)


def known_hosts(air: Airwaves, protocol: str) -> list[Address]:
    """Hosts that were found by other means and have said nothing in this protocol."""
    quiet = dict.fromkeys(address for address, _, _ in air.neighbours())
    quiet |= dict.fromkeys(_arp_senders(air.heard))
    spoke = {packet.source for packet in air.heard if packet.protocol == protocol}
    return [address for address in quiet if address not in spoke][:MOST_KNOWN]


def zoned(address: Address, packet: Packet) -> Address:
    """An announced link-local address with the interface that it was announced on."""
    if isinstance(address, IPv6Address) and address.is_link_local and not address.scope_id:
        zone = packet.source.scope_id if isinstance(packet.source, IPv6Address) else None
        zone = zone or packet.interface
        return IPv6Address(f"{address}%{zone}") if zone else address
    return address


def _arp_senders(packets: Iterable[Packet]) -> list[IPv4Address]:
    senders: list[IPv4Address] = []
    for packet in packets:
        if packet.protocol == "arp":
            try:
                senders.append(arp.parse(packet.data).sender)
            except Malformed:
                continue
    return senders
