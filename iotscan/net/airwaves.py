"""A discoverer's way out, and all that comes in while discovery runs.

Every byte that leaves here was checked first: an address by the scope, a group by being local and
by the interface it leaves on. Only what comes from inside the scope is kept, see
:mod:`iotscan.net.hearing`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from socket import if_indextoname
from typing import Any

from iotscan.errors import Forbidden, OutOfScope
from iotscan.model import Address, Endpoint, Impact, Packet, Scope, Subnet
from iotscan.net import neighbours
from iotscan.net.addresses import from_socket_address
from iotscan.net.ears import Ears, why
from iotscan.net.hearing import Hearing
from iotscan.net.limits import Governor
from iotscan.net.multicast import is_local_group
from iotscan.net.port_rules import rule_for
from iotscan.net.raw import Frames
from iotscan.net.reach import Reach, interfaces_named
from iotscan.probe_api import Attachment
from iotscan.protocols.arp import Arp
from iotscan.settings import Settings

DISCARD_PORT = 9
# The kernel's table is read again for an unknown sender at most this often, in seconds.
_TABLE_AGE = 0.2
_MOST_NOTES = 64
_NO_MULTICAST = (
    "No attached network in scope can do multicast: devices are found only where they are asked "
    "one by one."
)


class Air:
    """Airwaves for one scan: ``async with Air(…) as air``. Hears until it is left.

    ``on_packet`` is called with every packet kept, at once. ``attached``: the interfaces to take
    instead of those of this machine; only what the scope touches of them is used.
    """

    def __init__(
        self,
        scope: Scope,
        settings: Settings,
        governor: Governor,
        on_packet: Callable[[Packet], None],
        attached: Sequence[Attachment] | None = None,
    ) -> None:
        self._scope, self._governor, self._on_packet = scope, governor, on_packet
        self._impact = min(scope.impact, settings.impact)
        self._patience = settings.discovery_time
        names = scope.interfaces or settings.interfaces
        self._reach = Reach(scope, interfaces_named(names) if attached is None else attached)
        self._ears = Ears(self._on_datagram, self._note)
        self._frames: dict[str, Frames] = {}
        self._hearing = Hearing()
        self._notes: dict[str, None] = {}
        self._numbers = itertools.count(1)
        self._began = governor.clock()
        self._said: set[bytes] = set()
        self._ports: set[int] = set()
        self._macs: dict[Address, str] = {}
        self._macs_at = float("-inf")

    async def __aenter__(self) -> Air:
        # Packet sockets are opened here, before any guard is set, which lets none be opened.
        for interface in self.interfaces:
            if interface.mac and any(address.version == 4 for address in interface.addresses):
                self._open_frames(interface)
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._ears.close()
        for frames in self._frames.values():
            frames.close()

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
        return self._hearing.packets

    @property
    def blind(self) -> list[str]:
        """What could not be asked, heard or kept, in sentences for the user."""
        return [*self._notes, *self._hearing.notes()]

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
    ) -> None:
        """Send one datagram to an address, or to a group on each interface (or the one named).

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
        """Keep what arrives for a group from now on; it is read at the next ask or pause."""
        if group is None or not is_local_group(group):
            raise OutOfScope(f"{group} is no multicast group of this network")
        for one in self._chosen(interface):
            self._ears.listen(protocol, one, group, port)

    async def arp(self, interface: str, addresses: Sequence[IPv4Address]) -> bool:
        """Ask for the MACs of those addresses that are in scope; False where it is not allowed."""
        frames = self._frames.get(interface)
        if frames is None or self._impact < Impact.GREET:
            return False
        admitted = [address for address in addresses if self._scope.admits(address)]
        try:
            await frames.sweep(admitted, self._governor.packet)
        except OSError as error:
            self._note(f"ARP: {interface} stopped sending ({why(error)}).")
            return False
        return True

    def neighbours(self) -> Sequence[tuple[Address, str, str]]:
        """The kernel's neighbours in scope; each is kept as a packet the first time it is seen."""
        names = {interface.name for interface in self.interfaces}
        known = [
            (address, mac, name)
            for address, mac, name in neighbours.neighbours()
            if (name in names or not name) and self._scope.admits(address)
        ]
        for address, mac, name in known:
            self._keep("neighbours", f"{address} {mac}".encode(), address, None, mac, name)
        return known

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
        if not any(net.version == group.version for net in self._scope.allow):
            return  # every answer would come from outside the scope
        self._ports.add(port)
        self._said.add(data)
        for one in self._chosen(interface):
            if self._reach.covers(one):
                await self._governor.packet(group)
                await self._ears.send(protocol, data, group, port, one)
            else:
                self._note(
                    f"Only a part of the network on {one.name} is in scope, so its groups are not "
                    "asked: devices that answer to multicast alone are missed."
                )

    def _chosen(self, interface: str) -> list[Attachment]:
        """The interfaces for multicast: the one named, or all."""
        able = [one for one in self.interfaces if interface in ("", one.name) and one.multicast]
        if not able:
            self._note(_NO_MULTICAST)
        return able

    def _open_frames(self, interface: Attachment) -> None:
        try:
            frames = Frames(interface, partial(self._on_arp, interface.name))
        except PermissionError:
            self._note(
                f"No permission for raw frames on {interface.name}: neighbours come from the "
                "kernel's table, which knows fewer. Run as root, or give this Python the "
                "capability cap_net_raw."
            )
        except OSError as error:
            self._note(f"No raw frames on {interface.name} ({why(error)}).")
        else:
            self._frames[interface.name] = frames
            frames.start()

    def _on_datagram(self, protocol: str, interface: str, data: bytes, sender: Any) -> None:
        source = _sender(sender)
        if source is None or (source in self._reach.own and data in self._said):
            return  # our own question, looped back
        self._keep(protocol, data, source, source, self._mac_of(source), interface)

    def _on_arp(self, interface: str, message: Arp, data: bytes, mac: str) -> None:
        if not message.sender.is_unspecified and message.sender not in self._reach.own:
            self._keep("arp", data, message.sender, None, mac, interface)

    def _keep(
        self,
        protocol: str,
        data: bytes,
        about: Address,
        source: Address | None,
        mac: str | None,
        interface: str,
    ) -> None:
        if not self._scope.admits(about):
            self._hearing.outside += 1
        elif self._hearing.room_for(about, protocol, data):
            at = round(self._governor.clock() - self._began, 6)
            packet = Packet(f"p{next(self._numbers)}", at, protocol, data, source, mac, interface)
            self._hearing.packets.append(packet)
            self._on_packet(packet)

    def _mac_of(self, source: Address) -> str | None:
        """The sender's MAC as the kernel knows it, where asking the kernel costs nothing."""
        if source not in self._macs and neighbours.CHEAP and not source.is_loopback:
            now = self._governor.clock()
            if now - self._macs_at > _TABLE_AGE:
                self._macs_at = now
                self._macs = {address: mac for address, mac, _ in neighbours.neighbours()}
        return self._macs.get(source)

    def _note(self, text: str) -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes[text] = None


def _sender(sender: Any) -> Address | None:
    """The sender's address; a link-local one with its interface, or nobody could answer it."""
    origin = from_socket_address(sender)
    if origin is None:
        return None
    address = origin[0]
    if isinstance(address, IPv6Address) and address.is_link_local and not address.scope_id:
        try:
            return IPv6Address(f"{address}%{if_indextoname(sender[3])}")
        except OSError:
            return None  # the interface has gone
    return address
