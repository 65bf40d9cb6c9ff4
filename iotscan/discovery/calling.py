"""How makers' own protocols find their devices: a call to everybody, heard by those it is for.

One datagram a network asks all devices of a maker at once, as its app does, so no other device is
sent anything of its own. It is called twice, because datagrams are lost on a busy Wi-Fi.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, ip_network

from iotscan.discovery.asking import FEW
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
    Transport,
)
from iotscan.probe_api import Airwaves, Attachment
from iotscan.protocols.makers.landevice import ANNOUNCED, LanDevice
from iotscan.text import clean

# Beyond a router no call is heard: as many addresses of a named network are asked one by one.
MOST_BEYOND = 256
# A datagram, and the port that it goes to.
Call = tuple[bytes, int]


class Caller:
    """A discoverer of one maker's devices. ``port``: where its service is, unless it says another.

    ``group``: what is called where the devices have joined one, else everybody. ``answers``: ports
    of ours that answers and announcements come to, whatever the call left from. ``leads``: whether
    a probe may then look at the service, because there is more to learn.
    """

    name: str
    port: int
    hears: Sequence[tuple[str, int]]
    emits: Sequence[Kind] = ANNOUNCED
    group: IPv4Address | None = None
    answers: Sequence[int] = ()
    transport: Transport = "udp"
    leads: bool = False

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        """What is said on an interface, or to single addresses beyond all of them."""
        raise NotImplementedError

    def device(self, data: bytes) -> LanDevice:
        """What a datagram says of its sender. Raises Malformed."""
        raise NotImplementedError

    def lead(self, endpoint: Endpoint, device: LanDevice) -> Service | None:
        """The service that a probe may look at."""
        return Service(endpoint, self.name) if self.leads else None

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Call twice, and once each of a few targets and of those that no call reaches."""
        for port in self.answers if air.interfaces else ():
            air.listen(self.name, port=port)
        if self.group is not None and air.interfaces:
            air.listen(self.name, port=self.port, group=self.group)
        if air.impact < Impact.GREET:
            await air.pause(air.patience)
            return
        await self._call(air)
        for target in beyond_calls(air.interfaces, targets):
            for data, port in self.calls(None):
                await air.ask(self.name, data, port=port, to=target)
        await air.pause(air.patience / 3)
        await self._call(air)
        await air.pause(air.patience * 2 / 3)

    async def _call(self, air: Airwaves) -> None:
        for interface in air.interfaces:
            for data, port in self.calls(interface):
                await air.ask(
                    self.name,
                    data,
                    port=port,
                    group=self.group,
                    broadcast=self.group is None,
                    interface=interface.name,
                )

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender, what it is, and what it gives away of itself."""
        source = packet.source
        if source is None or source.is_multicast:
            return
        try:
            device = self.device(packet.data)
        except Malformed:
            return
        proof = Proof.of(packet)
        endpoint = Endpoint(source, self.transport, device.port or self.port)
        name, lead = clean(device.name, 64), self.lead(endpoint, device)
        yield Sighting(
            self.name,
            (source,),
            packet.mac,
            names=(name,) if name else (),
            traits=device.traits(),
            leads=() if lead is None else (lead,),
            proof=proof,
        )
        yield from device.announced(self.name, endpoint, proof, packet.mac)


def beyond_calls(interfaces: Sequence[Attachment], targets: Sequence[Address]) -> list[IPv4Address]:
    """The targets that are asked one by one: all of a few, of many those behind a router."""
    asked = [target for target in targets if isinstance(target, IPv4Address)]
    if len(asked) <= FEW:
        return asked
    near = [
        ip_network((address, prefix), strict=False)
        for interface in interfaces
        for address, prefix in zip(interface.addresses, interface.prefixes, strict=True)
    ]
    beyond = (t for t in asked if not t.is_loopback and not any(t in network for network in near))
    return [target for _, target in zip(range(MOST_BEYOND), beyond, strict=False)]
