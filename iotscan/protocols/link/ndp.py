"""IPv6 neighbour discovery: the ICMPv6 messages by which hosts find MACs and routers. RFC 4861."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

from iotscan.errors import Malformed
from iotscan.protocols.link.arp import mac_text

ICMPV6 = 58
ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT = 133, 134
NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 135, 136
_FIXED = {
    ROUTER_SOLICITATION: 8,
    ROUTER_ADVERTISEMENT: 16,
    NEIGHBOUR_SOLICITATION: 24,
    NEIGHBOUR_ADVERTISEMENT: 24,
}
_SOURCE_MAC, _TARGET_MAC = 1, 2
_ROUTER_FLAG = 0x80


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One message. ``target``: whom a solicitation asks for or an advertisement tells of.

    ``mac``: the link-layer address in its options, of the sender or, in a neighbour advertisement,
    of the target; "" without one. ``router``: the sender forwards for others.
    """

    kind: int
    target: IPv6Address | None
    mac: str
    router: bool


def parse(data: bytes) -> Neighbour:
    """The message at the start of an ICMPv6 payload. Raises Malformed for other messages."""
    kind = data[0] if data else 0
    fixed = _FIXED.get(kind)
    if fixed is None or len(data) < fixed or data[1] != 0:
        raise Malformed("no message of neighbour discovery")
    target = IPv6Address(data[8:24]) if fixed == 24 else None
    if target is not None and target.is_multicast:
        raise Malformed("a group has no link-layer address")
    wanted = _TARGET_MAC if kind == NEIGHBOUR_ADVERTISEMENT else _SOURCE_MAC
    mac = next((mac_text(v) for code, v in _options(data[fixed:]) if code == wanted), "")
    router = kind == ROUTER_ADVERTISEMENT or (
        kind == NEIGHBOUR_ADVERTISEMENT and bool(data[4] & _ROUTER_FLAG)
    )
    return Neighbour(kind, target, mac, router)


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(code, MAC) of the options that hold one; their length is told in units of eight bytes."""
    at = 0
    while at + 8 <= len(data) and data[at + 1]:
        if data[at + 1] == 1:
            yield data[at], data[at + 2 : at + 8]
        at += data[at + 1] * 8
