"""Sockets for asking and listening: each bound to one interface, so that nothing leaves another."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from ipaddress import IPv4Address, IPv4Network, IPv6Address

from iotscan.model import Address
from iotscan.net.addresses import family_of
from iotscan.probe_api import Attachment

# Groups that routers keep inside a site: link-local (RFC 5771 §4), the control block where CoAP's
# All-Nodes group lies (RFC 7252 §12.8; the TTL keeps it near), and the site's own (RFC 2365 §6.1).
_IPV4_GROUPS = (
    IPv4Network("224.0.0.0/24"),
    IPv4Network("224.0.1.0/24"),
    IPv4Network("239.255.0.0/16"),
)
# Interface, link, realm, admin and site scope, RFC 7346 §2.
_IPV6_SCOPES = range(1, 6)
_RECEIVE_BUFFER = 1 << 20


def is_local_group(group: Address) -> bool:
    """Whether a multicast group ends within the site, so that asking it can reach nobody else."""
    if isinstance(group, IPv6Address):
        return group.is_multicast and group.packed[1] & 0x0F in _IPV6_SCOPES
    return any(group in network for network in _IPV4_GROUPS)


def hops(group: Address) -> int:
    """1 for groups of the link, 2 for others: the default of UPnP Device Architecture §1.3.2."""
    if isinstance(group, IPv6Address):
        return 1 if group.packed[1] & 0x0F <= 2 else 2
    return 1 if group in _IPV4_GROUPS[0] else 2


def open_asker(version: int, interface: Attachment | None = None) -> socket.socket:
    """A UDP socket on a port of its own; with ``interface`` its packets leave only there.

    Raises OSError where the interface has no address of this IP version, or multicast is not
    possible there.
    """
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        with contextlib.suppress(OSError):  # a smaller buffer drops packets only under a flood
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        if version == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if interface is None:
            sock.bind(("", 0))  # any address: the kernel chooses the one that leads to the target
        else:
            _tie(sock, version, interface)
    except BaseException:
        sock.close()
        raise
    return sock


def open_listener(group: Address, port: int, interface: Attachment) -> socket.socket:
    """A socket that hears what is sent to the group on this interface, beside other listeners.

    Raises OSError where the port or the group cannot be had.
    """
    sock = socket.socket(family_of(group), socket.SOCK_DGRAM)
    try:
        _share(sock)
        if isinstance(group, IPv4Address):
            _join_ipv4(sock, group, port, interface)
        else:
            _join_ipv6(sock, group, port, interface)
    except BaseException:
        sock.close()
        raise
    return sock


def open_port(port: int, interface: Attachment) -> socket.socket:
    """A socket that hears what arrives on this interface at a port: what is broadcast, and answers
    that come to this machine there, whatever port the question left from.

    Other programs may listen beside it; of what is sent to this machine alone one of them hears
    each datagram. Raises OSError where the port cannot be had.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        _share(sock)
        if hasattr(socket, "SO_BINDTODEVICE"):
            with contextlib.suppress(PermissionError):  # kernels before 5.7: heard everywhere then
                name = interface.name.encode() + b"\0"
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name)
        sock.bind(("", port))
    except BaseException:
        sock.close()
        raise
    return sock


def let_broadcast(sock: socket.socket) -> None:
    """Let the socket send to broadcast addresses, which systems refuse otherwise."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)


def set_hops(sock: socket.socket, group: Address) -> None:
    """Let the socket's next datagram go as far as the group is wide."""
    if group.version == 4:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, hops(group))
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops(group))


def _own_ipv4(interface: Attachment) -> IPv4Address:
    """The interface's first IPv4 address. Raises OSError if it has none."""
    for address in interface.addresses:
        if isinstance(address, IPv4Address):
            return address
    raise OSError(f"{interface.name} has no IPv4 address")


def _share(sock: socket.socket) -> None:
    """Let other programs have the same port, and hold what comes in a burst."""
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)


def _tie(sock: socket.socket, version: int, interface: Attachment) -> None:
    """Packets leave by this interface, from its address, whatever the routing table says."""
    if version == 4:
        address = _own_ipv4(interface)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, address.packed)
        sock.bind((str(address), 0))
        return
    own = next((a for a in interface.addresses if a.version == 6 and a.is_link_local), None)
    if own is None:
        raise OSError(f"{interface.name} has no link-local IPv6 address")
    index = socket.if_nametoindex(interface.name)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    sock.bind((str(own).partition("%")[0], 0, 0, index))


def _join_ipv4(sock: socket.socket, group: IPv4Address, port: int, interface: Attachment) -> None:
    # Bound to the group, so that unicast to the port still reaches this machine's own responder;
    # Windows cannot do that.
    sock.bind(("" if sys.platform == "win32" else str(group), port))
    if sys.platform == "linux":
        # Without this a socket hears groups that others joined, on every interface: ip(7).
        sock.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_MULTICAST_ALL", 49), 0)
    member = group.packed + _own_ipv4(interface).packed
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)


def _join_ipv6(sock: socket.socket, group: IPv6Address, port: int, interface: Attachment) -> None:
    index = socket.if_nametoindex(interface.name)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_IPV6, getattr(socket, "IPV6_MULTICAST_ALL", 29), 0)
    sock.bind(("::" if sys.platform == "win32" else str(group), port, 0, index))
    member = group.packed + struct.pack("@I", index)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
