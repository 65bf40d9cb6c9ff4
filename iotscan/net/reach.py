"""Which attached networks a scope touches, and which of them it covers whole."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from iotscan.model import Address, Scope, Subnet
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

    def covers(self, interface: Attachment) -> bool:
        """Whether a whole network of the interface is in scope: then its groups may be asked."""
        return any(
            _within(network, allowed)
            for network in networks(interface)
            for allowed in self._scope.allow
        )

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
    """The networks of an interface; without fe80::/64, which is on every one."""
    found: list[Subnet] = []
    for address, prefix in zip(interface.addresses, interface.prefixes, strict=True):
        if isinstance(address, IPv4Address):
            found.append(IPv4Interface((address, prefix)).network)
        elif not address.is_link_local:
            found.append(IPv6Interface((address, prefix)).network)
    return found


def _within(inner: Subnet, outer: Subnet) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False
