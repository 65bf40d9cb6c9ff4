"""A discoverer's way out, and all that comes in while discovery runs.

Every byte that leaves here was checked first: an address by the scope, a group by being local and
by the interface it leaves on. Only what comes from inside the scope is kept, see
:mod:`iotscan.net.intake`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address

from iotscan.errors import Forbidden, OutOfScope
from iotscan.model import Address, Endpoint, Impact, Packet, Scope, Subnet
from iotscan.net import neighbours
from iotscan.net.ears import Ears, why
from iotscan.net.icmp import ALL_NODES
from iotscan.net.intake import Dissect, Intake
from iotscan.net.limits import Governor
from iotscan.net.linklayer import LinkLayer
from iotscan.net.multicast import is_local_group
from iotscan.net.port_rules import rule_for
from iotscan.net.reach import Reach, interfaces_named
from iotscan.net.resolvers import resolvers
from iotscan.probe_api import Attachment
from iotscan.settings import Settings

DISCARD_PORT = 9
# What an ICMP socket is dialled with, which has no ports.
_NO_PORT = 0
_MOST_NOTES = 64
_NO_MULTICAST = (
    "No attached network in scope can do multicast: devices are found only where they are asked "
    "one by one."
)
_NOT_JOINED = (
    "Nothing at all was sent, so no multicast group was joined either: a switch that passes on "
    "groups only to those who joined kept some announcements back."
)


class Air:
    """Airwaves for one scan: ``async with Air(…) as air``. Hears until it is left.

    ``on_packet`` is called with every packet kept, at once. ``attached``: the interfaces to take
    instead of those of this machine; only what the scope touches of them is used. ``dissect``
    takes apart the frames that are overheard; without it none are.
    """

    def __init__(
        self,
        scope: Scope,
        settings: Settings,
        governor: Governor,
        on_packet: Callable[[Packet], None],
        attached: Sequence[Attachment] | None = None,
        dissect: Dissect = lambda _: None,
    ) -> None:
        self._scope, self._governor = scope, governor
        self._impact = min(scope.impact, settings.impact)
        self._patience = settings.discovery_time
        names = scope.interfaces or settings.interfaces
        self._reach = Reach(scope, interfaces_named(names) if attached is None else attached)
        intake = self._intake = Intake(scope, self._reach, governor.clock, on_packet, dissect)
        self._ears = Ears(intake.datagram, self._note)
        self._link = LinkLayer(self._note, intake.arp, intake.frame, intake.echo)
        self._notes: dict[str, None] = {}
        self._ports: set[int] = set()

    async def __aenter__(self) -> Air:
        # These sockets are opened before any guard is set, which lets none be opened.
        for interface in self.interfaces:
            asking = self._reach.whole(interface) if self._impact >= Impact.GREET else ()
            self._link.open(interface, asking)
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._ears.close()
        self._link.close()

    @property
    def impact(self) -> Impact:
        return self._impact

    @property
    def patience(self) -> float:
        return self._patience

    @property
    def interfaces(self) -> Sequence[Attachment]:
        """The attached interfaces with a network that the scope touches."""
        return self._reach.interfaces

    @property
    def heard(self) -> Sequence[Packet]:
        return self._intake.hearing.packets

    @property
    def blind(self) -> list[str]:
        """What could not be asked, heard or kept, in sentences for the user."""
        return [*self._notes, *self._intake.hearing.notes()]

    def attached(self, network: Subnet) -> bool:
        """Whether the whole network lies on an interface of this scan."""
        return self._reach.attached(network)

    def permits(self, address: Address, port: int) -> bool:
        """Whether discovery itself may send there: what the guard asks."""
        if port not in self._ports:
            return False
        return is_local_group(address) if address.is_multicast else self._scope.admits(address)

    async def ask(
        self,
        protocol: str,
        data: bytes,
        *,
        port: int,
        to: Address | None = None,
        group: IPv4Address | IPv6Address | None = None,
        interface: str = "",
        seconds: float = 0.0,
        broadcast: bool = False,
    ) -> None:
        """Send one datagram to an address, or on each interface (or the one named) to a group or
        to everybody on its IPv4 networks.

        Returns after ``seconds``; answers are kept until discovery ends in any case. Where a
        group cannot be reached, ``blind`` says so. Raises Forbidden and OutOfScope.
        """
        if self._impact < Impact.GREET:
            raise Forbidden("the allowed impact is to listen, so nothing is asked")
        await self._ears.attach()
        if to is not None:
            await self._ask_one(protocol, data, to, port, interface)
        if group is not None:
            await self._ask_group(protocol, data, group, port, interface)
        if broadcast:
            await self._ask_everybody(protocol, data, port, interface)
        if seconds > 0:
            await self.pause(seconds)

    def listen(
        self,
        protocol: str,
        *,
        port: int,
        group: IPv4Address | IPv6Address | None = None,
        interface: str = "",
    ) -> None:
        """Keep what arrives from now on: for a group, or without one what is broadcast to the port
        or answered to it. It is read at the next ask or pause.
        """
        if group is not None and not is_local_group(group):
            raise OutOfScope(f"{group} is no multicast group of this network")
        for one in self._chosen(interface):
            if group and self._impact is Impact.LISTEN and one.name in self._link.overhearing:
                self._note(_NOT_JOINED)  # to join a group is to say something
            else:
                self._ears.listen(protocol, one, group, port)

    async def arp(self, interface: str, addresses: Sequence[IPv4Address]) -> bool:
        """Ask for the MACs of those addresses that are in scope; False where it is not allowed."""
        frames = self._link.frames.get(interface)
        if frames is None or self._impact < Impact.GREET:
            return False
        admitted = [address for address in addresses if self._scope.admits(address)]
        try:
            await frames.sweep(admitted, self._governor.packet)
        except OSError as error:
            self._note(f"ARP: {interface} stopped sending ({why(error)}).")
            return False
        return True

    async def echo(self, interface: str) -> None:
        """Ask all IPv6 nodes on the interface whether they are there; ``blind`` says if not."""
        for echo in self._link.echoes.get(interface, ()) if self._impact >= Impact.GREET else ():
            self._ports.add(_NO_PORT)
            await self._governor.packet(ALL_NODES)
            try:
                echo.ask()
            except OSError as error:
                self._note(f"All IPv6 nodes on {interface} could not be asked ({why(error)}).")

    def neighbours(self) -> Sequence[tuple[Address, str, str]]:
        """The kernel's neighbours in scope; each is kept as a packet the first time it is seen."""
        names = {interface.name for interface in self.interfaces}
        known = [
            (address, mac, name)
            for address, mac, name in neighbours.neighbours()
            if (name in names or not name) and self._scope.admits(address)
        ]
        for address, mac, name in known:
            self._intake.keep("neighbours", f"{address} {mac}".encode(), address, None, mac, name)
        return known

    def resolvers(self) -> Sequence[Address]:
        """The DNS servers of this machine that are in scope; ``blind`` names the others."""
        known = resolvers()
        for address in known:
            if not self._scope.admits(address):
                self._note(
                    f"The DNS server {address} was not asked what it calls the devices: it is not "
                    "in scope."
                )
        if not known:
            self._note("This system does not tell its DNS server, so it was asked for no names.")
        return [address for address in known if self._scope.admits(address)]

    async def nudge(self, addresses: Sequence[Address]) -> None:
        """Make the kernel resolve those of these addresses that are on an attached link."""
        for address in filter(self._reach.near, addresses):
            if self._scope.admits(address):
                await self.ask("neighbours", b"\0", port=DISCARD_PORT, to=address)

    async def pause(self, seconds: float) -> None:
        await self._ears.attach()
        await self._governor.sleep(seconds)

    async def _ask_one(
        self, protocol: str, data: bytes, to: Address, port: int, interface: str
    ) -> None:
        if to.is_multicast or not self._scope.admits(to):
            raise OutOfScope(f"{to} is outside the scope")
        if not rule_for(Endpoint(to, "udp", port)).may_write:
            raise Forbidden(f"nothing is ever sent to port {port}")
        self._ports.add(port)
        await self._governor.packet(to)
        chosen = next((one for one in self.interfaces if one.name == interface), None)
        await self._ears.send(protocol, data, to, port, chosen)

    async def _ask_group(
        self, protocol: str, data: bytes, group: Address, port: int, interface: str
    ) -> None:
        if not is_local_group(group):
            raise OutOfScope(f"{group} is no multicast group of this network")
        if not self._intake.speaks(group.version):
            return  # every answer would come from outside the scope
        self._ports.add(port)
        self._intake.questions.add(data)
        for one in self._chosen(interface):
            if self._reach.covers(one, group.version):
                await self._governor.packet(group)
                await self._ears.send(protocol, data, group, port, one)
            else:
                self._only_a_part(one)

    async def _ask_everybody(self, protocol: str, data: bytes, port: int, interface: str) -> None:
        if not self._intake.speaks(4):
            return  # nobody broadcasts over IPv6
        self._ports.add(port)
        self._intake.questions.add(data)
        for one in self._chosen(interface):
            addresses = self._reach.broadcasts(one)
            if not addresses:
                self._only_a_part(one)
            for address in addresses:
                await self._governor.packet(address)
                await self._ears.send(protocol, data, address, port, one, broadcast=True)

    def _only_a_part(self, interface: Attachment) -> None:
        self._note(
            f"Only a part of the network on {interface.name} is in scope, so its groups are not "
            "asked: devices that answer to multicast alone are missed."
        )

    def _chosen(self, interface: str) -> list[Attachment]:
        """The interfaces for multicast: the one named, or all."""
        able = [one for one in self.interfaces if interface in ("", one.name) and one.multicast]
        if not able:
            self._note(_NO_MULTICAST)
        return able

    def _note(self, text: str) -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes[text] = None
