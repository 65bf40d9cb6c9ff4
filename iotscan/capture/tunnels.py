"""What tunnels carry that do not encrypt: packets within packets, frames within datagrams.

Sources: RFC 2003 and RFC 4213 (IP in IP), RFC 3378 (EtherIP), RFC 2784, RFC 2890 and RFC 2637
(GRE), draft-foschiano-erspan, RFC 7348 (VXLAN), RFC 8926 (GENEVE), RFC 4380 (Teredo), RFC 2661
(L2TP), 3GPP TS 29.281 (GTP-U), RFC 5415 and RFC 5416 (CAPWAP, which access points speak to their
controller), the TaZmen sniffer protocol of mirroring routers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv6Network
from typing import NamedTuple

from iotscan.capture.internet import UDP, Packet
from iotscan.capture.links import ETHERNET, known, parse
from iotscan.capture.tags import IPV4, IPV6, Link, typed

# Tunnels in tunnels deeper than this are attacks, not traffic.
DEEPEST = 4
_PPP, _WIFI = 9, 105
_ETHERNET_BRIDGED, _PPP_IN_GRE = 0x6558, 0x880B
_ERSPAN, _ERSPAN_III = 0x88BE, 0x22EB
_VXLAN, GENEVE, TEREDO, L2TP, GTP, TZSP = 4789, 6081, 3544, 1701, 2152, 37_008
CAPWAP = 5247
GRE = 47
# Linux's own port for VXLAN, older than the RFC.
_VXLAN_LINUX = 8472
_TEREDO_ADDRESSES = IPv6Network("2001::/32").network_address.packed[:4]
# Encapsulated protocols of TZSP → link types.
_TZSP_LINKS = {1: ETHERNET, 18: 105, 119: 119, 126: 127}

# RFC 5416 section 2.1: what binds CAPWAP to IEEE 802.11; the head without optional fields.
_BINDING_WIFI, _CAPWAP_HEAD = 1, 8

# A link layer and the bytes it speaks of.
Carried = tuple[Link, bytes]


class Inside(NamedTuple):
    """What a tunnel's packet ends with. ``medium``: its link type, -1 where its head has none."""

    medium: int
    link: Link
    data: bytes


def carried(packet: Packet) -> Carried | None:
    """What the packet carries if it is one of a tunnel that can be looked into, else None."""
    found = inside(packet)
    return (found.link, found.data) if found else None


def inside(packet: Packet) -> Inside | None:
    """The same with its link type. What is carried is always the end of the packet's payload."""
    try:
        if packet.protocol == UDP:
            return _in_udp(packet.payload)
        opener = _PROTOCOLS.get(packet.protocol)
        return opener(packet.payload) if opener else None
    except IndexError:
        return None


def _in_udp(datagram: bytes) -> Inside | None:
    """Where a port's datagrams are not what they should be, they are no tunnel's."""
    opener = _PORTS.get(datagram[2:4]) or _ANSWERING.get(datagram[:2])
    return opener(datagram[8:]) if opener else None


def _framed(link_type: int, data: bytes) -> Inside | None:
    link = parse(link_type, data) if known(link_type) else None
    return Inside(link_type, link, data) if link else None


def _typed(kind: int, data: bytes) -> Inside | None:
    """``kind``: an EtherType."""
    if kind == _ETHERNET_BRIDGED:
        return _framed(ETHERNET, data)
    if kind == _PPP_IN_GRE:
        return _framed(_PPP, data)
    link = typed(kind, data)
    return Inside(-1, link, data) if link else None


def _ip(data: bytes) -> Inside | None:
    kind = {4: IPV4, 6: IPV6}.get(data[0] >> 4)
    return Inside(-1, Link(kind, 0), data) if kind else None


def _etherip(data: bytes) -> Inside | None:
    return _framed(ETHERNET, data[2:]) if data[0] == 0x30 else None


def _gre(data: bytes) -> Inside | None:
    flags, version = data[0], data[1] & 7
    if flags & 0x40 or version > 1:  # source routes are history
        return None
    offset = 4 + 4 * (flags >> 7 & 1) + 4 * (flags >> 5 & 1) + 4 * (flags >> 4 & 1)
    if version == 1:
        offset += 4 * (data[1] >> 7)
    kind = data[2] << 8 | data[3]
    if kind == _ERSPAN:
        return _framed(ETHERNET, data[offset + (8 if flags & 0x10 else 0) :])
    if kind == _ERSPAN_III:
        return _framed(ETHERNET, data[offset + 12 + 8 * (data[offset + 11] & 1) :])
    return _typed(kind, data[offset:])


def _vxlan(data: bytes) -> Inside | None:
    return _framed(ETHERNET, data[8:]) if data[0] & 0x7F == 8 and data[7] == 0 else None


def _geneve(data: bytes) -> Inside | None:
    if data[0] >> 6 or data[7]:
        return None
    return _typed(data[2] << 8 | data[3], data[8 + 4 * (data[0] & 0x3F) :])


def _teredo(data: bytes) -> Inside | None:
    if data[:2] == b"\0\1":
        data = data[13 + data[2] + data[3] :]
    if data[:2] == b"\0\0":
        data = data[8:]
    fits = data[0] >> 4 == 6 and 40 + (data[4] << 8 | data[5]) == len(data)
    ours = fits and _TEREDO_ADDRESSES in (data[8:12], data[24:28])
    return Inside(-1, Link(IPV6, 0), data) if ours else None


def _l2tp(data: bytes) -> Inside | None:
    flags = data[0]
    if flags & 0x80 or data[1] & 15 != 2:  # control messages carry nothing
        return None
    offset = 6 + 2 * (flags >> 6 & 1) + 4 * (flags >> 3 & 1)
    if flags & 2:
        offset += 2 + (data[offset] << 8 | data[offset + 1])
    return _framed(_PPP, data[offset:])


def _gtp(data: bytes) -> Inside | None:
    if data[0] >> 4 != 3 or data[1] != 0xFF:
        return None
    offset = 8
    if data[0] & 7:
        following, offset = data[11], 12
        while following:
            size = 4 * (data[offset] or len(data))
            following, offset = data[offset + size - 1], offset + size
    return _ip(data[offset:])


def _capwap(data: bytes) -> Inside | None:
    """RFC 5415 section 4.3. Of a frame in fragments the first one is read: it has the heads."""
    words = int.from_bytes(data[1:4], "big")
    later = words & 0x80 and (data[6] << 8 | data[7]) >> 3
    offset = 4 * (words >> 19)
    if data[0] or offset < _CAPWAP_HEAD or words & 0x0F or later:
        return None  # another version or DTLS, keep-alives and flags that are not known
    if not words & 0x100:
        return _framed(ETHERNET, data[offset:])
    return _radio(data[offset:]) if words >> 9 & 31 == _BINDING_WIFI else None


def _radio(frame: bytes) -> Inside | None:
    """A frame of IEEE 802.11. Widespread access points send its first two bytes the other way
    round: as it should be, they cannot begin with a version and go on with a data frame.
    """
    if frame[0] & 3 and frame[1] & 0x0F == 8:
        frame = frame[1::-1] + frame[2:]
    return _framed(_WIFI, frame)


def _tzsp(data: bytes) -> Inside | None:
    if data[0] != 1 or data[1] > 1:
        return None
    offset = 4
    while data[offset] != 1:
        offset += 2 + data[offset + 1] if data[offset] else 1
    return _framed(_TZSP_LINKS.get(data[2] << 8 | data[3], -1), data[offset + 1 :])


_PROTOCOLS: Mapping[int, Callable[[bytes], Inside | None]] = {
    4: _ip,
    41: _ip,
    GRE: _gre,
    97: _etherip,
}
_PORTS: Mapping[bytes, Callable[[bytes], Inside | None]] = {
    port.to_bytes(2, "big"): opener
    for port, opener in {
        _VXLAN: _vxlan,
        _VXLAN_LINUX: _vxlan,
        GENEVE: _geneve,
        TEREDO: _teredo,
        L2TP: _l2tp,
        GTP: _gtp,
        CAPWAP: _capwap,
        TZSP: _tzsp,
    }.items()
}
# Of these, both ends speak from or to the port; the others only to it.
_ANSWERING = {
    port: _PORTS[port] for port in (p.to_bytes(2, "big") for p in (TEREDO, L2TP, GTP, CAPWAP))
}
# Protocols and ports, as they stand in packets, that are worth a question here.
PROTOCOLS, PORTS = frozenset(_PROTOCOLS), frozenset(_PORTS)
