"""Link layers of captured frames: where the network layer begins, what it is, who sent it.

Sources: the registry of link-layer header types (libpcap), IEEE 802.3, 802.5 and 802.11, RFC 2427
(frame relay), headers of libpcap for Linux and for monitors of Wi-Fi.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from iotscan.capture.tags import IPV4, IPV6, MPLS, Link, llc, number, ppp, tagged, typed

# The link type.
ETHERNET = 1
_PPP_LINK, _RAW, _WIFI, _PPI = 9, 101, 105, 192
# The address of Cisco's framing: of one, of all.
_CISCO = (b"\x0f\0", b"\x8f\0")
# RFC 2427 section 4: network layer protocol identifiers.
_NUMBERED, _SNAP_FOLLOWS = {0xCC: IPV4, 0x8E: IPV6}, 0x80
# IEEE 802.11: kinds of frames, and the control frames that tell who sends them (requests and
# acknowledgements of blocks, PS-Poll, RTS, CF-End).
_CONTROL, _EXTENSION, _WITH_SENDER = 1, 3, frozenset({8, 9, 10, 11, 14, 15})
_BAD_CHECKSUM = 0x40
_NFLOG_PAYLOAD, _MOST_FIELDS = 9, 64
# BSD's own numbers for IPv6 in a loopback header differ by system; all are in use.
_FAMILIES = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}


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


def _ethernet(frame: bytes) -> Link:
    return tagged(frame, 12, frame[6:12], frame[:6])


def _cooked(frame: bytes) -> Link:
    length = min(number(frame, 4), 8)
    source = frame[6:12] if length == 6 else b""
    return tagged(frame, 14, source, b"")


def _cooked2(frame: bytes) -> Link:
    source = frame[12:18] if frame[11] == 6 else b""
    link = typed(number(frame, 0), frame[20:])
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
    return Link(number(frame, 2), 4)


def _ppp(frame: bytes) -> Link:
    """RFC 1662, with its address or without; some writers call Cisco's framing so, too."""
    if frame[:2] in _CISCO:
        return _cisco_hdlc(frame)
    return Link(*ppp(frame, 2 if frame[:2] == b"\xff\x03" else 0))


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
    return llc(frame, offset, source, destination)


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
    return typed(MPLS, frame) or Link(0, len(frame))


def _cisco_hdlc(frame: bytes) -> Link:
    return tagged(frame, 2, b"", b"")


def _frame_relay(frame: bytes) -> Link:
    """RFC 2427: an address whose last byte is odd, 0x03, and a number for what follows."""
    at = next((i + 1 for i in range(1, 4) if frame[i] & 1), 0)
    if not at or frame[at] != 3:
        return Link(0, len(frame))
    at += 1 if frame[at + 1] else 2
    if frame[at] == _SNAP_FOLLOWS:
        return tagged(frame, at + 4, b"", b"")
    return Link(_NUMBERED.get(frame[at], 0), at + 1)


def _token_ring(frame: bytes) -> Link:
    """IEEE 802.5. The first bit of the source says that a route follows, with its length."""
    source = bytes([frame[8] & 0x7F]) + frame[9:14]
    route = frame[14] & 0x1F if frame[8] & 0x80 else 0
    return llc(frame, 14 + route, source, frame[2:8])


def _fddi(frame: bytes) -> Link:
    return llc(frame, 13, frame[7:13], frame[1:7])


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
