"""WS-Discovery: probes, and what devices answer and announce. OASIS 1.1, and the draft of April
2005 that cameras and printers speak (its names differ by namespaces alone, which are left aside).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from iotscan.errors import Malformed
from iotscan.protocols.encodings import xmltree

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PORT = 3702
GROUP = IPv4Address("239.255.255.250")
GROUP_V6 = IPv6Address("ff02::c")
# ONVIF Core Specification section 7.3.2.2: what cameras answer to; some answer to nothing else.
CAMERA = "NetworkVideoTransmitter"
_ONVIF = "http://www.onvif.org/ver10/network/wsdl"
_MOST_MATCHES = 8
_MOST_WORDS = 32
_SCOPE = re.compile(r"onvif://www\.onvif\.org/(\w{1,32})/([^/\s]{1,128})", re.IGNORECASE)
_MESSAGES: dict[str, Literal["answer", "notice", "farewell", "question"]] = {
    "ProbeMatches": "answer",
    "ResolveMatches": "answer",
    "Hello": "notice",
    "Bye": "farewell",
    "Probe": "question",
    "Resolve": "question",
}


@dataclass(frozen=True, slots=True)
class Match:
    """One device: its lasting address ("urn:uuid:…"), types without prefixes, scopes, and the
    addresses of its services as written.
    """

    reference: str
    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def scope(self, kind: str) -> str:
        """What an ONVIF scope says: of "name", "hardware", "location" … ("" for none)."""
        for scope in self.scopes:
            found = _SCOPE.match(scope)
            if found and found[1].lower() == kind:
                return unquote(found[2]).strip()
        return ""

    @property
    def is_onvif(self) -> bool:
        """Whether it says that it speaks ONVIF."""
        return CAMERA in self.types or any(_SCOPE.match(scope) for scope in self.scopes)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What one datagram says, and of which devices."""

    said: Literal["answer", "notice", "farewell", "question"]
    matches: tuple[Match, ...] = ()


def probe(message_id: str, camera: bool = False) -> bytes:
    """A Probe for every device, or for cameras alone. ``message_id``: a UUID; devices answer to
    each only once.
    """
    wish = f'<d:Types xmlns:n="{_ONVIF}">n:{CAMERA}</d:Types>' if camera else ""
    # No shorter than it must be: how much larger the answer is counts against this length.
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>'
        "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>"
        f"<a:MessageID>urn:uuid:{message_id}</a:MessageID>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
        f"<s:Body><d:Probe>{wish}</d:Probe></s:Body></s:Envelope>"
    ).encode()


def parse(data: bytes) -> Announcement:
    """What a datagram says. Raises Malformed for what is not WS-Discovery."""
    if b"Envelope" not in data[:1024]:
        raise Malformed("not a SOAP message")
    root = xmltree.parse(data)
    body = xmltree.child(root, "Body")
    if xmltree.name(root) != "Envelope" or body is None or not len(body):
        raise Malformed("a SOAP message without a body")
    name = xmltree.name(body[0])
    if name not in _MESSAGES:
        raise Malformed("a SOAP message that is not WS-Discovery")
    said = _MESSAGES[name]
    if said == "question":
        return Announcement(said)
    listed = [item for item in body[0] if xmltree.name(item) == name.removesuffix("es")]
    entries = listed if name.endswith("Matches") else [body[0]]
    matches = tuple(_match(entry) for entry in entries[:_MOST_MATCHES])
    if said == "answer" and not matches:
        raise Malformed("an answer that names no device")
    return Announcement(said, matches)


def _match(entry: Element) -> Match:
    types = xmltree.text(entry, "Types").split()[:_MOST_WORDS]
    return Match(
        xmltree.text(entry, "EndpointReference", "Address"),
        tuple(word.rpartition(":")[2] for word in types),
        tuple(xmltree.text(entry, "Scopes").split()[:_MOST_WORDS]),
        tuple(xmltree.text(entry, "XAddrs").split()[:_MOST_WORDS]),
    )
