"""What a router's WAN connection service gives away, from the answers to its reading actions.

WANIPConnection:1 and :2 and WANPPPConnection:1 of the UPnP Forum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address

from iotscan.errors import Malformed
from iotscan.protocols.http.codec import Request, Response
from iotscan.protocols.upnp import codec as upnp

WAN_SERVICE = re.compile(r"urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:\d{1,2}")
ADD, GET_MAPPING, GET_ADDRESS = (
    "AddPortMapping",
    "GetGenericPortMappingEntry",
    "GetExternalIPAddress",
)
# The index is past the end of the list (WANIPConnection:2 §2.5.16).
_PAST_END = 713
# Action not authorized (UPnP Device Architecture §3.2.2), and what HTTP or older servers say.
_NOT_ALLOWED = (401, 403, 606)


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A door in the router: ``external_port`` leads to ``internal_port`` of ``internal_client``.

    ``enabled`` and ``lease`` (seconds, 0 for ever) are None where they were not readable.
    """

    external_port: int
    transport: str
    internal_client: str
    internal_port: int
    enabled: bool | None = None
    lease: int | None = None
    description: str = ""


@dataclass(slots=True)
class WanReading:
    """What the answers of one WAN service add up to; None for what no answer told."""

    mappings: list[PortMapping] = field(default_factory=list)
    readable: bool | None = None
    complete: bool = False
    not_authorised: bool | None = None
    external_address: bool | None = None

    def take(self, action: str, response: Response) -> bool:
        """Learn from one answer; whether the next index is worth asking for."""
        answer = _answer(response)
        if answer is None:
            return False
        refused = isinstance(answer, upnp.Fault) and answer.code in _NOT_ALLOWED
        self.not_authorised = refused or bool(self.not_authorised)
        if action == GET_ADDRESS and isinstance(answer, upnp.Reply):
            self.external_address = _is_address(answer.values.get("NewExternalIPAddress", ""))
        return action == GET_MAPPING and self._take_mapping(answer, refused)

    def _take_mapping(self, answer: upnp.Reply | upnp.Fault, refused: bool) -> bool:
        if isinstance(answer, upnp.Reply):
            mapping = _read_mapping(answer)
            self.readable = True
            self.mappings += [mapping] if mapping else []
            return True
        if answer.code == _PAST_END or self.readable:
            # After a first entry every fault is the list's end: some routers say 402 or 714.
            self.readable = self.complete = True
        elif refused:
            self.readable = False
        return False


def _read_mapping(reply: upnp.Reply) -> PortMapping | None:
    """The mapping in a GetGenericPortMappingEntry answer; None if its numbers cannot be read."""
    said = reply.values
    outside, inside = (
        _number(said.get(name, "")) for name in ("NewExternalPort", "NewInternalPort")
    )
    transport = said.get("NewProtocol", "").lower()
    if outside is None or inside is None or transport not in ("tcp", "udp"):
        return None
    return PortMapping(
        outside,
        transport,
        said.get("NewInternalClient", ""),
        inside,
        {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(
            said.get("NewEnabled", "").lower()
        ),
        _number(said.get("NewLeaseDuration", "")),
        said.get("NewPortMappingDescription", ""),
    )


def called(request: Request) -> tuple[str, str] | None:
    """(service type, action) of a SOAP call to a WAN service, by its SOAPACTION; else None."""
    service, _, action = request.header("soapaction").strip('" ').partition("#")
    if request.method != "POST" or not WAN_SERVICE.fullmatch(service):
        return None
    return service, action


def _answer(response: Response) -> upnp.Reply | upnp.Fault | None:
    if response.status in _NOT_ALLOWED:
        return upnp.Fault(response.status, response.reason)
    try:
        return upnp.parse_soap(response.body) if response.complete else None
    except Malformed:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _is_address(text: str) -> bool:
    try:
        return not ip_address(text).is_unspecified
    except ValueError:
        return False
