"""Cameras, printers and computers by WS-Discovery: probes to the group and to single hosts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.discovery.asking import ask_twice, zoned
from iotscan.errors import Malformed
from iotscan.model import (
    Address,
    Endpoint,
    Fact,
    Kind,
    Observation,
    Packet,
    Proof,
    Service,
    Sighting,
)
from iotscan.probe_api import Airwaves
from iotscan.protocols import wsd
from iotscan.protocols.common.identifiers import DISCOVERY_IDENTIFIERS, holds_mac, holds_uuid
from iotscan.protocols.upnp.ssdp import Url, parse_url
from iotscan.text import clean

GROUPS = (wsd.GROUP, wsd.GROUP_V6)
_MOST_LEADS = 4

ANNOUNCEMENT = Kind(
    "wsd.announcement",
    {"said": str, "types": tuple, "model": str, "location": str, "address_elsewhere": bool},
    "For every device that answered a probe or announced itself. location: what it says of where it"
    " stands; address_elsewhere: it names a service on another host, which was not followed.",
)


@dataclass(frozen=True, slots=True)
class WsdDiscoverer:
    name: str = "wsd"
    hears: Sequence[tuple[str, int]] = (("udp", wsd.PORT),)
    emits: Sequence[Kind] = (ANNOUNCEMENT, DISCOVERY_IDENTIFIERS)

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Probe twice, the second time also those that others found meanwhile."""
        await ask_twice(air, self.name, wsd.PORT, GROUPS, targets, self._probe)

    async def _probe(self, air: Airwaves, hosts: Sequence[Address]) -> None:
        for camera in (False, True):
            data = wsd.probe(str(uuid.uuid4()), camera)
            for group in GROUPS if air.interfaces else (wsd.GROUP,):
                await air.ask(self.name, data, port=wsd.PORT, group=group)
        for host in hosts:
            data = wsd.probe(str(uuid.uuid4()))
            await air.ask(self.name, data, port=wsd.PORT, to=host)

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender, what it is, and where its services are; a farewell says nothing."""
        source = packet.source
        try:
            said = wsd.parse(packet.data)
        except Malformed:
            return
        if source is None or source.is_multicast or said.said == "farewell":
            return
        proof = Proof.of(packet)
        if said.said == "question":
            yield Sighting(self.name, (source,), packet.mac, proof=proof)
            return
        for match in said.matches[:1]:  # a discovery proxy's other matches are other hosts
            yield _sighting(match, packet, source, proof)
            yield from _observations(match, said.said, packet, source, proof)


def _sighting(match: wsd.Match, packet: Packet, source: Address, proof: Proof) -> Sighting:
    own = [url for url in _urls(match) if _where(url, packet) == source]
    name = clean(match.scope("name"))
    traits = {
        "model": clean(match.scope("hardware")),
        "kind": "camera" if wsd.CAMERA in match.types else "",
        "udn": clean(match.reference.rpartition(":")[2].lower()),
    }
    leads = dict.fromkeys(
        Service(
            Endpoint(source, "tcp", url.port),
            "onvif" if match.is_onvif else None,
            url.tls,
            url.path if match.is_onvif else "",
        )
        for url in own[:_MOST_LEADS]
    )
    return Sighting(
        "wsd",
        (source,),
        packet.mac,
        names=(name,) if name else (),
        traits={key: text for key, text in traits.items() if text},
        leads=tuple(leads),
        proof=proof,
    )


def _observations(
    match: wsd.Match, said: str, packet: Packet, source: Address, proof: Proof
) -> Iterator[Observation]:
    facts: dict[str, Fact] = {"said": said, "types": tuple(clean(t, 64) for t in match.types)}
    for word, scope in (("model", "hardware"), ("location", "location")):
        if text := clean(match.scope(scope)):
            facts[word] = text
    places = [_where(url, packet) for url in _urls(match)]
    known = [place for place in places if place is not None and place.version == source.version]
    if known:
        facts["address_elsewhere"] = any(place != source for place in known)
    yield Observation(ANNOUNCEMENT.name, facts, source, proofs=(proof,))
    texts = (match.reference, *match.scopes)
    identifiers: dict[str, Fact] = {
        "via": "wsd",
        "serial": bool(match.scope("serial")),
        "mac": holds_mac(texts, packet.mac),
        "uuid": holds_uuid(texts),
    }
    yield Observation(DISCOVERY_IDENTIFIERS.name, identifiers, source, proofs=(proof,))


def _urls(match: wsd.Match) -> Iterator[Url]:
    for text in match.addresses:
        try:
            yield parse_url(text)
        except Malformed:
            continue


def _where(url: Url, packet: Packet) -> Address | None:
    return zoned(url.host, packet) if url.host is not None else None


DISCOVERER = WsdDiscoverer()
