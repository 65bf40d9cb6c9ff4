"""Which addresses are one device's, and by what right.

Whoever is on the network can announce anything: another's address, name or UPnP id. So only this
joins two addresses:

* the same MAC, told by the link layer (ARP, neighbour table), or by the frame in which the address
  itself spoke, unless the link layer knows better (a router forwards for many);
* an IPv6 address that holds the MAC of the device, or the same as another (RFC 4291 appendix A);
* both addresses naming each other, each in packets of its own, unless their MACs differ;
* one UPnP id or host name, if exactly one IPv4 side and one IPv6 side without another MAC use it;
* a single device's word for an address that shows no sign of life of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from iotscan.assess.oui import normal
from iotscan.model import Address

if TYPE_CHECKING:
    from iotscan.assess.reading import Witness

# More addresses than this behind one MAC are those a router answers or forwards for. A device has
# one IPv4 address, rarely an alias; link-local, stable and temporary IPv6 addresses per prefix.
MOST_IPV4, MOST_IPV6 = 4, 24
# What one sender may claim about others before its list is cut.
MOST_CLAIMS = 64
_GENERIC = frozenset({"localhost", "android", "espressif", "unknown", "router", "camera", "device"})

Node = Address | str
# The limited broadcast address (RFC 919).
EVERYBODY = IPv4Address("255.255.255.255")


@dataclass
class Groups:
    """Disjoint sets of addresses and MACs (union-find with path halving)."""

    parent: dict[Node, Node] = field(default_factory=dict)

    def add(self, node: Node) -> None:
        self.parent.setdefault(node, node)

    def find(self, node: Node) -> Node:
        parent = self.parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def join(self, one: Node, other: Node) -> None:
        self.add(one)
        self.add(other)
        # The lesser root wins, so that the result does not depend on the order of joining.
        low, high = sorted((self.find(one), self.find(other)), key=order)
        self.parent[high] = low

    def members(self) -> dict[Node, list[Node]]:
        """Every set under its root, in canonical order."""
        sets: dict[Node, list[Node]] = defaultdict(list)
        for node in sorted(self.parent, key=order):
            sets[self.find(node)].append(node)
        return sets


def order(node: Node) -> tuple[int, int, str]:
    """IPv4 before IPv6 before MACs, each ascending; link-local addresses by interface too."""
    if isinstance(node, str):
        return (9, 0, node)
    scope = node.scope_id if isinstance(node, IPv6Address) else None
    return (node.version, int(node), scope or "")


def usable(address: Address) -> bool:
    """Whether the address can be a single device's own."""
    return not (address.is_multicast or address.is_unspecified or address == EVERYBODY)


def is_inside(address: Address) -> bool:
    """Whether the address is no one's on the internet: private, link-local, reserved, loopback."""
    return usable(address) and (not address.is_global or address.is_reserved)


def group(witnesses: Sequence[Witness], alive: Iterable[Address]) -> Groups:
    """The devices as sets of addresses and MACs. ``alive``: addresses that showed life otherwise.

    The order of the arguments' items does not matter.
    """
    witnesses = [witness for witness in witnesses if not witness.hearsay]
    groups = Groups()
    for address in alive:
        groups.add(address)
    for witness in witnesses:
        for address in backed(witness):
            groups.add(address)
        mac = normal(witness.sighting.mac)
        if mac and not witness.sighting.addresses:
            groups.add(mac)
    for address, mac in _owners(witnesses).items():
        groups.join(address, mac)
    _join_embedded(groups)
    claims = _claims(witnesses)
    _join_mutual(groups, claims)
    _join_words(groups, _words(witnesses))
    _join_orphans(groups, claims)
    return groups


def backed(witness: Witness) -> tuple[Address, ...]:
    """The addresses of a sighting that are not just claimed: the sender's, or all if it is ours."""
    if witness.own or witness.source is None:
        return tuple(filter(usable, witness.sighting.addresses))
    return (witness.source,) if usable(witness.source) else ()


def embedded_mac(address: Address) -> str | None:
    """The MAC in an EUI-64 interface identifier, None if the address holds none."""
    if not isinstance(address, IPv6Address):
        return None
    tail = address.packed[8:]
    if tail[3:5] != b"\xff\xfe":
        return None
    return normal(":".join(f"{byte:02x}" for byte in (tail[0] ^ 2, *tail[1:3], *tail[5:])))


def _owners(witnesses: Sequence[Witness]) -> dict[Address, str]:
    """The MAC of each address, where there is no doubt."""
    told: dict[Address, set[str]] = defaultdict(set)
    spoke: dict[Address, set[str]] = defaultdict(set)
    for witness in witnesses:
        mac = normal(witness.sighting.mac)
        for address in backed(witness) if mac else ():
            (told if witness.own else spoke)[address].add(str(mac))
    private = (a for a in told if a.version == 4 and not a.is_global)
    has_ipv4 = {mac for address in private for mac in told[address]}
    for address, macs in spoke.items():
        if address in told or (isinstance(address, IPv4Address) and address.is_global):
            continue
        kept = macs - has_ipv4 if address.version == 4 else macs
        if kept:
            told[address] = kept
    return _undisputed(told)


def _undisputed(told: Mapping[Address, set[str]]) -> dict[Address, str]:
    """One MAC per address: of several, the one that is told of fewest addresses, if there is one;
    none where the MAC stands for more addresses than a device has.
    """
    count: dict[tuple[str, int], int] = defaultdict(int)
    for address, macs in told.items():
        for mac in macs:
            count[mac, address.version] += 1
    owners: dict[Address, str] = {}
    for address, macs in told.items():
        fewest = min(count[mac, address.version] for mac in macs)
        best = [mac for mac in macs if count[mac, address.version] == fewest]
        if len(best) == 1 and fewest <= (MOST_IPV4 if address.version == 4 else MOST_IPV6):
            owners[address] = best[0]
    return owners


def _join_embedded(groups: Groups) -> None:
    """An address that holds a MAC is that device's. Where no frame showed the MAC it proves none:
    but all that hold it are one device's.
    """
    with_mac = {groups.find(node) for node in groups.parent if isinstance(node, str)}
    first: dict[str, Node] = {node: node for node in groups.parent if isinstance(node, str)}
    for address in sorted((n for n in groups.parent if not isinstance(n, str)), key=order):
        mac = embedded_mac(address)
        if mac and groups.find(address) not in with_mac:
            groups.join(address, first.setdefault(mac, address))


def _claims(witnesses: Sequence[Witness]) -> dict[Address, set[Address]]:
    """What each sender says of addresses other than the one it spoke from."""
    claims: dict[Address, set[Address]] = defaultdict(set)
    for witness in witnesses:
        if not witness.own and witness.source is not None and usable(witness.source):
            others = set(filter(usable, witness.sighting.addresses)) - {witness.source}
            claims[witness.source] |= others
    return {
        source: set(sorted(others, key=order)[:MOST_CLAIMS]) for source, others in claims.items()
    }


def _join_mutual(groups: Groups, claims: Mapping[Address, set[Address]]) -> None:
    """Join what names each other. Two MACs speak against it: a sender's address can be forged."""
    macs: dict[Node, Node] = {groups.find(n): n for n in groups.parent if isinstance(n, str)}
    for source in sorted(claims, key=order):
        for other in sorted(claims[source], key=order):
            if source not in claims.get(other, ()):
                continue
            found = {macs.get(groups.find(source)), macs.get(groups.find(other))} - {None}
            if len(found) <= 1:
                groups.join(source, other)
                macs |= {groups.find(source): mac for mac in found if mac is not None}


def _join_orphans(groups: Groups, claims: Mapping[Address, set[Address]]) -> None:
    """Give a device the addresses that it alone names and that nobody was seen to use."""
    claimants: dict[Address, set[Node]] = defaultdict(set)
    for source, others in claims.items():
        for other in others:
            if other not in groups.parent:
                claimants[other].add(groups.find(source))
    for address, sources in claimants.items():
        if len(sources) == 1:
            groups.join(address, next(iter(sources)))


def _words(witnesses: Sequence[Witness]) -> dict[str, set[Address]]:
    """The addresses behind each UPnP id and each host name that is not everyone's."""
    users: dict[str, set[Address]] = defaultdict(set)
    for witness in witnesses:
        udn = witness.sighting.traits.get("udn", "")
        names = [name.lower().removesuffix(".local") for name in witness.sighting.names]
        for word in [udn.lower(), *names]:
            if len(word) >= 5 and word not in _GENERIC:
                users[word].update(backed(witness))
    return users


def _join_words(groups: Groups, users: Mapping[str, set[Address]]) -> None:
    """Join an IPv4 side and an IPv6 side of which at most one has a MAC."""
    parts: dict[Node, set[str]] = defaultdict(set)
    for node in groups.parent:
        part = "mac" if isinstance(node, str) else str(node.version)
        parts[groups.find(node)].add(part)
    for word in sorted(users):
        roots = {groups.find(address) for address in users[word]}
        if len(roots) != 2:
            continue
        one, other = roots
        if not parts[one] & parts[other]:
            groups.join(one, other)
            parts[groups.find(one)] = parts[one] | parts[other]
