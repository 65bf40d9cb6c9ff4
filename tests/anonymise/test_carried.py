"""Fragments and tunnels: what is found in them is found after anonymising, and nobody is named."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.anonymise import carrying
from iotscan.anonymise.blank import Blank
from iotscan.anonymise.fragments import Piece, Pieces
from iotscan.anonymise.job import book_for
from iotscan.anonymise.wish import Wish
from iotscan.capture.internet import Fragments, parse
from iotscan.capture.links import parse as parse_link
from iotscan.capture.making import Connection, checksum, ip_frame, udp_frame
from iotscan.capture.tunnels import CAPWAP, GENEVE, GRE, GTP, L2TP, TEREDO, TZSP
from iotscan.model import Address, Endpoint, Report

Share = Callable[..., Any]
LAMP, HUB = ip_address("192.168.1.5"), ip_address("192.168.1.9")
LAMP6, HUB6 = ip_address("fe80::5"), ip_address("fe80::9")
OUTER, FAR = ip_address("10.1.2.3"), ip_address("10.1.2.4")
PAGE = b"GET /?password=hunter2 HTTP/1.1\r\nHost: kitchen-lamp.fritz.box\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nServer: mini/1\r\nContent-Length: 2\r\n\r\nok"
NOTIFY = (
    b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\n"
    b"USN: uuid:kitchen-lamp-77::upnp:rootdevice\r\nLOCATION: http://192.168.1.5:80/d.xml\r\n\r\n"
)
GROUP = Endpoint(ip_address("239.255.255.250"), "udp", 1900)


def talk(four: bool = True) -> list[bytes]:
    """A login over HTTP, and an announcement."""
    lamp, hub = (LAMP, HUB) if four else (LAMP6, HUB6)
    web = Connection(Endpoint(lamp, "tcp", 40_000), Endpoint(hub, "tcp", 80))
    said = [*web.opened(), *web.said(True, PAGE), *web.said(False, ANSWER), *web.closed()]
    return [*said, udp_frame(Endpoint(LAMP, "udp", 1900), GROUP, NOTIFY)] if four else said


def found(report: Report, mapped: Callable[[Address], Address]) -> set[tuple[Any, ...]]:
    return {
        (f.rule, mapped(f.address), f.endpoint and f.endpoint.port, p.frames)
        for f in report.findings
        for p in f.proofs
    }


def same_findings(shared: Any) -> None:
    """Of the devices, before and after."""
    mapping = book_for(Wish(b"k")).addresses
    before, after = shared.reports()
    assert len(found(before, lambda address: address)) > 1
    assert found(after, lambda address: address) == found(
        before, lambda address: ip_address(mapping(address.packed))
    )
    assert len(before.devices) == len(after.devices)


def nothing_left(shared: Any) -> None:
    for old in (b"kitchen", b"hunter2", LAMP.packed, HUB.packed, LAMP6.packed, b"192.168.1.5"):
        assert old not in shared.raw, old


def in_pieces(frame: bytes, size: int, order: Callable[[list[bytes]], list[bytes]]) -> list[bytes]:
    """An IPv4 packet in fragments of so many bytes."""
    head, body = frame[:34], frame[34 : 14 + int.from_bytes(frame[16:18], "big")]
    made = []
    for at in range(0, len(body), size):
        part = body[at : at + size]
        more = 0x2000 if at + size < len(body) else 0
        ip = bytearray(head[14:])
        ip[2:4] = (20 + len(part)).to_bytes(2, "big")
        ip[4:6] = checksum(body).to_bytes(2, "big")
        ip[6:8] = (more | at // 8).to_bytes(2, "big")
        ip[10:12] = bytes(2)
        ip[10:12] = checksum(bytes(ip)).to_bytes(2, "big")
        made.append(head[:14] + bytes(ip) + part)
    return order(made)


ORDERS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "in order": lambda pieces: pieces,
    "turned round": lambda pieces: pieces[::-1],
    "one twice": lambda pieces: [pieces[0], *pieces],
}


def put_together(frames: list[bytes]) -> Iterator[bytes]:
    """Packets of frames, whole: pseudo-head and payload."""
    waiting = Fragments()
    for frame in frames:
        link = parse_link(1, frame)
        packet = parse(link.kind, frame, link.offset, waiting) if link else None
        if packet is not None:
            ends = packet.source + packet.destination
            pseudo = struct.pack("!BBH", 0, packet.protocol, len(packet.payload))
            yield ends + pseudo + packet.payload


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_read_of_fragments_is_read_again(order: str, share: Share) -> None:
    frames = [piece for frame in talk() for piece in in_pieces(frame, 24, ORDERS[order])]
    shared = share(frames)
    same_findings(shared)
    nothing_left(shared)
    assert (
        "fragments of packets that are not whole" not in shared.done.counts or order != "in order"
    )
    new = shared.frames
    assert len(new) == len(frames)
    assert [f[20:22] for f in new] == [f[20:22] for f in frames]
    assert all(checksum(frame[14:34]) == 0 for frame in new)
    if order == "in order":
        assert all(checksum(whole) == 0 for whole in put_together(new))
        # The addresses in a text of a datagram are those of the packets, so it ends elsewhere.
        assert [len(a) for a, b in zip(new, frames, strict=True) if len(a) != len(b)]


def test_fragments_of_several_packets_may_come_mixed(share: Share) -> None:
    one, two = (in_pieces(frame, 16, list) for frame in talk()[-1:] * 2)
    for piece in two:
        assert piece[18:20] == one[0][18:20]
    two = [piece[:18] + b"\x77\x77" + piece[20:] for piece in two]
    mixed = [piece for pair in zip(one, two, strict=True) for piece in pair]
    shared = share([*talk()[:-1], *mixed])
    same_findings(shared)
    nothing_left(shared)


def test_fragments_of_ipv6(share: Share) -> None:
    frames = []
    for frame in talk(four=False):
        body = frame[54:]
        for at in range(0, len(body), 32):
            part = body[at : at + 32]
            ext = struct.pack("!BBHI", 6, 0, at | (at + 32 < len(body)), checksum(body))
            head = frame[14:18] + struct.pack("!HBB", 8 + len(part), 44, 64) + frame[22:54]
            frames.append(frame[:14] + head + ext + part)
    shared = share(frames)
    same_findings(shared)
    nothing_left(shared)


def test_no_fragment_waits_for_ever() -> None:
    from iotscan.anonymise.framing import Framer
    from iotscan.anonymise.known import Known

    frames = in_pieces(udp_frame(Endpoint(LAMP, "udp", 9), GROUP, b"kitchen " * 40), 64, list)
    other = talk()[0]
    book, known = book_for(Wish(b"k")), Known()
    book.close()
    for number in (1, 2):
        known.part(number, 0, 99)
    known.close()
    made: list[bytes] = []
    framer = Framer(book, known, lambda _, new: made.append(new), keep=False, most=2000)
    for number, frame in enumerate([*frames[:2], *[other] * 10], 1):
        framer.take((number, 0.0, 1, frame, len(frame)))
    assert len(made) > 2
    framer.finish()
    assert [len(new) for new in made] == [len(frame) for frame in (*frames[:2], *[other] * 10)]
    assert not any(b"kitchen" in new for new in made)
    assert book.counts["fragments of packets that are not whole"] == 2


def test_a_packet_that_ends_before_its_last_fragment_begins_becomes_zeroes() -> None:
    book = book_for(Wish(b"k"))
    pieces = Pieces(Blank(book, keep=False))
    pieces.hold(1, 0, 2, Piece(0, True, b"12345678"))
    pieces.hold(2, 0, 2, Piece(8, False, b"9"))
    assert pieces.whole(2, 0) == b"123456789"
    pieces.put(2, 0, b"123456789", b"1234567")
    assert (pieces.done(1, 0), pieces.done(2, 0)) == (bytes(8), bytes(1))
    assert pieces.lost == 2


def test_a_fragment_that_says_other_than_an_earlier_one_becomes_zeroes() -> None:
    pieces = Pieces(Blank(book_for(Wish(b"k")), keep=False))
    pieces.hold(1, 0, 3, Piece(0, True, b"12345678"))
    pieces.hold(2, 0, 3, Piece(0, True, b"kitchen!"))
    pieces.hold(3, 0, 3, Piece(8, False, b"9"))
    assert pieces.whole(3, 0) == b"123456789"
    pieces.put(3, 0, b"123456789", b"abcdefghi")
    assert [pieces.done(n, 0) for n in (1, 2, 3)] == [b"abcdefgh", bytes(8), b"i"]


def udp_tunnel(port: int, head: bytes) -> Callable[[bytes], bytes]:
    ends = Endpoint(OUTER, "udp", 50_000), Endpoint(FAR, "udp", port)
    return lambda inner: udp_frame(*ends, head + inner)


def gtp(inner: bytes) -> bytes:
    head = b"\x30\xff" + len(inner[14:]).to_bytes(2, "big") + b"\0\0\0\7"
    return udp_tunnel(GTP, head)(inner[14:])


def l2tp(inner: bytes) -> bytes:
    head = b"\x40\x02" + (12 + len(inner) - 14).to_bytes(2, "big") + b"\0\1\0\2"
    return udp_tunnel(L2TP, head + b"\xff\x03\0\x21")(inner[14:])


def gre(inner: bytes) -> bytes:
    body = b"\x80\0\x08\0\0\0\0\0" + inner[14:]
    return plain(GRE, body)


def plain(protocol: int, body: bytes) -> bytes:
    if protocol == GRE and body[0] & 0x80:
        body = body[:4] + checksum(body).to_bytes(2, "big") + body[6:]
    return ip_frame(OUTER, FAR, protocol, body)


def pptp(inner: bytes) -> bytes:
    body = b"\xff\x03\0\x21" + inner[14:]
    head = b"\x30\x01\x88\x0b" + len(body).to_bytes(2, "big") + b"\0\7\0\0\0\1"
    return plain(GRE, head + body)


PROVIDER = bytes.fromhex("0203040506070203040506ff")


@pytest.mark.parametrize(
    "labels", [b"\x88\x47\0\0\x01\x40", b"\x88\xe7\0\0\0\5"], ids=["MPLS", "802.1ah"]
)
def test_macs_of_a_frame_in_a_frame_are_replaced_too(labels: bytes, share: Share) -> None:
    frames = talk()
    shared = share(PROVIDER + labels + frame for frame in frames)
    same_findings(shared)
    nothing_left(shared)
    macs = {PROVIDER[:6], PROVIDER[6:], *(frame[6:12] for frame in frames)}
    assert not [mac for mac in macs if mac in shared.raw]


TUNNELS: dict[str, Callable[[bytes], bytes]] = {
    "IP in IP": lambda inner: plain(4, inner[14:]),
    "GRE": gre,
    "GRE with Ethernet": lambda inner: plain(GRE, b"\0\0\x65\x58" + inner),
    "PPTP": pptp,
    "ERSPAN": lambda inner: plain(GRE, b"\x10\0\x88\xbe\0\0\0\1" + bytes(8) + inner),
    "EtherIP": lambda inner: plain(97, b"\x30\0" + inner),
    "VXLAN": udp_tunnel(4789, b"\x08\0\0\0\0\0\x01\0"),
    "GENEVE": udp_tunnel(GENEVE, b"\1\0\x65\x58\0\0\1\0\1\2\3\0"),
    "GTP": gtp,
    "L2TP": l2tp,
    "TZSP": udp_tunnel(TZSP, b"\x01\0\0\x01\x3c\x06kitche\x01"),
    "CAPWAP": udp_tunnel(CAPWAP, b"\0\x20\2\x10\0\0\0\0\6kitche\0"),
    "VXLAN in GRE": lambda inner: gre(udp_tunnel(4789, b"\x08\0\0\0\0\0\x01\0")(inner)),
    "802.1Q in VXLAN": lambda inner: udp_tunnel(4789, b"\x08\0\0\0\0\0\x01\0")(
        inner[:12] + b"\x81\0\0\7" + inner[12:]
    ),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_what_is_read_in_tunnels_is_read_again(name: str, share: Share) -> None:
    frames = list(map(TUNNELS[name], talk()))
    shared = share(frames)
    same_findings(shared)
    nothing_left(shared)
    assert b"kitche" not in shared.raw
    assert all(checksum(whole) == 0 for whole in put_together(shared.frames) if whole[9] == 17)
    assert all(checksum(frame[14:34]) == 0 for frame in shared.frames)


def test_six_in_four_and_teredo(share: Share) -> None:
    shared = share([plain(41, frame[14:]) for frame in talk(four=False)])
    same_findings(shared)
    nothing_left(shared)
    client = ip_address("2001:0:4136:e378:8000:63bf:f5fe:fdfc")  # of 10.1.2.3
    web = Connection(Endpoint(client, "tcp", 40_000), Endpoint(HUB6, "tcp", 80))
    frames = [*web.opened(), *web.said(True, PAGE), *web.said(False, ANSWER)]
    seen = bytes(byte ^ 0xFF for byte in OUTER.packed)
    head = b"\0\1\4\0who?" + bytes(9) + b"\0\0\x63\xbf" + seen
    shared = share([udp_tunnel(TEREDO, head)(frame[54 - 40 :]) for frame in frames])
    same_findings(shared)
    nothing_left(shared)
    first = shared.frames[0]
    assert b"who?" not in first
    assert seen not in shared.raw
    at = first.index(b"\0\0\x63\xbf") + 4
    assert bytes(byte ^ 0xFF for byte in first[at : at + 4]) == first[26:30]


def test_fragments_within_and_around_tunnels(share: Share) -> None:
    within = [TUNNELS["VXLAN"](piece) for frame in talk() for piece in in_pieces(frame, 48, list)]
    around = [piece for frame in talk() for piece in in_pieces(TUNNELS["VXLAN"](frame), 64, list)]
    both = [piece for frame in within for piece in in_pieces(frame, 64, list)]
    for frames in (within, around, both):
        shared = share(frames)
        same_findings(shared)
        nothing_left(shared)
        assert len(shared.frames) == len(frames)


def test_deeper_tunnels_than_are_looked_into_become_zeroes(share: Share) -> None:
    frames = talk()
    for _ in range(5):
        frames = list(map(TUNNELS["IP in IP"], frames))
    shared = share(frames)
    nothing_left(shared)
    assert shared.done.counts["frames with unread payload"] == len(frames)


def test_a_login_in_rtsp_that_http_carries_is_replaced(share: Share) -> None:
    ends = Endpoint(LAMP, "tcp", 40_001), Endpoint(HUB, "tcp", 80)
    posts = Connection(*ends)
    head = b"POST /a HTTP/1.0\r\nx-sessioncookie: aZ93x\r\nContent-Length: 32767\r\n\r\n"
    login = base64.b64encode(b"kitchen:hunter2")
    asked = b"DESCRIBE rtsp://192.168.1.9/a RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Basic %b\r\n\r\n"
    posted = base64.b64encode(asked % login)
    said = [*posts.opened(), *posts.said(True, head)]
    said += [*posts.said(True, posted[:50]), *posts.said(True, posted[50:]), *posts.closed()]
    shared = share([*said, *talk()])
    same_findings(shared)
    nothing_left(shared)
    (new,) = re.findall(b"[A-Za-z0-9+/]{80,}={0,2}", b"".join(f[54:] for f in shared.frames[4:6]))
    carried = base64.b64decode(new)
    assert carried.startswith(b"DESCRIBE rtsp://")
    assert login not in carried
    assert b"192.168.1.9" not in carried


def test_lengths_of_tunnels_follow_what_they_carry() -> None:
    book = book_for(Wish(b"k"))
    ppp = carrying.around(GRE, b"\x30\x01\x88\x0b\0\4\0\7\0\0\0\1" + b"abcd", 4, b"abcdef", book)
    assert ppp[4:6] == b"\0\6"
    datagram = udp_tunnel(GTP, b"\x30\xff\0\4\0\0\0\7")(b"abcd")[34:]
    longer = carrying.around(17, datagram, 4, b"abc", book)
    assert (longer[4:6], longer[10:12]) == (b"\0\x13", b"\0\3")
