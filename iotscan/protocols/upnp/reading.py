"""What descriptions of UPnP devices and answers of routers prove, our own and overheard ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from iotscan.errors import Malformed
from iotscan.model import (
    Channel,
    Endpoint,
    Fact,
    Kind,
    Observation,
    Proof,
    Transcript,
)
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
from iotscan.text import clean

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
KINDS = (DESCRIPTION, IGD, MAPPING, OVERHEARD, DISCOVERY_IDENTIFIERS, DEVICE_NAME)


def read_transcript(talk: Transcript) -> Iterator[Observation]:
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
