"""Who sent frames: each MAC with the addresses that are its own, as far as frames alone tell.

A router sends from the addresses of everybody it forwards for, so an address is taken for a
station's own only where there is little else to believe: it went to a group that is never
forwarded, or it is the only one of its sort. What ARP, neighbour discovery, DHCP and announcements
say comes from their own readers, and weighs more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from iotscan.model import Address, Proof, Sighting

# Addresses kept per station: a home router forwards for the whole internet.
MOST_ADDRESSES = 64
MOST_STATIONS = 4096
NOBODY = (b"", bytes(6))
# With how many hops systems send; what goes to groups may have less, to stay in the house.
_FIRST_HOPS, _OF_GROUPS = (30, 32, 60, 64, 128, 255), 8


def _distance(hops: int) -> int:
    """How far away a sender is at the least: how many hops were taken off, and then how few are
    left (of equal guesses the one with more hops left is the nearer).
    """
    taken = 0 if hops <= _OF_GROUPS else min(n - hops for n in _FIRST_HOPS if n >= hops)
    return taken << 8 | 255 - hops


_DISTANCES = tuple(map(_distance, range(256)))
_NEAR = 255


@dataclass
class Stations:
    """Feed it each frame's MAC and source address, then take ``sightings``. ``unlisted``: frames of
    stations beyond those that are kept.
    """

    unlisted: int = 0
    _known: dict[bytes, dict[bytes, int]] = field(default_factory=dict)
    _on_link: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    _distances: dict[tuple[bytes, bytes], int] = field(default_factory=dict)

    def add(self, mac: bytes, address: bytes, frame: int, *, to_group: bool, hops: int = 0) -> None:
        """One frame. ``address`` is b"" where there is none; ``to_group``: it cannot have been
        forwarded; ``hops``: how many more it may take.
        """
        mac = b"" if mac in NOBODY else mac
        known = self._known.get(mac)
        if known is None:
            if mac and mac[0] & 1:
                return
            if len(self._known) >= MOST_STATIONS:
                self.unlisted += 1
                return
            known = self._known[mac] = {b"": frame}
        distance = _DISTANCES[hops]
        if address not in known and (len(known) < MOST_ADDRESSES or not mac):
            known[address] = frame
            self._distances[mac, address] = distance
        elif distance < self._distances.get((mac, address), 0):
            self._distances[mac, address] = distance
        if to_group and address and len(self._on_link) < MOST_STATIONS:
            self._on_link.setdefault((mac, address), frame)

    def sightings(self) -> Iterator[Sighting]:
        """Every station, and every address that is its own."""
        private = any(
            _is_local(address) and not address.is_link_local
            for known in self._known.values()
            for address in map(parsed, filter(None, known))
        )
        on_link: dict[bytes, dict[bytes, int]] = defaultdict(dict)
        for (mac, raw), frame in self._on_link.items():
            on_link[mac][raw] = frame
        # Whoever forwards takes a hop off (RFC 791): of several senders it is the nearest.
        nearest: dict[bytes, int] = {}
        for (_, raw), distance in self._distances.items():
            nearest[raw] = min(nearest.get(raw, distance), distance)
        for mac, known in sorted(self._known.items()):
            addresses = {
                parsed(raw): frame
                for raw, frame in known.items()
                if raw and self._distances[mac, raw] <= nearest[raw]
            }
            if not mac:
                for address, frame in addresses.items():
                    if _is_local(address):
                        yield _sighting(address, None, frame)
                continue
            text = mac.hex(":")
            yield _sighting(None, text, known[b""])
            own = _own(addresses, lone_public=not private)
            own = {a: f for a, f in own.items() if not a.is_global or self._near(mac, a)}
            for raw, frame in on_link[mac].items():
                own.setdefault(parsed(raw), frame)
            for address, frame in own.items():
                yield _sighting(address, text, frame)

    def _near(self, mac: bytes, address: Address) -> bool:
        """Whether nothing says that its packets were forwarded."""
        return self._distances.get((mac, address.packed), 0) <= _NEAR


def _is_local(address: Address) -> bool:
    """Whether the address is no one's on the internet: private, link-local, reserved, loopback."""
    if address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255":
        return False
    return not address.is_global or address.is_reserved


@lru_cache(maxsize=8192)
def parsed(raw: bytes) -> Address:
    """The address of 4 or 16 bytes; an IPv4-mapped one is IPv4."""
    address = ip_address(raw)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _own(addresses: dict[Address, int], *, lone_public: bool) -> dict[Address, int]:
    """A lone private IPv4 address, a lone link-local one, and a lone one of any other sort if there
    is nothing else; public ones only where the capture's network has no private addresses at all.
    """
    local = {address: frame for address, frame in addresses.items() if _is_local(address)}
    own = _lone({a: f for a, f in local.items() if a.version == 4 and not a.is_loopback})
    own |= _lone({a: f for a, f in local.items() if a.version == 6 and a.is_link_local})
    rest = {a: f for a, f in addresses.items() if a not in own and not a.is_multicast}
    rest = {a: f for a, f in rest.items() if not a.is_unspecified and not a.is_loopback}
    if lone_public:
        for version in (4, 6):
            own |= _lone({a: f for a, f in rest.items() if a.version == version})
    elif not own:
        own |= _lone({a: f for a, f in rest.items() if _is_local(a)} if len(rest) == 1 else {})
    return own


def _lone(addresses: dict[Address, int]) -> dict[Address, int]:
    return addresses if len(addresses) == 1 else {}


def _sighting(address: Address | None, mac: str | None, frame: int) -> Sighting:
    addresses = () if address is None else (address,)
    source = f"m{(mac or '').replace(':', '')}"
    return Sighting("frames", addresses, mac, proof=Proof(source, frames=(frame,)))
