"""What stands between the MACs of a frame and its network layer: EtherTypes, tags, labels, LLC.

Sources: IEEE 802.1Q, 802.1ah, 802.1BR, 802.1CB and 802.2, IEC 62439-3 (HSR), RFC 2516 (PPPoE), RFC
1661 (PPP), RFC 3032 and 4448 (MPLS).
"""

from __future__ import annotations

from typing import NamedTuple

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
_VLAN = {0x8100, 0x88A8, 0x9100}
# Other tags → their length with the EtherType that follows: redundant frames (IEEE 802.1CB, HSR),
# ports of extended and virtual switches (IEEE 802.1BR, VN-Tag), security groups of Cisco.
_TAGS = {0xF1C1: 6, 0x892F: 6, 0x893F: 8, 0x8926: 6, 0x8909: 8}
# What holds an Ethernet frame, MACs and all, behind so many bytes: IEEE 802.1ah, FabricPath.
_BRIDGES = {0x88E7: 4, 0x8903: 2}
MPLS = 0x8847
_MPLS = {MPLS, 0x8848}
_PPPOE = 0x8864
# Nothing says what labels lead to: a frame is told by what it carries.
_IN_PSEUDOWIRES = {IPV4, ARP, IPV6, _PPPOE, *_VLAN}
_PPP = {0x0021: IPV4, 0x0057: IPV6}
# Not an EtherType (those begin at 0x0600): the LLC service access point of BACnet.
BACNET_SAP = 0x82


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


def typed(kind: int, data: bytes) -> Link | None:
    """The link layer where the EtherType is told elsewhere: tags and labels are taken off."""
    try:
        link = tagged(kind.to_bytes(2, "big") + data, 0, b"", b"")
    except IndexError:
        return None
    return link._replace(offset=link.offset - 2)


def tagged(frame: bytes, offset: int, source: bytes, destination: bytes) -> Link:
    """From an EtherType on: VLAN and other tags, MPLS labels and PPPoE sessions taken off, and a
    frame in the frame looked into, but not one in that.
    """
    vlan, kind, bridged = -1, number(frame, offset), False
    offset += 2
    for _ in range(8):  # QinQ and a label stack; a longer chain is an attack on us
        if kind in _VLAN:
            vlan, kind = number(frame, offset) & 0x0FFF, number(frame, offset + 2)
            offset += 4
        elif kind in _MPLS:
            while not frame[offset + 2] & 1:
                offset += 4
            offset += 4
            kind, start = _labelled(frame, offset)
            if start and not bridged:
                kind, offset, source, destination = _bridged(frame, start)
                bridged = True
        elif kind == _PPPOE:
            kind, offset = ppp(frame, offset + 6)
        elif kind in _TAGS:
            offset += _TAGS[kind]
            kind = number(frame, offset - 2)
        elif kind in _BRIDGES and not bridged:
            start = offset + _BRIDGES[kind]
            kind, offset, source, destination = _bridged(frame, start)
            bridged = True
        else:
            break
    if 0 < kind < 0x0600:
        return llc(frame, offset, source, destination, vlan)
    return Link(kind, offset, source, destination, vlan)


def _labelled(frame: bytes, offset: int) -> tuple[int, int]:
    """What labels lead to: the EtherType, or 0 and where an Ethernet frame begins, with a control
    word in front of it or without (RFC 4448); 0, 0 if neither.
    """
    kind = {4: IPV4, 6: IPV6}.get(frame[offset] >> 4, 0)
    if kind and _fits(kind, frame, offset):
        return kind, 0
    for start in (offset + 4, offset):
        if start + 14 < len(frame) and number(frame, start + 12) in _IN_PSEUDOWIRES:
            return 0, start
    return kind, 0


def _fits(kind: int, frame: bytes, offset: int) -> bool:
    """Whether the packet is no longer than what is left: a MAC may begin like one."""
    length = number(frame, offset + 2) if kind == IPV4 else 40 + number(frame, offset + 4)
    return length <= len(frame) - offset


def _bridged(frame: bytes, start: int) -> tuple[int, int, bytes, bytes]:
    """Of an Ethernet frame in a frame: its EtherType, what comes behind, its source, its
    destination.
    """
    source, destination = frame[start + 6 : start + 12], frame[start : start + 6]
    return number(frame, start + 12), start + 14, source, destination


def llc(frame: bytes, offset: int, source: bytes, destination: bytes, vlan: int = -1) -> Link:
    """IEEE 802.2: SNAP leads to an EtherType; BACnet over Ethernet has a SAP of its own."""
    if frame[offset : offset + 3] == b"\xaa\xaa\x03":
        return Link(number(frame, offset + 6), offset + 8, source, destination, vlan)
    if frame[offset : offset + 2] == b"\x82\x82":
        return Link(BACNET_SAP, offset + 3, source, destination, vlan)
    return Link(0, offset, source, destination, vlan)


def ppp(frame: bytes, offset: int) -> tuple[int, int]:
    """The EtherType and where its payload begins; an odd first byte is all of a compressed number
    (RFC 1661 section 6.5).
    """
    if frame[offset] & 1:
        return _PPP.get(frame[offset], 0), offset + 1
    return _PPP.get(number(frame, offset), 0), offset + 2


def number(data: bytes, offset: int) -> int:
    return data[offset] << 8 | data[offset + 1]
