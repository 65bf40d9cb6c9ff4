"""Who sent a datagram: the address with its interface, and the MAC where the kernel knows it."""

from __future__ import annotations

from ipaddress import IPv6Address
from socket import if_indextoname
from typing import Any

from iotscan.model import Address
from iotscan.net import neighbours
from iotscan.net.addresses import from_socket_address
from iotscan.net.limits import Clock

# The kernel's table is read again for an unknown sender at most this often, in seconds.
_TABLE_AGE = 0.2


class Macs:
    """The MACs of senders, as far as looking them up costs nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[Address, str] = {}
        self._read_at = float("-inf")

    def of(self, source: Address) -> str | None:
        """The sender's MAC as the kernel knows it; None where that takes a program to find out."""
        if source not in self._known and neighbours.CHEAP and not source.is_loopback:
            now = self._clock()
            if now - self._read_at > _TABLE_AGE:
                self._read_at = now
                self._known = {address: mac for address, mac, _ in neighbours.neighbours()}
        return self._known.get(source)


def sender_of(socket_address: Any) -> Address | None:
    """The address; a link-local one with its interface, or nobody could answer it."""
    origin = from_socket_address(socket_address)
    if origin is None:
        return None
    address = origin[0]
    if isinstance(address, IPv6Address) and address.is_link_local and not address.scope_id:
        try:
            return zoned(address, if_indextoname(socket_address[3]))
        except OSError:
            return None  # the interface has gone
    return address


def zoned(address: Address, interface: str) -> Address:
    """A link-local IPv6 address with the interface that it was heard on; others as they are."""
    if isinstance(address, IPv6Address) and address.is_link_local:
        return IPv6Address(f"{str(address).partition('%')[0]}%{interface}")
    return address
