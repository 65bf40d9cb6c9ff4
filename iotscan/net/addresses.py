"""Addresses in the forms that scope, guard and sockets need."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from iotscan.errors import OutOfScope
from iotscan.model import Address, Subnet

SocketAddress = tuple[str, int] | tuple[str, int, int, int]


def plain(address: Address) -> Address:
    """The address itself; an IPv4-mapped IPv6 address as the IPv4 address it stands for."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def zone_of(address: Address) -> str:
    """The interface a link-local address belongs to ("eth0"), "" where none is written."""
    return (address.scope_id or "") if isinstance(address, IPv6Address) else ""


def subnet_of(address: Address, prefix: int | None = None) -> Subnet:
    """The network of this prefix length that the address is in, without its zone; by default the
    address alone.
    """
    length = address.max_prefixlen if prefix is None else prefix
    return ip_network(f"{str(address).partition('%')[0]}/{length}", strict=False)


def family_of(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def socket_address(address: Address, port: int) -> SocketAddress:
    """What ``socket.connect`` takes. Raises OutOfScope for an interface that does not exist."""
    if isinstance(address, IPv4Address):
        return str(address), port
    zone = zone_of(address)
    return str(address).partition("%")[0], port, 0, _interface_index(zone) if zone else 0


def _interface_index(zone: str) -> int:
    if zone.isdecimal():
        return int(zone)
    try:
        return socket.if_nametoindex(zone)
    except OSError as error:
        raise OutOfScope(f"there is no interface {zone} on this machine") from error


def from_socket_address(address: Any) -> tuple[Address, int] | None:
    """(address, port) of what was passed to ``connect`` or ``sendto``, None if it is no IP address.

    A host name is not an address: the caller must treat None for an IP socket as unknown.
    """
    if not isinstance(address, tuple) or len(address) < 2:
        return None
    host, port = address[0], address[1]
    if not isinstance(host, str | bytes) or not isinstance(port, int):
        return None
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    try:
        return plain(ip_address(text)), port
    except ValueError:
        return None
