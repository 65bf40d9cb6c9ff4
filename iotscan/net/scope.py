"""From what the user named to what may be touched.

Only private, link-local and loopback addresses are taken on the user's word; anything else needs
an authorisation file. Names are resolved once, here, and exclusions always win.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice

from iotscan.errors import AuthorisationError, UsageError
from iotscan.model import Address, Scope, Subnet
from iotscan.net.addresses import subnet_of, zone_of
from iotscan.net.authorisation import Authorisation, example, load_authorisation
from iotscan.net.targets import PRIVATE, Resolver, Wanted, parse_target, system_resolver
from iotscan.probe_api import Attachment
from iotscan.settings import Settings

# 1,024 addresses: the largest network anybody has at home, swept in seconds. A /16 taken by
# mistake turns those into an hour.
LARGEST_UNASKED = 22
# As many as a discoverer is handed at most: a /16.
MOST_ADDRESSES = 65_536


@dataclass(frozen=True, slots=True)
class Targets:
    """What to scan: single addresses asked for by name, and networks in which to look for devices.

    ``edges`` are network and broadcast addresses, which belong to no device.
    """

    scope: Scope
    networks: tuple[Subnet, ...]
    named: tuple[Address, ...]
    edges: frozenset[Address] = frozenset()

    def addresses(self, limit: int = MOST_ADDRESSES) -> Iterator[Address]:
        """Every address within scope, once, named ones first, at most ``limit``.

        Networks too large to count through (an IPv6 /64) or without an interface (link-local
        ones) give none: their devices are found by what they announce.
        """
        return islice(self._all(), limit)

    def _all(self) -> Iterator[Address]:
        named = set(self.named)
        yield from (address for address in self.named if self.scope.admits(address))
        for place, network in enumerate(self.networks):
            if network.num_addresses > MOST_ADDRESSES or _inside(network, PRIVATE[-1]):
                continue
            earlier = self.networks[:place]
            for address in network:
                if address in named or address in self.edges or not self.scope.admits(address):
                    continue
                if not any(address in other for other in earlier):
                    yield address


def resolve_targets(
    settings: Settings,
    attachments: Sequence[Attachment],
    resolve: Resolver = system_resolver,
    *,
    today: Callable[[], date] = date.today,
) -> Targets:
    """What ``settings`` asks for, checked; the attached private networks if it names none.

    Sends nothing but what ``resolve`` needs to look up names. Raises UsageError, or its
    AuthorisationError, with what to do about it.
    """
    granted = load_authorisation(settings.authorisation, today)
    chosen = _chosen(settings.interfaces, attachments)
    parse = partial(parse_target, resolve=resolve)
    wanted = [parse(text) for text in settings.targets] or list(_attached(chosen))
    deny = tuple(net for text in settings.exclude for net in parse(text).networks)
    allow = tuple(dict.fromkeys(net for each in wanted for net in each.networks))
    for each in wanted:
        _check(each, granted, today)
    scope = Scope(allow, deny, _interfaces(settings, chosen, wanted), settings.impact)
    named = tuple(dict.fromkeys(a for each in wanted for a in each.named if scope.admits(a)))
    networks = tuple(net for net in allow if net.prefixlen < net.max_prefixlen)
    targets = Targets(scope, networks, named, frozenset(_edges(wanted, attachments)))
    _check_size(targets)
    return targets


def _chosen(names: Sequence[str], attachments: Sequence[Attachment]) -> list[Attachment]:
    known = [attachment.name for attachment in attachments]
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none with a network"
            raise UsageError(f"there is no interface {name} to scan from; there are: {listed}")
    return [each for each in attachments if not names or each.name in names]


def _attached(chosen: Sequence[Attachment]) -> Iterator[Wanted]:
    """The private networks of these interfaces, loopback left out."""
    found = False
    for attachment in chosen:
        for network in _networks_of(attachment):
            if network.is_loopback or not any(map(partial(_inside, network), PRIVATE)):
                continue
            if network.version == 4 and network.prefixlen < LARGEST_UNASKED:
                raise UsageError(
                    f"{network} on {attachment.name} has {network.num_addresses:,} addresses, too"
                    f" many to scan unasked: name a smaller network or addresses as targets (a"
                    f" /{LARGEST_UNASKED} or smaller), or choose another interface"
                )
            found = True
            yield Wanted(str(network), (network,), whole=True)
    if not found:
        raise UsageError(
            "no private network is attached to this machine: name what to scan, as in"
            " 192.168.1.0/24"
        )


def _check(wanted: Wanted, granted: Authorisation, today: Callable[[], date]) -> None:
    """Refuse what is neither private nor covered by the authorisation."""
    for network in wanted.networks:
        if any(_inside(network, private) for private in PRIVATE) or granted.covers(network):
            continue
        known = wanted.text in (str(network), str(network.network_address))
        what = wanted.text if known else f"{wanted.text} ({network})"
        raise AuthorisationError(
            f"{what} lies outside the private, link-local and loopback ranges and is not scanned."
            " If its owner allows it, write a file such as\n\n"
            + example(f'"{network}"', today)
            + "\n\nand pass it with --authorisation FILE"
        )
    for address in wanted.named:
        if _inside(subnet_of(address), PRIVATE[-1]) and not zone_of(address):
            raise UsageError(
                f"{address} is link-local and exists on every interface: say which, as in"
                f" {address}%eth0"
            )


def _check_size(targets: Targets) -> None:
    total = sum(net.num_addresses for net in targets.networks if net.version == 4)
    if total > MOST_ADDRESSES:
        raise UsageError(
            f"the targets hold {total:,} addresses; one scan takes {MOST_ADDRESSES:,} at most: name"
            " fewer, or scan them one part after the other"
        )
    if not targets.named and all(
        any(_inside(net, denied) for denied in targets.scope.deny) for net in targets.networks
    ):
        raise UsageError("everything that was named is excluded too: nothing is left to scan")


def _interfaces(
    settings: Settings, chosen: Sequence[Attachment], wanted: Sequence[Wanted]
) -> tuple[str, ...]:
    """The interfaces chosen, or those whose networks overlap what is wanted."""
    if settings.interfaces:
        return settings.interfaces
    zones = {zone_of(address) for each in wanted for address in each.named} - {""}
    zoned = {net for each in wanted for net in each.networks if any(map(zone_of, each.named))}
    plain = [net for each in wanted for net in each.networks if net not in zoned]
    covered = {
        attachment.name
        for attachment in chosen
        if any(net.overlaps(own) for own in _networks_of(attachment)
               for net in plain if net.version == own.version)
    }  # fmt: skip
    return tuple(sorted(zones | covered))


def _edges(wanted: Sequence[Wanted], attachments: Sequence[Attachment]) -> Iterator[Address]:
    """Network and broadcast addresses: of attached networks, and of named ones beyond these.

    A part of another network has no edges of its own, and a range never has.
    """
    attached = [net for each in attachments for net in _networks_of(each)]
    for network in attached:
        yield from _ends(network)
    named = [net for each in wanted if each.whole for net in each.networks]
    for network in named:
        if not any(network != outer and _inside(network, outer) for outer in attached + named):
            yield from _ends(network)


def _ends(network: Subnet) -> tuple[Address, ...]:
    if network.version == 6 or network.prefixlen >= 31:  # RFC 3021: a /31 has two hosts
        return ()
    return network.network_address, network.broadcast_address


def _networks_of(attachment: Attachment) -> Iterator[Subnet]:
    for address, prefix in zip(attachment.addresses, attachment.prefixes, strict=True):
        yield subnet_of(address, prefix)


def _inside(inner: Subnet, outer: Subnet) -> bool:
    return (
        inner.version == outer.version
        and inner.network_address in outer
        and inner.broadcast_address in outer
    )
