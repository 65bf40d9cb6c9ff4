"""Observations that no single conversation holds: about devices as wholes, addresses and time.

Pure functions of the inventory, of what readers observed, and of when the scan began. Like readers
they declare their kinds, and rules judge them like any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from iotscan.assess import profiles
from iotscan.assess.derived import capture, contacts, families, flaws, mud, ssh, support, tls, units
from iotscan.assess.inventory import about_itself, endpoint_order, owner_of
from iotscan.assess.links import embedded_mac
from iotscan.assess.reading import Contact
from iotscan.assess.rulebook import known_keys
from iotscan.model import (
    Address,
    Device,
    Endpoint,
    Fact,
    Kind,
    Observation,
    Proof,
    Recording,
    Service,
)

DEVICE = Kind(
    "inventory.device",
    {
        "open_services": int,
        "unknown_services": int,
        "model_readable": bool,
        "vendor": str,
        "model": str,
        "device_kind": str,
        "randomised_mac": bool,
    },
    "Once for every device; services are counted once, however many addresses they answer on.",
)
ADDRESS = Kind(
    "inventory.address",
    {"version": int, "global": bool, "link_local": bool, "eui64": bool, "matches_mac": bool},
    "Once for every address of a device. eui64: an IPv6 address that holds a MAC.",
)
PORT = Kind(
    "inventory.port",
    {
        "port": int,
        "transport": str,
        "service": str,
        "tls": bool,
        "recognised": bool,
        "family": str,
    },
    "For every port that is open or answered, whether or not anything was said to it. family: the"
    " products that the device is one of, where that is known.",
)
EXPOSURE = Kind(
    "inventory.exposure",
    {"global_address": bool, "mapped": bool, "reach": str, "external_port": int},
    "For every open port: whether the internet may reach it. reach is 'likely' (global IPv6 address"
    " or a router's port mapping), 'confirmed' (met at a global IPv4 address beyond this network)"
    " or 'none'. Of captures only for ports of this network.",
)
KINDS: tuple[Kind, ...] = (
    DEVICE,
    ADDRESS,
    PORT,
    EXPOSURE,
    *tls.KINDS,
    *ssh.KINDS,
    *capture.KINDS,
    *contacts.KINDS,
    *flaws.KINDS,
    *known_keys.KINDS,
    *units.KINDS,
    *mud.KINDS,
    *families.KINDS,
    *support.KINDS,
    *profiles.KINDS,
)


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is to derive from. After ``observations``: of captures, see ``Readings``."""

    recording: Recording
    devices: Sequence[Device]
    observations: Sequence[Observation]
    began: Mapping[str, float] = field(default_factory=dict)
    answers: Mapping[Endpoint, Proof] = field(default_factory=dict)
    contacts: Mapping[tuple[Address, Endpoint], Contact] = field(default_factory=dict)
    hours: int = 0


def derive(stock: Stock) -> tuple[Observation, ...]:
    """Every derived observation, device by device."""
    answers = {endpoint: (proof,) for endpoint, proof in stock.answers.items()}
    proofs = _proofs(stock.recording) | answers
    mapped = dict(_mappings(stock.observations))
    # In a capture a global address without a MAC is a server out there that somebody talked to.
    live = stock.recording.header.source == "scan"
    found: list[Observation] = []
    for device in stock.devices:
        found += _of_device(device, proofs)
        found += _of_addresses(device, proofs)
        for service in device.services:
            cited = proofs.get(service.endpoint, ())
            found.append(_port(device, service, cited))
            if live or device.mac is not None or not service.endpoint.address.is_global:
                found.append(_exposure(device, service, mapped, cited))
    owners = owner_of(stock.devices)
    found += contacts.contacts(stock.contacts, stock.observations, owners, stock.hours)
    found += contacts.legacy_clients(stock.observations, owners)
    began = {talk.id: talk.began for talk in stock.recording.transcripts} | dict(stock.began)
    found += tls.validity(stock.recording.header.started, began, stock.observations)
    said_of_itself = list(filter(about_itself, stock.observations))
    found += tls.shared(said_of_itself, owners)
    found += ssh.shared(said_of_itself, owners)
    found += units.units(stock.devices, said_of_itself, owners)
    found += mud.mud_urls(stock.devices)
    found += families.families(stock.devices, stock.recording.sweeps, said_of_itself)
    return tuple(found)


def _of_device(device: Device, proofs: Mapping[object, tuple[Proof, ...]]) -> Iterator[Observation]:
    if not device.addresses:
        return
    address = device.addresses[0]
    identity = device.identity
    doors = {(s.endpoint.transport, s.endpoint.port): s.name for s in device.services}
    facts: dict[str, Fact] = {
        "open_services": len(doors),
        "unknown_services": sum(name is None for name in doors.values()),
        "model_readable": bool(identity.model),
        "randomised_mac": device.randomised,
    }
    for word, value in (
        ("vendor", identity.vendor),
        ("model", identity.model),
        ("device_kind", identity.kind),
    ):
        if value:
            facts[word] = value
    seen = _sighted(device)
    swept = proofs.get(address, ())
    yield Observation(DEVICE.name, facts, address, None, tuple(dict.fromkeys((*swept, *seen))))


def _of_addresses(
    device: Device, proofs: Mapping[object, tuple[Proof, ...]]
) -> Iterator[Observation]:
    for address in device.addresses:
        facts: dict[str, Fact] = {
            "version": address.version,
            "global": address.is_global,
            "link_local": address.is_link_local,
        }
        if isinstance(address, IPv6Address):
            mac = embedded_mac(address)
            facts["eui64"] = mac is not None
            if mac and device.mac:
                facts["matches_mac"] = mac == device.mac
        seen = tuple(s.proof for s in device.sightings if address in s.addresses and s.proof.source)
        cited = tuple(dict.fromkeys((*seen, *proofs.get(address, ()))))[:4]
        yield Observation(ADDRESS.name, facts, address, None, cited)


def _port(device: Device, service: Service, cited: tuple[Proof, ...]) -> Observation:
    endpoint = service.endpoint
    facts: dict[str, Fact] = {
        "port": endpoint.port,
        "transport": endpoint.transport,
        "tls": service.tls,
        "recognised": service.name is not None,
    }
    if service.name is not None:
        facts["service"] = service.name
    if device.identity.family:
        facts["family"] = device.identity.family
    return Observation(PORT.name, facts, endpoint.address, endpoint, cited)


def _exposure(
    device: Device,
    service: Service,
    mapped: Mapping[tuple[str, str, int], tuple[Fact, tuple[Proof, ...]]],
    cited: tuple[Proof, ...],
) -> Observation:
    endpoint = service.endpoint
    outside = endpoint.address.is_global
    external = mapped.get((str(endpoint.address), endpoint.transport, endpoint.port))
    # A global IPv4 address without a MAC was met through a router, as anybody would meet it.
    confirmed = outside and endpoint.address.version == 4 and device.mac is None
    facts: dict[str, Fact] = {
        "global_address": outside,
        "reach": "confirmed" if confirmed else "likely" if outside or external else "none",
        "mapped": external is not None,
    }
    if external is not None:
        facts["external_port"] = external[0]
        cited = (*cited, *external[1])
    return Observation(EXPOSURE.name, facts, endpoint.address, endpoint, cited)


def _mappings(
    observations: Iterable[Observation],
) -> Iterator[tuple[tuple[str, str, int], tuple[Fact, tuple[Proof, ...]]]]:
    """(inside address, transport, port) → (port outside, proof), of every router's mapping list.

    Known by its facts, whichever reader listed it.
    """
    for observation in observations:
        facts = observation.facts
        inside, port = facts.get("internal_client"), facts.get("internal_port")
        transport, outside = facts.get("transport"), facts.get("external_port")
        if facts.get("enabled") is False or not isinstance(port, int) or outside is None:
            continue
        yield (str(inside), str(transport).lower(), port), (outside, observation.proofs)


def _proofs(recording: Recording) -> dict[object, tuple[Proof, ...]]:
    """What shows that an address or an endpoint answered: sweeps and conversations."""
    found: dict[object, list[Proof]] = defaultdict(list)
    for sweep in recording.sweeps:
        found[sweep.address].append(Proof(sweep.id))
        for endpoint in sweep.open:
            found[endpoint].append(Proof(sweep.id))
    for talk in recording.transcripts:
        first = next((i for i, turn in enumerate(talk.turns) if turn.sender == "server"), None)
        if first is not None:
            frame = talk.turns[first].frame
            frames = () if frame is None else (frame,)
            found[talk.service.endpoint].append(Proof(talk.id, (first,), frames=frames))
    return {key: tuple(proofs[:2]) for key, proofs in found.items()}


def _sighted(device: Device) -> tuple[Proof, ...]:
    return tuple(sighting.proof for sighting in device.sightings[:4] if sighting.proof.source)


def where(observation: Observation) -> tuple[object, ...]:
    """Sort key: by address and endpoint, then kind, then content."""
    place = observation.endpoint or Endpoint(observation.address, "tcp", 0)
    facts = sorted((name, repr(value)) for name, value in observation.facts.items())
    proofs = [(p.source, p.turns, p.file, p.frames) for p in observation.proofs]
    return (endpoint_order(place), observation.kind, facts, proofs)
