"""One target as the user wrote it: an address, a network, a range or a host name."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv6Address,
    ip_address,
    ip_network,
    summarize_address_range,
)

from iotscan.errors import UsageError
from iotscan.model import Address, Subnet
from iotscan.net.addresses import plain, subnet_of, zone_of

Resolver = Callable[[str], Sequence[Address]]

# RFC 1918, RFC 3927, RFC 1122 section 3.2.1.3, RFC 4193, RFC 4291 sections 2.5.3 and 2.5.6.
# Link-local IPv6 stands last: it is the one range whose addresses need an interface.
PRIVATE = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                 "127.0.0.0/8", "fc00::/7", "::1/128", "fe80::/10")
)  # fmt: skip

# RFC 1123 section 2.1, with the underscore that devices use; at least one letter.
_NAME = re.compile(r"(?=.{1,253}\.?$)(?=.*[a-zA-Z])([a-zA-Z0-9_-]{1,63}\.)*[a-zA-Z0-9_-]{1,63}\.?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one text stands for. ``named``: single addresses, which are in ``networks`` as well;
    ``whole``: a network that was named as such and so has edges.
    """

    text: str
    networks: tuple[Subnet, ...]
    named: tuple[Address, ...] = ()
    whole: bool = False


def system_resolver(name: str) -> list[Address]:
    """The addresses the system knows for a name, IPv4 first. Raises UsageError if none."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"the name {name} cannot be resolved: check its spelling, or give the address"
        ) from error
    texts = sorted({str(entry[4][0]) for entry in found})
    return sorted((ip_address(text) for text in texts), key=lambda address: address.version)


def parse_target(text: str, resolve: Resolver = system_resolver) -> Wanted:
    """What ``text`` stands for: ``192.168.1.7``, ``fe80::1%eth0``, ``192.168.1.0/24``,
    ``192.168.1.10-40``, ``192.168.1.10-192.168.2.20`` or a host name.

    A name stands for its private addresses if it has any. Raises UsageError.
    """
    text = text.strip()
    for parse in (_address, _network, _range):
        found = parse(text)
        if found is not None:
            return found
    if not _NAME.fullmatch(text):
        raise UsageError(
            f"{text!r} is no target: give an address (192.168.1.7), a network (192.168.1.0/24), a"
            " range (192.168.1.10-40) or a host name"
        )
    return _name(text, resolve)


def _address(text: str) -> Wanted | None:
    try:
        address = plain(ip_address(text))
    except ValueError:
        return None
    return Wanted(text, (subnet_of(address),), (address,))


def _network(text: str) -> Wanted | None:
    host, slash, prefix = text.partition("/")
    if not slash:
        return None
    try:
        network = ip_network(f"{ip_address(host.partition('%')[0])}/{prefix}", strict=False)
    except ValueError as error:
        raise UsageError(f"{text!r} is no network: write it as 192.168.1.0/24") from error
    if network.prefixlen == network.max_prefixlen:
        return _address(host)
    return Wanted(text, (network,), whole=True)


def _range(text: str) -> Wanted | None:
    first_text, dash, last_text = text.partition("-")
    try:
        first = ip_address(first_text.strip())
    except ValueError:
        return None
    if not dash:
        return None
    networks = _between(first, _range_end(first, last_text.strip()))
    if not networks:
        raise UsageError(
            f"{text!r} is no range: write it as 192.168.1.10-40 or 192.168.1.10-192.168.2.20,"
            " the lower address first"
        )
    singles = tuple(net.network_address for net in networks if net.num_addresses == 1)
    return Wanted(text, networks, singles)


def _between(first: Address, last: Address | None) -> tuple[Subnet, ...]:
    """The networks that hold just these addresses; none if that is no range."""
    if last is None or int(last) < int(first):
        return ()
    if isinstance(first, IPv4Address) and isinstance(last, IPv4Address):
        return tuple(summarize_address_range(first, last))
    if isinstance(first, IPv6Address) and isinstance(last, IPv6Address):
        return tuple(summarize_address_range(first, last))
    return ()


def _range_end(first: Address, text: str) -> Address | None:
    if text.isdecimal() and isinstance(first, IPv4Address):
        text = f"{str(first).rpartition('.')[0]}.{text}"
    try:
        last = ip_address(text)
    except ValueError:
        return None
    return None if zone_of(first) or zone_of(last) else last


def _name(name: str, resolve: Resolver) -> Wanted:
    found = tuple(dict.fromkeys(plain(address) for address in resolve(name)))
    if not found:
        raise UsageError(f"the name {name} has no address: check its spelling")
    private = tuple(
        a for a in found if any(a in net for net in PRIVATE if a.version == net.version)
    )
    named = private or found
    return Wanted(name, tuple(map(subnet_of, named)), named)
