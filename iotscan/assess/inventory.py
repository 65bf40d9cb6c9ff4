"""Sightings, sweeps and conversations become devices: one for each real one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from iotscan.assess.links import Groups, Node, backed, group, order
from iotscan.assess.oui import is_random, normal
from iotscan.model import (
    Address,
    Device,
    Endpoint,
    Observation,
    Service,
    Sighting,
    Sweep,
    Transcript,
)

if TYPE_CHECKING:  # readers and their plug-ins are much to load for who compares two reports
    from iotscan.assess.reading import Witness

# Kept per device; one that invents names by the thousand gets no more room than this.
MOST_NAMES, MOST_SIGHTINGS = 16, 128
# Whose names are the host's own, and not of what it serves: these are kept of many.
_OF_HOSTS = frozenset({"dhcp", "dhcpv6", "llmnr", "netbios", "lldp", "cdp"})


def take_stock(
    witnesses: Sequence[Witness],
    sweeps: Sequence[Sweep],
    transcripts: Sequence[Transcript],
    heard: Iterable[Address] = (),
    answered: Iterable[Service] = (),
) -> tuple[Device, ...]:
    """The devices, lowest address first; the order of what is given does not matter.

    ``heard``: addresses that observations are about; ``answered``: services of a capture. Identity
    is left empty.
    """
    services = [*_services(sweeps, transcripts), *answered]
    alive = {sweep.address for sweep in sweeps if sweep.alive or sweep.open}
    alive |= {service.endpoint.address for service in services} | set(heard)
    groups = group(witnesses, sorted(alive, key=order))
    seen = _by_root(witnesses, groups)
    offered: dict[Node, list[Service]] = defaultdict(list)
    for service in services:
        offered[groups.find(service.endpoint.address)].append(service)
    udns = Counter(udn for sightings in seen.values() for udn in _udns(sightings))
    devices = [
        _device(nodes, seen.get(root, []), offered.get(root, []), udns)
        for root, nodes in groups.members().items()
    ]
    return tuple(sorted(devices, key=_place))


def about_itself(observation: Observation) -> bool:
    """Whether it tells of the device it is booked on, not of a server that the device talked to."""
    endpoint = observation.endpoint
    return endpoint is None or endpoint.address == observation.address


def peer_of(observation: Observation) -> Address | None:
    """The other side of the conversation that it is from, where that is told."""
    return _address(str(observation.facts.get("peer", "")))


# A few devices talk to each other again and again.
@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def owner_of(devices: Sequence[Device]) -> dict[Address, Device]:
    """The device behind each address."""
    return {address: device for device in devices for address in device.addresses}


def _by_root(witnesses: Sequence[Witness], groups: Groups) -> dict[Node, list[Sighting]]:
    """The distinct sightings of each device in canonical order."""
    found: dict[Node, dict[str, Sighting]] = defaultdict(dict)
    for witness in sorted(witnesses, key=lambda w: w.sighting.proof.source):
        sighting = witness.sighting
        mac = normal(sighting.mac)
        nodes: tuple[Node, ...] = backed(witness) or ((mac,) if mac else ())
        for root in {groups.find(node) for node in nodes if node in groups.parent}:
            found[root].setdefault(_content(sighting), sighting)
    return {root: [kept[key] for key in sorted(kept)] for root, kept in found.items()}


def _content(sighting: Sighting) -> str:
    """What a sighting says, without where it was read."""
    return repr(
        (
            sighting.source,
            *(str(a) for a in sighting.addresses),
            sighting.mac,
            sighting.names,
            sorted(sighting.traits.items()),
            sighting.leads,
        )
    )


def _device(
    nodes: Sequence[Node],
    sightings: Sequence[Sighting],
    services: Sequence[Service],
    udns: Mapping[str, int],
) -> Device:
    addresses = tuple(node for node in nodes if not isinstance(node, str))
    macs = sorted(
        (node for node in nodes if isinstance(node, str)), key=lambda m: (is_random(m), m)
    )
    mac = macs[0] if macs else None
    registered = mac if mac and not is_random(mac) else None
    # An id that two devices use identifies neither.
    own = next((udn for udn in _udns(sightings) if udns[udn] == 1), None)
    lowest = str(addresses[0]) if addresses else mac
    return Device(
        key=registered or own or lowest or "",
        addresses=addresses,
        mac=mac,
        randomised=mac is not None and is_random(mac),
        names=_names(sightings),
        services=tuple(sorted(services, key=lambda service: endpoint_order(service.endpoint))),
        sightings=_fairly(sightings),
    )


def _names(sightings: Sequence[Sighting]) -> tuple[str, ...]:
    """In order; of many those of the host first."""
    served: dict[str, bool] = {}
    for sighting in sightings:
        for name in filter(None, sighting.names):
            served[name] = served.get(name, True) and sighting.source not in _OF_HOSTS
    return tuple(sorted(sorted(served, key=lambda name: (served[name], name))[:MOST_NAMES]))


def _fairly(sightings: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """As many as are kept, in their order; of many some of each source."""
    if len(sightings) <= MOST_SIGHTINGS:
        return tuple(sightings)
    heard: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for place, sighting in enumerate(sightings):
        turns.append((heard[sighting.source], place))
        heard[sighting.source] += 1
    kept = sorted(place for _, place in sorted(turns)[:MOST_SIGHTINGS])
    return tuple(sightings[place] for place in kept)


def _udns(sightings: Sequence[Sighting]) -> list[str]:
    return sorted({udn for sighting in sightings if (udn := sighting.traits.get("udn"))})


def _services(sweeps: Sequence[Sweep], transcripts: Sequence[Transcript]) -> list[Service]:
    """What answered, one per endpoint: ports found open, and all that said something."""
    found = {endpoint: Service(endpoint) for sweep in sweeps for endpoint in sweep.open}
    for talk in sorted(transcripts, key=lambda talk: (talk.began, talk.id)):
        endpoint = talk.service.endpoint
        if endpoint not in found and not any(turn.sender == "server" for turn in talk.turns):
            continue
        tls = talk.service.tls or any(channel.tls is not None for channel in talk.channels)
        known = found.get(endpoint, Service(endpoint))
        found[endpoint] = replace(
            known,
            name=known.name or talk.service.name,
            tls=known.tls or tls,
            hint=known.hint or talk.service.hint,
        )
    return list(found.values())


def endpoint_order(endpoint: Endpoint | None) -> tuple[tuple[int, int, str], str, int]:
    """By address, then transport, then port; None first."""
    if endpoint is None:
        return ((0, 0, ""), "", 0)
    return (order(endpoint.address), endpoint.transport, endpoint.port)


def _place(device: Device) -> tuple[tuple[int, int, str], str]:
    return (order(device.addresses[0]) if device.addresses else (99, 0, ""), device.key)
