"""UPnP: the device description that SSDP pointed to, and what a router's port control gives away.

Only reading actions are called. Whether AddPortMapping would work is judged from the service
description and from the answers to the reading actions, never by adding a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urljoin

from iotscan.errors import Malformed
from iotscan.model import (
    Channel,
    Endpoint,
    Fact,
    Impact,
    Kind,
    Observation,
    Proof,
    Service,
    Transcript,
)
from iotscan.probe_api import LETTERS, Beginning, Login, Network, Opening, hear
from iotscan.protocols.common.identifiers import (
    DEVICE_NAME,
    DISCOVERY_IDENTIFIERS,
    holds_mac,
    holds_uuid,
    looks_personal,
)
from iotscan.protocols.http import codec as http
from iotscan.protocols.upnp import codec as upnp
from iotscan.protocols.upnp import igd as upnp_igd
from iotscan.protocols.upnp.overheard import OVERHEARD, read_overheard
from iotscan.protocols.upnp.ssdp import parse_url
from iotscan.text import clean

# A router has WANIPConnection or WANPPPConnection, rarely both.
_MOST_WAN = 2
# Most servers close after each answer, and a conversation has two dozen connections: one for the
# description, two for each WAN service, the rest for mappings.
_MOST_MAPPINGS = 16
_NO_SERIAL = re.compile(
    r"[0\s-]*|0?1?2345678\w*|none|null|n/?a|unknown|serial ?(?:number)?", re.IGNORECASE
)
# What stands in every description and every call: others' conversations without are not parsed.
_MARKS = (b"<root", b":root", b"<scpd", b":scpd", b"soapaction")

DESCRIPTION = Kind(
    "upnp.description",
    {
        "friendly_name": str,
        "manufacturer": str,
        "model": str,
        "model_number": str,
        "device_type": str,
        "udn": str,
        "serial": bool,
        "services": tuple,
        "encrypted": bool,
    },
    "For a device description that was fetched and read. serial: it holds a serial number.",
)
IGD = Kind(
    "upnp.igd",
    {
        "service": str,
        "add_action_described": bool,
        "mappings_readable": bool,
        "mappings": int,
        "mappings_complete": bool,
        "not_authorised": bool,
        "external_address": bool,
    },
    "For a router's WAN connection service that was asked. add_action_described: its description "
    "offers AddPortMapping; mappings_readable: it lists its port mappings to anybody; "
    "not_authorised: it answered that the caller may not.",
)
MAPPING = Kind(
    "upnp.mapping",
    {
        "external_port": int,
        "internal_client": str,
        "internal_port": int,
        "transport": str,
        "enabled": bool,
        "description": str,
        "lease": int,
    },
    "For every port mapping that a router listed. lease: seconds, 0 for ever.",
)


@dataclass(frozen=True, slots=True)
class UpnpProbe:
    name: str = "upnp"
    openings: Sequence[Opening] = ()
    impact: Impact = Impact.GREET
    emits: Sequence[Kind] = (
        DESCRIPTION,
        IGD,
        MAPPING,
        OVERHEARD,
        DISCOVERY_IDENTIFIERS,
        DEVICE_NAME,
    )
    begins = (Beginning("tcp", LETTERS),)

    def recognises(self, heard: bytes) -> bool:
        """Nothing: a description is an HTTP answer like any other, SSDP alone tells of it."""
        return False

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.hint.startswith("/")

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Fetch the description, and read what a router's WAN services tell."""
        answer = await _ask(net, service, "GET", service.hint)
        if answer is None or answer.status != 200:
            return
        description = upnp.parse_description(answer.body)
        wan = [one for one in description.services() if upnp_igd.WAN_SERVICE.fullmatch(one.type)]
        room = _MOST_MAPPINGS
        for entry in wan[:_MOST_WAN]:
            scpd = _place(service, description, entry.scpd_url)
            if scpd is not None:
                await _ask(net, scpd, "GET", scpd.hint)
            control = _place(service, description, entry.control_url)
            if control is not None:
                room -= await _read_wan(net, control, entry.type, room)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """Descriptions and mappings as they were read, then a sum for each WAN service."""
        wans: dict[str, _Wan] = {}
        described: list[bool] = []
        for channel, opened in enumerate(talk.channels):
            asked, answered = talk.said_by("client", channel), talk.said_by("server", channel)
            if talk.client is not None:
                said = (asked + answered).lower()
                if not any(mark in said for mark in _MARKS):
                    continue
            proof = Proof(talk.id, tuple(i for i, _ in talk.turns_of(channel)))
            for request, response in http.exchanges(asked, answered):
                yield from _described(response, opened, proof, wans)
                described += _offers_mapping(response)
                call = upnp_igd.called(request)
                if call is not None:
                    wan = wans.setdefault(call[0], _Wan(opened.endpoint))
                    yield from wan.take(call[1], response, opened.endpoint, proof)
        for service, wan in wans.items():
            yield wan.sum_up(service, any(described) if described else None)
        yield from read_overheard(talk)


@dataclass(slots=True)
class _Wan:
    """A WAN service in a transcript, with the proofs of what it said."""

    endpoint: Endpoint
    reading: upnp_igd.WanReading = field(default_factory=upnp_igd.WanReading)
    proofs: list[Proof] = field(default_factory=list)

    def take(
        self, action: str, response: http.Response, endpoint: Endpoint, proof: Proof
    ) -> Iterator[Observation]:
        known = len(self.reading.mappings)
        self.reading.take(action, response)
        self.endpoint = endpoint
        self.proofs.append(proof)
        for mapping in self.reading.mappings[known:]:
            facts: dict[str, Fact] = {
                "external_port": mapping.external_port,
                "internal_client": clean(mapping.internal_client),
                "internal_port": mapping.internal_port,
                "transport": mapping.transport,
                "description": clean(mapping.description),
            }
            if mapping.enabled is not None:
                facts["enabled"] = mapping.enabled
            if mapping.lease is not None:
                facts["lease"] = mapping.lease
            yield Observation(MAPPING.name, facts, endpoint.address, endpoint, (proof,))

    def sum_up(self, service: str, add_described: bool | None) -> Observation:
        reading = self.reading
        facts: dict[str, Fact] = {"service": clean(service)}
        known = {
            "add_action_described": add_described,
            "mappings_readable": reading.readable,
            "not_authorised": reading.not_authorised,
            "external_address": reading.external_address,
        }
        facts |= {name: value for name, value in known.items() if value is not None}
        if reading.readable:
            facts |= {"mappings": len(reading.mappings), "mappings_complete": reading.complete}
        where = self.endpoint
        return Observation(IGD.name, facts, where.address, where, tuple(self.proofs))


async def _ask(
    net: Network,
    place: Service,
    method: str,
    path: str,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
) -> http.Response | None:
    """One question on a connection of its own; None if it was closed without an answer.

    Raises Malformed where the answer is not HTTP. Redirections are not followed.
    """
    usual = 443 if place.tls else 80
    host = http.host_field(place.endpoint.address, place.endpoint.port, usual)
    async with net.tcp(place) as stream:
        await stream.write(http.build_request(method, path, host, headers, body))
        whole = partial(http.parse_response, limit=upnp.LARGEST)
        return await hear(stream, whole, at_end=partial(whole, closed=True))


async def _read_wan(net: Network, control: Service, kind: str, room: int) -> int:
    """Ask a WAN service for its outside address and its mappings; how many mappings it listed."""
    reading = upnp_igd.WanReading()
    calls: list[tuple[str, dict[str, str]]] = [(upnp_igd.GET_ADDRESS, {})]
    calls += [(upnp_igd.GET_MAPPING, {"NewPortMappingIndex": str(i)}) for i in range(room)]
    for action, arguments in calls:
        headers, body = upnp.soap_request(kind, action, arguments)
        answer = await _ask(net, control, "POST", control.hint, headers, body)
        more = answer is not None and reading.take(action, answer)
        if arguments and not more:
            break
    return len(reading.mappings)


def _place(service: Service, description: upnp.Description, url: str) -> Service | None:
    """Where a URL of the description leads, None if not to the same host by the same scheme."""
    scheme, usual = ("https", 443) if service.tls else ("http", 80)
    host = http.host_field(service.endpoint.address, service.endpoint.port, usual)
    try:
        base = urljoin(f"{scheme}://{host}{service.hint}", description.url_base)
        found = parse_url(urljoin(base, url))
    except (ValueError, Malformed):
        return None
    own = str(service.endpoint.address).partition("%")[0]
    if not url or str(found.host) != own or found.tls != service.tls:
        return None
    endpoint = replace(service.endpoint, port=found.port)
    return replace(service, endpoint=endpoint, hint=found.path)


def _described(
    response: http.Response, opened: Channel, proof: Proof, wans: dict[str, _Wan]
) -> Iterator[Observation]:
    """What a description says; its WAN services are noted in ``wans``."""
    try:
        description = upnp.parse_description(response.body)
    except Malformed:
        return
    where, root = opened.endpoint, description.root
    kinds = [entry.type for entry in description.services()]
    for kind in filter(upnp_igd.WAN_SERVICE.fullmatch, kinds):
        wans.setdefault(kind, _Wan(where, proofs=[proof]))
    serial = bool(root.serial) and not _NO_SERIAL.fullmatch(root.serial)
    texts = {
        "friendly_name": root.friendly_name,
        "manufacturer": root.manufacturer,
        "model": root.model_name,
        "model_number": root.model_number,
        "device_type": _short(root.type),
        "udn": root.udn,
    }
    facts: dict[str, Fact] = {fact: clean(text) for fact, text in texts.items() if clean(text)}
    facts |= {"serial": serial, "encrypted": opened.tls is not None}
    facts["services"] = tuple(dict.fromkeys(clean(_short(kind)) for kind in kinds))
    yield Observation(DESCRIPTION.name, facts, where.address, where, (proof,))
    said = [root.serial, root.udn, root.friendly_name, root.model_number]
    identifiers: dict[str, Fact] = {
        "via": "upnp",
        "serial": serial,
        "mac": holds_mac(said),
        "uuid": holds_uuid(said),
    }
    yield Observation(DISCOVERY_IDENTIFIERS.name, identifiers, where.address, where, (proof,))
    if name := clean(root.friendly_name):
        named: dict[str, Fact] = {"via": "upnp", "name": name}
        named["looks_personal"] = looks_personal(name)
        yield Observation(DEVICE_NAME.name, named, where.address, where, (proof,))


def _offers_mapping(response: http.Response) -> list[bool]:
    """Whether a WAN service's description offers AddPortMapping; [] for other answers."""
    try:
        actions = upnp.parse_scpd(response.body)
    except Malformed:
        return []
    return [upnp_igd.ADD in actions] if upnp_igd.GET_ADDRESS in actions else []


def _short(urn: str) -> str:
    """ "MediaServer" from urn:schemas-upnp-org:device:MediaServer:1."""
    parts = urn.split(":")
    return parts[3] if len(parts) == 5 else urn


PROBE = UpnpProbe()
