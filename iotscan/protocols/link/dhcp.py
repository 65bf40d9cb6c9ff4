"""DHCP for IPv4: what clients say of themselves, and which address a server gives to whom.

RFC 2131 (messages), RFC 2132 (options), RFC 3396 (options in pieces), RFC 4702 (full names),
RFC 8520 section 10 (MUD URLs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from iotscan.errors import Malformed
from iotscan.protocols.link.arp import mac_text

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
_COOKIE = b"\x63\x82\x53\x63"
_OPTIONS = 240
_PAD, _END = 0, 255
_ETHERNET = 1
_HOST_NAME, _REQUESTED, _TYPE, _PARAMETERS, _VENDOR_CLASS, _FULL_NAME = 12, 50, 53, 55, 60, 81
_MUD_URL = 161


@dataclass(frozen=True, slots=True)
class Dhcp:
    """One message. ``mac``: the client's, "" where it has no Ethernet address.

    ``client``: the address the client has, ``assigned``: the one a server gives it; None for none.
    """

    kind: int
    from_server: bool
    mac: str
    client: IPv4Address | None
    assigned: IPv4Address | None
    options: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def host_name(self) -> bytes:
        return self.options.get(_HOST_NAME, b"").rstrip(b"\0")

    @property
    def full_name(self) -> bytes:
        """The name of the FQDN option, in ASCII or unpacked from the form of DNS."""
        option = self.options.get(_FULL_NAME, b"")
        if len(option) < 4:
            return b""
        return _unpacked(option[3:]) if option[0] & 4 else option[3:].rstrip(b"\0")

    @property
    def vendor_class(self) -> bytes:
        return self.options.get(_VENDOR_CLASS, b"").rstrip(b"\0")

    @property
    def mud_url(self) -> bytes:
        return self.options.get(_MUD_URL, b"").rstrip(b"\0")

    @property
    def parameters(self) -> tuple[int, ...]:
        """The options the client asks for, in its order: stacks are known by it."""
        return tuple(self.options.get(_PARAMETERS, b""))


def parse(data: bytes) -> Dhcp:
    """The message. Raises Malformed, for BOOTP without the options of DHCP too."""
    if len(data) < _OPTIONS or data[236:240] != _COOKIE:
        raise Malformed("no DHCP message")
    operation, hardware, length = data[0], data[1], data[2]
    if operation not in (1, 2):
        raise Malformed(f"DHCP operation {operation} is neither a request nor a reply")
    options = _options(data)
    kind = options.get(_TYPE, b"")
    if len(kind) != 1:
        raise Malformed("the message does not say which of DHCP it is")
    mac = mac_text(data[28:34]) if (hardware, length) == (_ETHERNET, 6) else ""
    return Dhcp(kind[0], operation == 2, mac, _address(data[12:16]), _address(data[16:20]), options)


def _options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = _OPTIONS
    while at < len(data) and data[at] != _END:
        code = data[at]
        if code == _PAD:
            at += 1
            continue
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            break
        found[code] = found.get(code, b"") + data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found


def _address(raw: bytes) -> IPv4Address | None:
    address = IPv4Address(raw)
    return None if address.is_unspecified else address


def _unpacked(name: bytes) -> bytes:
    labels, at = [], 0
    while at < len(name) and 0 < name[at] <= 63:
        labels.append(name[at + 1 : at + 1 + name[at]])
        at += 1 + name[at]
    return b".".join(labels)
