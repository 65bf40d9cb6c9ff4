"""Which attached networks a scope touches, and which of them it covers whole."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from iotscan.model import Address, Scope, Subnet
from iotscan.net.addresses import subnet_of
from iotscan.net.interfaces import describe_interfaces
from iotscan.probe_api import Attachment


class Reach:
    """The interfaces whose networks overlap the scope. ``found``: those to choose among."""

    def __init__(self, scope: Scope, found: Sequence[Attachment]) -> None:
        self._scope = scope
        self.interfaces = tuple(
            one for one in found if any(self._touches(network) for network in networks(one))
        )
        self.own = {address for one in found for address in one.addresses}

    def covers(self, interface: Attachment, version: int) -> bool:
        """Whether a whole network of this IP version on the interface is in scope: then its groups
        may be asked.
        """
        return any(address.version == version for address in self.whole(interface))

    def covers_all(self, interface: Attachment) -> bool:
        """Whether that is so for each IP version that the scope touches there."""
        touched = {net.version for net in networks(interface) if self._touches(net)}
        return bool(touched) and all(self.covers(interface, version) for version in touched)

    def broadcasts(self, interface: Attachment) -> list[IPv4Address]:
        """The broadcast addresses of the interface's networks that are whole in scope."""
        return [
            network.broadcast_address
            for network in networks(interface)
            if isinstance(network, IPv4Network)
            and network.prefixlen < 31  # two ends of a line have none (RFC 3021)
            and self._scope.admits(network.broadcast_address)
            and any(_within(network, allowed) for allowed in self._scope.allow)
        ]

    def whole(self, interface: Attachment) -> list[Address]:
        """This machine's addresses on the interface whose whole network is in scope."""
        return [
            address
            for address, prefix in zip(interface.addresses, interface.prefixes, strict=True)
            if any(_within(subnet_of(address, prefix), allowed) for allowed in self._scope.allow)
        ]

    def attached(self, network: Subnet) -> bool:
        """Whether the whole network lies on one of the interfaces."""
        return any(_within(network, own) for one in self.interfaces for own in networks(one))

    def near(self, address: Address) -> bool:
        """Whether the address is on one of the links, and not this machine's own."""
        if address in self.own or address.is_loopback:
            return False
        return address.is_link_local or any(
            address in network for one in self.interfaces for network in networks(one)
        )

    def _touches(self, network: Subnet) -> bool:
        return any(
            _within(network, allowed) or _within(allowed, network) for allowed in self._scope.allow
        )


def interfaces_named(names: Sequence[str]) -> list[Attachment]:
    """This machine's interfaces of these names, or those a scan takes by default if none."""
    return [
        note.attachment
        for note in describe_interfaces()
        if (note.attachment.name in names if names else note.default)
    ]


def networks(interface: Attachment) -> list[Subnet]:
    """The networks of an interface; fe80::/64 is one of every interface that does IPv6."""
    return [
        subnet_of(address, prefix)
        for address, prefix in zip(interface.addresses, interface.prefixes, strict=True)
    ]


def _within(inner: Subnet, outer: Subnet) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False
