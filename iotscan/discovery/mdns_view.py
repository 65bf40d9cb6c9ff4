"""One mDNS answer, sorted: which host names and instances are the sender's own."""

from __future__ import annotations

from dataclasses import dataclass, field

from iotscan.discovery.asking import zoned
from iotscan.errors import Malformed
from iotscan.model import Address, Packet
from iotscan.protocols.dns import codec as dns

# An answer with more is a flood; the first ones are kept.
MOST_INSTANCES = 64
MOST_TYPES = 32
MOST_ADDRESSES = 8

Pairs = dict[str, bytes | None]


@dataclass(slots=True)
class Instance:
    """A service instance as one packet tells of it; None for what the packet does not hold."""

    name: str
    type: str
    host: str | None = None
    port: int | None = None
    text: Pairs | None = None


@dataclass(slots=True)
class View:
    """Keys are names in lower case with a final dot; ``host_names`` has them as they were sent."""

    source: Address
    response: bool
    types: dict[str, None] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    hosts: dict[str, list[Address]] = field(default_factory=dict)
    host_names: dict[str, str] = field(default_factory=dict)
    os: str = ""

    def is_own_host(self, host: str) -> bool:
        """Whether the sender says that this name is its own: it has the sender's address."""
        return self.source in self.hosts.get(host.lower(), ())

    def is_foreign(self, instance: Instance) -> bool:
        """Whether it is announced for another host, as border routers and sleep proxies do.

        Hosts that speak IPv4 tell that address with the others (RFC 6762 section 6.2): who tells
        only IPv6 ones speaks for a host that has no other, as those of Thread.
        """
        addresses = self.hosts.get(instance.host.lower(), []) if instance.host else []
        if self.source.version == 6:
            addresses = [address for address in addresses if address.version == 6]
        return bool(addresses) and self.source not in addresses

    def own_addresses(self) -> tuple[Address, ...]:
        """The sender's address first, then those it says are its own too."""
        claimed = [a for host, found in self.hosts.items() if self.is_own_host(host) for a in found]
        return tuple(dict.fromkeys((self.source, *claimed)))[:MOST_ADDRESSES]


def view(packet: Packet) -> View | None:
    """What an mDNS packet says, None if it is none or its sender is not known."""
    if packet.source is None or packet.source.is_multicast:
        return None
    try:
        message = dns.parse(packet.data)
    except Malformed:
        return None
    seen = View(packet.source, message.response)
    for record in message.records if message.response else ():
        _add(seen, record, packet)
    return seen


def _add(seen: View, record: dns.Record, packet: Packet) -> None:
    match record:
        case dns.Pointer(name, target) if name.lower() == dns.BROWSE:
            kind = dns.service_type(target)
            if kind and len(seen.types) < MOST_TYPES:
                seen.types[kind] = None
        case dns.Pointer(_, target):
            _instance(seen, target)
        case dns.Location(name, host, port):
            found = _instance(seen, name)
            if found is not None:
                found.host, found.port = host, port
        case dns.Text(name, pairs):
            found = _instance(seen, name)
            if found is not None:
                found.text = dict(pairs)
        case dns.HostAddress(name, address):
            seen.host_names.setdefault(name.lower(), name)
            known = seen.hosts.setdefault(name.lower(), [])
            if len(known) < MOST_ADDRESSES:
                known.append(zoned(address, packet))
        case dns.HostInfo(_, _, os):
            seen.os = os


def _instance(seen: View, name: str) -> Instance | None:
    key = name.lower()
    if key not in seen.instances and len(seen.instances) < MOST_INSTANCES:
        parts = dns.split_instance(name)
        if parts is None:
            return None
        seen.instances[key] = Instance(*parts)
        if len(seen.types) < MOST_TYPES:
            seen.types[parts[1]] = None
    return seen.instances.get(key)
