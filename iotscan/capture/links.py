"""Link layers of captured frames: where the network layer begins, what it is, who sent it.

Sources: the registry of link-layer header types (libpcap), IEEE 802.3 and 802.1Q, RFC 2516
(PPPoE), RFC 3032 and 4448 (MPLS), RFC 2427 (frame relay), IEEE 802.11, 802.5 and 802.2, headers of
libpcap for Linux and for monitors of Wi-Fi.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
LLDP = 0x88CC
# The link type.
ETHERNET = 1
_VLAN = {0x8100, 0x88A8, 0x9100}
_MPLS = {0x8847, 0x8848}
_PPPOE = 0x8864
# Nothing says what labels lead to: a frame is told by what it carries.
_IN_PSEUDOWIRES = {IPV4, ARP, IPV6, _PPPOE, *_VLAN}
_PPP = {0x0021: IPV4, 0x0057: IPV6}
_PPP_LINK, _RAW, _WIFI, _PPI = 9, 101, 105, 192
# RFC 2427 section 4: network layer protocol identifiers.
_NUMBERED, _SNAP_FOLLOWS = {0xCC: IPV4, 0x8E: IPV6}, 0x80
# IEEE 802.11: kinds of frames, and the control frames that tell who sends them (requests and
# acknowledgements of blocks, PS-Poll, RTS, CF-End).
_CONTROL, _EXTENSION, _WITH_SENDER = 1, 3, frozenset({8, 9, 10, 11, 14, 15})
_BAD_CHECKSUM = 0x40
_NFLOG_PAYLOAD, _MOST_FIELDS = 9, 64
# BSD's own numbers for IPv6 in a loopback header differ by system; all are in use.
_FAMILIES = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}


class Link(NamedTuple):
    """What a frame's link layer said. ``kind``: an EtherType, 0 when the payload is no network.

    ``offset``: where the payload begins. MACs are six bytes, or b"" where there are none.
    ``vlan``: the innermost VLAN identifier, -1 without one. ``sealed``: what it carries cannot be
    looked into.
    """

    kind: int
    offset: int
    source: bytes = b""
    destination: bytes = b""
    vlan: int = -1
    sealed: bool = False


def parse(link_type: int, frame: bytes) -> Link | None:
    """The link layer of a frame; None when the link type is not one we read or it is cut short."""
    parser = _PARSERS.get(link_type)
    try:
        return parser(frame) if parser else None
    except IndexError:
        return None


def known(link_type: int) -> bool:
    """Whether frames of this link type can be looked into."""
    return link_type in _PARSERS


def typed(kind: int, data: bytes) -> Link | None:
    """The link layer where the EtherType is told elsewhere: tags and labels are taken off."""
    try:
        link = _tagged(kind.to_bytes(2, "big") + data, 0, b"", b"")
    except IndexError:
        return None
    return link._replace(offset=link.offset - 2)


def _number(data: bytes, offset: int) -> int:
    return data[offset] << 8 | data[offset + 1]


def _ethernet(frame: bytes) -> Link:
    return _tagged(frame, 12, frame[6:12], frame[:6])


def _tagged(frame: bytes, offset: int, source: bytes, destination: bytes) -> Link:
    """From an EtherType on: VLAN tags, MPLS labels and PPPoE sessions taken off."""
    vlan, kind = -1, _number(frame, offset)
    offset += 2
    for _ in range(8):  # QinQ and a label stack; a longer chain is an attack on us
        if kind in _VLAN:
            vlan, kind = _number(frame, offset) & 0x0FFF, _number(frame, offset + 2)
            offset += 4
        elif kind in _MPLS:
            while not frame[offset + 2] & 1:
                offset += 4
            offset += 4
            kind = {4: IPV4, 6: IPV6}.get(frame[offset] >> 4, 0)
            if not kind:
                return _pseudowire(frame, offset)
        elif kind == _PPPOE:
            kind = _PPP.get(_number(frame, offset + 6), 0)
            offset += 8
        else:
            break
    if kind < 0x0600:
        return _llc(frame, offset, source, destination, vlan)
    return Link(kind, offset, source, destination, vlan)


def _pseudowire(frame: bytes, offset: int) -> Link:
    """An Ethernet frame behind labels, with a control word in front of it or without (RFC 4448)."""
    for start in (offset + 4, offset):
        if _number(frame, start + 12) in _IN_PSEUDOWIRES:
            return _behind(ETHERNET, frame, start)
    return Link(0, offset)


def _llc(frame: bytes, offset: int, source: bytes, destination: bytes, vlan: int = -1) -> Link:
    """IEEE 802.2: SNAP leads to an EtherType; BACnet over Ethernet has a SAP of its own."""
    if frame[offset : offset + 3] == b"\xaa\xaa\x03":
        return Link(_number(frame, offset + 6), offset + 8, source, destination, vlan)
    if frame[offset : offset + 2] == b"\x82\x82":
        return Link(BACNET_SAP, offset + 3, source, destination, vlan)
    return Link(0, offset, source, destination, vlan)


# Not an EtherType (those begin at 0x0600): the LLC service access point of BACnet.
BACNET_SAP = 0x82


def _cooked(frame: bytes) -> Link:
    length = min(_number(frame, 4), 8)
    source = frame[6:12] if length == 6 else b""
    return _tagged(frame, 14, source, b"")


def _cooked2(frame: bytes) -> Link:
    source = frame[12:18] if frame[11] == 6 else b""
    link = typed(_number(frame, 0), frame[20:])
    return (
        Link(0, len(frame))
        if link is None
        else link._replace(offset=20 + link.offset, source=source)
    )


def _raw(frame: bytes) -> Link:
    return Link({4: IPV4, 6: IPV6}.get(frame[0] >> 4, 0), 0)


def _null(frame: bytes) -> Link:
    """The family in the byte order of the machine; some writers leave an EtherType instead."""
    if frame[1:3] == b"\0\0":
        return Link(_FAMILIES.get(frame[0] or frame[3], 0), 4)
    return Link(_number(frame, 2), 4)


def _ppp(frame: bytes) -> Link:
    offset = 2 if frame[:2] == b"\xff\x03" else 0
    return Link(_PPP.get(_number(frame, offset), 0), offset + 2)


def _wifi(frame: bytes) -> Link:
    """IEEE 802.11 data frames that are not encrypted; all else has no network layer to read."""
    control, flags = frame[0], frame[1]
    kind, subtype = control >> 2 & 3, control >> 4
    if control & 3 or kind == _EXTENSION or (kind == _CONTROL and subtype not in _WITH_SENDER):
        return Link(0, len(frame))
    to_ds, from_ds, protected = flags & 1, flags & 2, flags & 0x40
    addresses = frame[4:10], frame[10:16], frame[16:22]
    destination = addresses[2] if to_ds else addresses[0]
    source = addresses[2] if from_ds and not to_ds else addresses[1]
    if kind != 2 or subtype & 4 or protected:
        return Link(0, len(frame), source, destination, sealed=kind == 2 and bool(protected))
    offset = 24 + (6 if to_ds and from_ds else 0) + (2 if subtype & 8 else 0)
    if to_ds and from_ds:
        source = frame[24:30]
    return _llc(frame, offset, source, destination)


def _behind(link_type: int, frame: bytes, length: int) -> Link:
    """Another link layer behind a header of so many bytes."""
    inner = _PARSERS.get(link_type, _opaque)(frame[length:])
    return inner._replace(offset=inner.offset + length)


def _radiotap(frame: bytes) -> Link:
    length = frame[2] | frame[3] << 8
    if _flags(frame, length) & _BAD_CHECKSUM:
        return Link(0, len(frame))  # anything may stand in it
    return _behind(_WIFI, frame, length)


def _flags(frame: bytes, length: int) -> int:
    """What radiotap says of how a frame was received: behind its words of which fields there are,
    and a time of eight bytes.
    """
    at = 4
    while frame[at + 3] & 0x80:
        at += 4
    at += 4
    if frame[4] & 1:
        at = (at + 7 & ~7) + 8
    return frame[at] if frame[4] & 2 and at < length else 0


def _prism(frame: bytes) -> Link:
    return _behind(_WIFI, frame, int.from_bytes(frame[4:8], "little"))


def _avs(frame: bytes) -> Link:
    return _behind(_WIFI, frame, int.from_bytes(frame[4:8], "big"))


def _ppi(frame: bytes) -> Link:
    link_type = int.from_bytes(frame[4:8], "little")
    return _behind(link_type if link_type != _PPI else -1, frame, frame[2] | frame[3] << 8)


def _pppoe(frame: bytes) -> Link:
    return _behind(_PPP_LINK, frame, 6)


def _ppp_directed(frame: bytes) -> Link:
    return _behind(_PPP_LINK, frame, 1)


def _labelled(frame: bytes) -> Link:
    return typed(min(_MPLS), frame) or Link(0, len(frame))


def _cisco_hdlc(frame: bytes) -> Link:
    return _tagged(frame, 2, b"", b"")


def _frame_relay(frame: bytes) -> Link:
    """RFC 2427: an address whose last byte is odd, 0x03, and a number for what follows."""
    at = next((i + 1 for i in range(1, 4) if frame[i] & 1), 0)
    if not at or frame[at] != 3:
        return Link(0, len(frame))
    at += 1 if frame[at + 1] else 2
    if frame[at] == _SNAP_FOLLOWS:
        return _tagged(frame, at + 4, b"", b"")
    return Link(_NUMBERED.get(frame[at], 0), at + 1)


def _token_ring(frame: bytes) -> Link:
    """IEEE 802.5. The first bit of the source says that a route follows, with its length."""
    source = bytes([frame[8] & 0x7F]) + frame[9:14]
    route = frame[14] & 0x1F if frame[8] & 0x80 else 0
    return _llc(frame, 14 + route, source, frame[2:8])


def _fddi(frame: bytes) -> Link:
    return _llc(frame, 13, frame[7:13], frame[1:7])


def _nflog(frame: bytes) -> Link:
    """Linux's packet log: fields of length and type, one of which is the packet."""
    at = 4
    for _ in range(_MOST_FIELDS):
        length = frame[at] | frame[at + 1] << 8
        if frame[at + 2] | frame[at + 3] << 8 == _NFLOG_PAYLOAD:
            return _behind(_RAW, frame, at + 4)
        at += max(4, length + 3 & ~3)
    return Link(0, len(frame))


def _opaque(frame: bytes) -> Link:
    """Recognised, not looked into: IEEE 802.15.4."""
    return Link(0, len(frame), sealed=True)


_PARSERS: Mapping[int, Callable[[bytes], Link]] = {
    0: _null,
    ETHERNET: _ethernet,
    6: _token_ring,
    _PPP_LINK: _ppp,
    10: _fddi,
    12: _raw,
    14: _raw,
    50: _ppp,
    51: _pppoe,
    _RAW: _raw,
    104: _cisco_hdlc,
    _WIFI: _wifi,
    107: _frame_relay,
    108: _null,
    113: _cooked,
    119: _prism,
    127: _radiotap,
    163: _avs,
    _PPI: _ppi,
    195: _opaque,
    204: _ppp_directed,
    219: _labelled,
    228: _raw,
    229: _raw,
    230: _opaque,
    239: _nflog,
    276: _cooked2,
}
