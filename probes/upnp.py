"""UPnP: the device description that SSDP pointed to, and what a router's port control gives away.

Only reading actions are called. Whether AddPortMapping would work is judged from the service
description and from the answers to the reading actions, never by adding a mapping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urljoin

from iotscan.errors import Malformed
from iotscan.model import (
    Impact,
    Kind,
    Observation,
    Service,
    Transcript,
)
from iotscan.probe_api import LETTERS, Beginning, Login, Network, Opening, hear
from iotscan.protocols.http import codec as http
from iotscan.protocols.upnp import codec as upnp
from iotscan.protocols.upnp import igd as upnp_igd
from iotscan.protocols.upnp.reading import KINDS, read_transcript
from iotscan.protocols.upnp.ssdp import parse_url

# A router has WANIPConnection or WANPPPConnection, rarely both.
_MOST_WAN = 2
# Most servers close after each answer, and a conversation has two dozen connections: one for the
# description, two for each WAN service, the rest for mappings.
_MOST_MAPPINGS = 16


@dataclass(frozen=True, slots=True)
class UpnpProbe:
    name: str = "upnp"
    openings: Sequence[Opening] = ()
    impact: Impact = Impact.GREET
    emits: Sequence[Kind] = KINDS
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
        yield from read_transcript(talk)


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


PROBE = UpnpProbe()
