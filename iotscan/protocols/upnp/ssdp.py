"""SSDP: searches, answers and notices of the UPnP Device Architecture 2.0, chapter 1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal
from urllib.parse import urlsplit

from iotscan.errors import Malformed
from iotscan.protocols.encodings.fields import first, parse_headers
from iotscan.protocols.http import codec as http

PORT = 1900
GROUP = IPv4Address("239.255.255.250")
GROUPS_V6 = (IPv6Address("ff02::c"), IPv6Address("ff05::c"))
ALL = "ssdp:all"

_TYPE = re.compile(r"urn:[^:]{1,64}:(?:device|service):([^:]{1,64}):\d{1,4}", re.IGNORECASE)
_UUID = re.compile(r"uuid:([^:\s]{1,128})", re.IGNORECASE)
_NOTIFY, _SEARCH = b"NOTIFY ", b"M-SEARCH "


@dataclass(frozen=True, slots=True)
class Announcement:
    """An answer to a search, a notice, or somebody else's search; empty fields were not said.

    ``target`` is ST or NT, ``farewell`` a notice of leaving (ssdp:byebye). Texts are as sent.
    """

    said: Literal["answer", "notice", "search"]
    target: str = ""
    usn: str = ""
    location: str = ""
    server: str = ""
    farewell: bool = False

    @property
    def udn(self) -> str:
        """The device's unique name without "uuid:", lower case; "" if it named none."""
        found = _UUID.match(self.usn) or _UUID.match(self.target)
        return found[1].lower() if found else ""

    @property
    def kind(self) -> str:
        """ "InternetGatewayDevice" from urn:schemas-upnp-org:device:InternetGatewayDevice:1."""
        found = _TYPE.fullmatch(self.target)
        return found[1] if found and ":device:" in self.target.lower() else ""


@dataclass(frozen=True, slots=True)
class Url:
    """An http or https address; ``host`` is None where it is a name and no IP address."""

    host: IPv4Address | IPv6Address | None
    port: int
    path: str
    tls: bool


def search(target: str, host: str, mx: int = 1) -> bytes:
    """An M-SEARCH for ``target``. ``host``: the group's or the device's address and port.

    ``mx``: seconds within which devices pick a moment to answer; 0 leaves the field out, as
    section 1.3.2 wants for searches sent to one device. Raises Malformed.
    """
    fields = [("MAN", '"ssdp:discover"'), *([("MX", str(mx))] if mx else []), ("ST", target)]
    http.build_request("M-SEARCH", "*", host, fields)  # refuses what would break out of a line
    lines = ["M-SEARCH * HTTP/1.1", f"HOST: {host}", *(f"{name}: {text}" for name, text in fields)]
    return "\r\n".join([*lines, "", ""]).encode()


def parse(data: bytes) -> Announcement:
    """What one datagram says; a missing empty line at its end is forgiven. Raises Malformed."""
    start, _, block = data.partition(b"\n")
    headers = parse_headers(block.partition(b"\n\r\n")[0])
    location, server = first(headers, "location"), first(headers, "server")
    usn, searched = first(headers, "usn"), first(headers, "st")
    if re.match(rb"HTTP/1\.\d +200\b", start):
        if not (searched or usn):
            raise Malformed("an answer without ST and USN is not SSDP")
        return Announcement("answer", searched, usn, location, server)
    if start.startswith(_NOTIFY):
        notice, nts = first(headers, "nt"), first(headers, "nts")
        if not nts.lower().startswith("ssdp:"):
            raise Malformed("a notice without NTS is not SSDP")
        return Announcement("notice", notice, usn, location, server, "byebye" in nts.lower())
    if start.startswith(_SEARCH):
        return Announcement("search", searched, server=first(headers, "user-agent"))
    raise Malformed("not SSDP")


def parse_url(text: str) -> Url:
    """An absolute http(s) URL. Raises Malformed for other schemes, user parts and bad ports."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise Malformed("not a URL") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise Malformed("not an http(s) URL of a device")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if port == 0 or not re.fullmatch(r"/[\x21-\x7e]*", path):
        raise Malformed("not a URL that can be asked for")
    return Url(_literal(parts.hostname), port or (443 if tls else 80), path, tls)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        # A zone names an interface of the sender's and means nothing here.
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
