"""UPnP devices by SSDP: searches to the groups and to single hosts, and notices. UPnP DA 2.0 §1."""

from __future__ import annotations

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
from iotscan.protocols.common.identifiers import DISCOVERY_IDENTIFIERS, holds_mac, holds_uuid
from iotscan.protocols.http.codec import host_field
from iotscan.protocols.upnp import ssdp
from iotscan.text import clean

# Some devices answer only to a search for what they are, others only to ssdp:all.
TARGETS = (
    ssdp.ALL,
    "upnp:rootdevice",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:device:MediaServer:1",
    "urn:schemas-upnp-org:device:MediaRenderer:1",
    "urn:schemas-upnp-org:device:Basic:1",
    "urn:dial-multiscreen-org:service:dial:1",
)
GROUPS = (ssdp.GROUP, *ssdp.GROUPS_V6)
_MX = 1  # seconds; the least that the standard allows, and as long as discovery should wait

ANNOUNCEMENT = Kind(
    "ssdp.announcement",
    {"said": str, "target": str, "server": str, "location_elsewhere": bool, "over_tls": bool},
    "For every answer and notice. location_elsewhere: its LOCATION names another host than the "
    "sender, which was not followed; over_tls: the description is served by https.",
)


@dataclass(frozen=True, slots=True)
class SsdpDiscoverer:
    name: str = "ssdp"
    hears: Sequence[tuple[str, int]] = (("udp", 1900),)
    emits: Sequence[Kind] = (ANNOUNCEMENT, DISCOVERY_IDENTIFIERS)

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Search twice, the second time also among the hosts that others found meanwhile."""
        await ask_twice(air, self.name, ssdp.PORT, GROUPS, targets, self._search)

    async def _search(self, air: Airwaves, hosts: Sequence[Address]) -> None:
        for group in GROUPS if air.interfaces else (ssdp.GROUP,):
            host = host_field(group, ssdp.PORT)
            for target in TARGETS:
                data = ssdp.search(target, host, _MX)
                await air.ask(self.name, data, port=ssdp.PORT, group=group)
        for address in hosts:
            data = ssdp.search(ssdp.ALL, host_field(address, ssdp.PORT), _MX)
            await air.ask(self.name, data, port=ssdp.PORT, to=address)

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender, and where it says its description is; a farewell says nothing."""
        try:
            said = ssdp.parse(packet.data)
        except Malformed:
            return
        source = packet.source
        if source is None or source.is_multicast or said.farewell:
            return
        location = _location(said)
        elsewhere = _elsewhere(location, source, packet)
        lead = None if location is None or elsewhere is not False else _lead(location, source)
        yield Sighting(
            self.name,
            (source,),
            packet.mac,
            traits=_traits(said),
            leads=() if lead is None else (lead,),
            proof=Proof.of(packet),
        )
        if said.said != "search":
            yield from self._announced(said, source, packet, location, elsewhere)

    def _announced(
        self,
        said: ssdp.Announcement,
        source: Address,
        packet: Packet,
        location: ssdp.Url | None,
        elsewhere: bool | None,
    ) -> Iterator[Observation]:
        """What an answer or a notice gives away of the device, beside that it is there."""
        facts: dict[str, Fact] = {"said": said.said, "target": clean(said.target)}
        if said.server:
            facts["server"] = clean(said.server)
        if elsewhere is not None:
            facts["location_elsewhere"] = elsewhere
        if location is not None:
            facts["over_tls"] = location.tls
        proofs = (Proof.of(packet),)
        yield Observation(ANNOUNCEMENT.name, facts, source, proofs=proofs)
        texts = (said.usn, said.location, said.server)
        identifiers: dict[str, Fact] = {
            "via": self.name,
            "serial": False,
            "mac": holds_mac(texts, packet.mac),
            "uuid": holds_uuid(texts),
        }
        yield Observation(DISCOVERY_IDENTIFIERS.name, identifiers, source, proofs=proofs)


def _traits(said: ssdp.Announcement) -> dict[str, str]:
    if said.said == "search":
        # What it looks for is not what it is; which of its programs looks may tell that.
        traits = {"agent": clean(said.server)}
    else:
        traits = {"server": clean(said.server), "udn": clean(said.udn), "kind": clean(said.kind)}
    return {key: text for key, text in traits.items() if text}


def _location(said: ssdp.Announcement) -> ssdp.Url | None:
    try:
        return ssdp.parse_url(said.location) if said.location else None
    except Malformed:
        return None


def _elsewhere(location: ssdp.Url | None, source: Address, packet: Packet) -> bool | None:
    """Whether the description lies on another host; None where the words do not tell.

    A name could be the sender's, and so could an IPv4 address in an answer over IPv6.
    """
    if location is None or location.host is None:
        return None
    if location.host.version != source.version:
        return None
    return zoned(location.host, packet) != source


def _lead(location: ssdp.Url, source: Address) -> Service:
    endpoint = Endpoint(source, "tcp", location.port)
    return Service(endpoint, "upnp", location.tls, location.path)


DISCOVERER = SsdpDiscoverer()
