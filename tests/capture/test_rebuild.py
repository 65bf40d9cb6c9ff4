"""Recordings as captures: what was said in clear comes out as it went in."""

from __future__ import annotations

import io
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from iotscan.capture.rebuild import SCANNER, Left, write
from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Header,
    Packet,
    Recording,
    Scope,
    Service,
    TlsFacts,
    Transcript,
    Turn,
)
from iotscan.offline import rebuild

AT = Endpoint(ip_address("192.168.1.9"), "tcp", 23)
COAP = Endpoint(ip_address("fd00::9"), "udp", 5683)
MAC = "a4:2b:b0:00:00:09"
MAPPED = {"arp": ("ether", 0x0806), "mdns": ("udp", 5353), "ndp": ("ip", 58)}


def recording(*talks: Transcript, packets: tuple[Packet, ...] = ()) -> Recording:
    header = Header(1, "0", "2026-01-02T03:04:05Z", Scope(()), {}, "")
    return Recording(header, packets=packets, transcripts=talks)


def talk(at: Endpoint, *turns: Turn, channels: tuple[Channel, ...] = ()) -> Transcript:
    return Transcript("c1", Service(at), "x", 1.0, turns, channels or (Channel(at),))


def captured(given: Recording, read: Callable[..., Any]) -> tuple[Any, Left]:
    out = io.BytesIO()
    left = write(given, out, MAPPED, {AT.address: MAC})
    return read(out.getvalue()), left


def test_a_conversation_comes_out_as_it_went_in(read: Callable[..., Any]) -> None:
    long = bytes(range(256)) * 20
    said = (Turn("server", 0.1, b"login: "), Turn("client", 0.2, long), Turn("server", 0.2, b"no"))
    heard, left = captured(recording(talk(AT, *said)), read)
    (found,) = heard.talks
    assert (found.service.endpoint, found.client.address) == (AT, SCANNER[4])
    assert found.said_by("client") == long
    assert found.said_by("server") == b"login: no"
    assert (found.turns[0].sender, found.turns[-1].sender) == ("server", "server")
    assert heard.answers[0][0] == AT
    assert left.encrypted == 0
    assert heard.facts.first == 1767323045.0 + 1.0


def test_each_channel_is_a_connection_of_its_own(read: Callable[..., Any]) -> None:
    turns = (Turn("client", 0.1, b"one", 0), Turn("client", 0.2, b"two", 1))
    channels = (Channel(AT), Channel(AT, 0.15))
    heard, _ = captured(recording(talk(AT, *turns, channels=channels)), read)
    assert sorted(found.said_by("client") for found in heard.talks) == [b"one", b"two"]


def test_datagrams_and_ipv6(read: Callable[..., Any]) -> None:
    turns = (Turn("client", 0.0, b"get"), Turn("server", 0.1, b"here"))
    heard, _ = captured(recording(talk(COAP, *turns)), read)
    (found,) = heard.talks
    assert found.service.endpoint == COAP
    assert [(turn.sender, turn.data) for turn in found.turns] == [
        ("client", b"get"),
        ("server", b"here"),
    ]


def test_what_was_inside_tls_is_left_out_and_counted(read: Callable[..., Any]) -> None:
    turns = (Turn("client", 0.0, b"secret"),)
    channels = (Channel(AT, tls=TlsFacts("TLS 1.3")),)
    heard, left = captured(recording(talk(AT, *turns, channels=channels)), read)
    assert (heard.talks, left.encrypted, left.frames) == ([], 1, 0)


def test_a_refusal_is_a_reset_and_silence_is_silence(read: Callable[..., Any]) -> None:
    for ending, frames in ((Ending.REFUSED, 2), (Ending.TIMEOUT, 1)):
        given = recording(talk(AT, channels=(Channel(AT, ending=ending),)))
        heard, left = captured(given, read)
        assert (heard.answers, left.frames) == ([], frames)


def test_announcements_keep_their_sender(read: Callable[..., Any]) -> None:
    packets = (
        Packet("p1", 0.0, "arp", bytes(28), None, MAC),
        Packet("p2", 0.1, "mdns", b"hello", AT.address, MAC),
        Packet("p3", 0.2, "ndp", b"\x88" + bytes(23), COAP.address),
        Packet("p4", 0.3, "table", b"192.168.1.9 x", None),
        Packet("p5", 0.4, "mdns", b"nobody", None),
    )
    heard, left = captured(recording(packets=packets), read)
    assert [(p.protocol, p.data, p.source) for p in heard.packets] == [
        ("arp", bytes(28), None),
        ("mdns", b"hello", AT.address),
        ("ndp", packets[2].data, COAP.address),
    ]
    assert heard.packets[1].mac == MAC
    assert left.unframed == 2


def test_macs_come_from_whoever_told_them() -> None:
    arp = bytes.fromhex("0001080006040002a42bb0000009c0a80109000000000000c0a80101")
    given = recording(
        talk(AT, Turn("client", 0.0, b"x")), packets=(Packet("p1", 0.0, "arp", arp, None, MAC),)
    )
    out = io.BytesIO()
    assert rebuild(given, out).frames == 8
    assert out.getvalue().count(bytes.fromhex(MAC.replace(":", ""))) > 6
