"""Tunnels that do not encrypt are looked into, those that do or are none are left alone."""

from __future__ import annotations

import struct
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.capture.internet import Packet
from iotscan.capture.making import Connection, ip_frame, udp_frame
from iotscan.capture.tunnels import carried
from iotscan.model import Endpoint

Read = Callable[..., Any]
Pcap = Callable[..., bytes]
OUTER = ip_address("198.51.100.1"), ip_address("198.51.100.2")
INSIDE = ip_address("192.168.7.5"), ip_address("192.168.7.9")
INSIDE6 = ip_address("2001:0:c000:201::5"), ip_address("fd00::9")


def talk(ends: tuple[Any, Any]) -> list[bytes]:
    """Ethernet frames of a connection that says two things."""
    one = Connection(Endpoint(ends[0], "tcp", 40_000), Endpoint(ends[1], "tcp", 23))
    return [*one.opened(), *one.said(False, b"login: "), *one.said(True, b"root\r\n")]


def in_ip(protocol: int, head: bytes = b"", cut: int = 14) -> Callable[[bytes], bytes]:
    return lambda frame: ip_frame(*OUTER, protocol, head + frame[cut:])


def in_udp(port: int, head: bytes = b"", cut: int = 14) -> Callable[[bytes], bytes]:
    here, there = Endpoint(OUTER[0], "udp", 50_000), Endpoint(OUTER[1], "udp", port)
    return lambda frame: udp_frame(here, there, head + frame[cut:])


def on_air(control: bytes, quality: bytes = b"", bits: int = 0x100) -> Callable[[bytes], bytes]:
    """In CAPWAP as a data frame of IEEE 802.11 on its way to the network. ``bits``: T, F and L."""
    here, there = Endpoint(OUTER[0], "udp", 50_000), Endpoint(OUTER[1], "udp", 5247)
    head = (0x10_02_00 | bits).to_bytes(4, "big") + bytes(4)
    llc = quality + b"\xaa\xaa\3\0\0\0"

    def wrap(frame: bytes) -> bytes:
        radio = control + bytes(2) + b"\2\0\0\0\0\x63" + frame[6:12] + frame[:6] + bytes(2)
        return udp_frame(here, there, head + radio + llc + frame[12:])

    return wrap


def test_of_a_frame_in_fragments_the_first_is_read(read: Read, pcap: Pcap) -> None:
    frames = [on_air(b"\x08\1", bits=0x180)(frame) for frame in talk(INSIDE)]
    rest = in_udp(5247, b"\0\x10\3\xc0\0\1\x02\0rest of it")(b"")
    keep_alive = in_udp(5247, b"\0\x10\2\x08" + bytes(4) + b"\0\x16\0\x23\0\x10" + bytes(16))(b"")
    sealed = in_udp(5247, b"\1\0\0\0\x17\xfe\xfd" + bytes(40))(b"")
    heard = read(pcap([*frames, rest, keep_alive, sealed]))
    assert sorted(len(said.turns) for said in heard.talks) == [2, 3]
    protected = [on_air(b"\x08\x41")(frame) for frame in talk(INSIDE)]
    assert read(pcap(protected)).talks == []


def test_what_the_ends_of_a_tunnel_say_to_each_other_hides_nothing(read: Read, pcap: Pcap) -> None:
    """Nobody reads it, and what nobody reads is no longer looked at elsewhere."""
    echo = in_udp(2152, b"\x32\x01\0\4" + bytes(8))(b"")
    carrying = [in_udp(2152, b"\x30\xff\0\x40\0\0\0\1")(frame) for frame in talk(INSIDE)]
    heard = read(pcap([echo] * 200 + carrying), lambda _: False)
    (said,) = [one for one in heard.talks if one.service.endpoint.transport == "tcp"]
    assert len(said.turns) == 2


WHOLE = {"cut": 0}
TUNNELS: dict[str, tuple[Callable[[bytes], bytes], tuple[Any, Any]]] = {
    "IPv4 in IPv4": (in_ip(4), INSIDE),
    "IPv6 in IPv4": (in_ip(41), INSIDE6),
    "EtherIP": (in_ip(97, b"\x30\0", 0), INSIDE),
    "GRE": (in_ip(47, b"\0\0\x08\0"), INSIDE),
    "GRE with checksum, key and sequence": (in_ip(47, b"\xb0\0\x86\xdd" + bytes(12)), INSIDE6),
    "GRE of Ethernet": (in_ip(47, b"\0\0\x65\x58", 0), INSIDE),
    "GRE of MPLS": (in_ip(47, b"\0\0\x88\x47\0\0\x11\x40"), INSIDE),
    "PPTP": (in_ip(47, b"\x30\x81\x88\x0b" + bytes(12) + b"\xff\x03\0\x21"), INSIDE),
    "ERSPAN": (in_ip(47, b"\0\0\x88\xbe", 0), INSIDE),
    "ERSPAN II": (in_ip(47, b"\x10\0\x88\xbe" + bytes(4) + b"\x10" + bytes(7), 0), INSIDE),
    "ERSPAN III": (in_ip(47, b"\x10\0\x22\xeb" + bytes(4) + b"\x20" + bytes(11), 0), INSIDE),
    "VXLAN": (in_udp(4789, b"\x08\0\0\0\0\0\x07\0", 0), INSIDE),
    "VXLAN on Linux": (in_udp(8472, b"\x08\0\0\0\0\0\x07\0", 0), INSIDE),
    "GENEVE with an option": (in_udp(6081, b"\x01\0\x65\x58\0\0\x07\0" + bytes(4), 0), INSIDE),
    "GENEVE of IP": (in_udp(6081, b"\0\0\x86\xdd\0\0\x07\0"), INSIDE6),
    "Teredo": (in_udp(3544), INSIDE6),
    "Teredo with both headers": (
        in_udp(3544, b"\0\1\0\0" + bytes(9) + b"\0\0" + bytes(6)),
        INSIDE6,
    ),
    "L2TP": (in_udp(1701, b"\x40\x02\0\x40\0\1\0\2\xff\x03\0\x21"), INSIDE),
    "L2TP with all fields": (
        in_udp(1701, b"\x4a\x02\0\x40\0\1\0\2" + bytes(4) + b"\0\2ab\0\x21"),
        INSIDE,
    ),
    "GTP-U": (in_udp(2152, b"\x30\xff\0\x40\0\0\0\1"), INSIDE),
    "GTP-U with an extension": (
        in_udp(2152, b"\x34\xff\0\x40\0\0\0\1\0\0\0\x85\1\0\0\0"),
        INSIDE6,
    ),
    "CAPWAP of Ethernet": (in_udp(5247, b"\0\x10\2\0" + bytes(4), 0), INSIDE),
    "CAPWAP with the radio's MAC": (
        in_udp(5247, b"\0\x20\2\x10" + bytes(4) + b"\6\2\0\0\0\0\1\0", 0),
        INSIDE6,
    ),
    "CAPWAP of Wi-Fi": (on_air(b"\x08\1"), INSIDE),
    "CAPWAP of Wi-Fi with QoS": (on_air(b"\x88\1", b"\0\0"), INSIDE6),
    "CAPWAP of Wi-Fi the other way round": (on_air(b"\1\x88", b"\0\0"), INSIDE),
    "TZSP": (in_udp(37_008, b"\1\0\0\1\0\x0a\1\xd5\1", 0), INSIDE),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_what_is_said_in_a_tunnel_is_heard(name: str, read: Read, pcap: Pcap) -> None:
    wrap, ends = TUNNELS[name]
    heard = read(pcap([wrap(frame) for frame in talk(ends)]))
    (said,) = heard.talks
    assert (said.service.endpoint, said.client.address) == (Endpoint(ends[1], "tcp", 23), ends[0])
    assert [(turn.data, turn.frame) for turn in said.turns] == [(b"login: ", 4), (b"root\r\n", 5)]


def test_tunnels_in_tunnels_are_looked_into_but_not_without_end(read: Read, pcap: Pcap) -> None:
    wrap, depths = in_ip(4), []
    for depth in range(7):
        frames = talk(INSIDE)
        for _ in range(depth):
            frames = [wrap(frame) for frame in frames]
        depths.append(len(read(pcap(frames)).talks))
    assert depths == [1, 1, 1, 1, 1, 0, 0]


def test_whoever_sends_in_a_bridged_tunnel_is_a_station(read: Read, pcap: Pcap) -> None:
    inner = talk(INSIDE)
    heard = read(pcap([in_udp(4789, b"\x08\0\0\0\0\0\x07\0", 0)(frame) for frame in inner]))
    pairs = {(s.mac, *map(str, s.addresses)) for s in heard.sightings}
    assert (inner[0][6:12].hex(":"), "192.168.7.5") in pairs
    assert not {pair for pair in pairs if pair[0] is not None and "198.51.100.1" in pair[1:]} - {
        (in_ip(4)(inner[0])[6:12].hex(":"), "198.51.100.1")
    }


@pytest.mark.parametrize(
    ("port", "data"),
    [
        (4789, b"hello, this is no tunnel"),
        (6081, b"hello, this is no tunnel"),
        (3544, b"hello, this is no tunnel"),
        (3544, b""),
        (1701, b"\xc8\x02\0\x14\0\1\0\2\0\0\0\0\x80\x08\0\0\0\0\0\1"),
        (2152, b"\x32\x01\0\4\0\0\0\0\0\0\0\0"),
        (5247, b"\0\x10\5\0" + bytes(40)),
        (5247, b"\x10\x10\2\0" + bytes(40)),
        (37_008, b"\1\2\0\1\1"),
    ],
)
def test_other_datagrams_on_the_port_of_a_tunnel_are_a_talk(
    port: int, data: bytes, read: Read, pcap: Pcap
) -> None:
    heard = read(pcap([in_udp(port, data)(b"")]))
    (said,) = heard.talks
    assert [turn.data for turn in said.turns] == [data]


@given(
    st.sampled_from([4, 17, 41, 47, 97]),
    st.sampled_from([1701, 2152, 3544, 4789, 5247, 6081, 8472, 37_008]),
    st.binary(max_size=80),
)
def test_no_bytes_confuse_the_looking(protocol: int, port: int, data: bytes) -> None:
    payload = struct.pack("!HHHH", port, port, 0, 0) + data if protocol == 17 else data
    found = carried(Packet(b"", b"", protocol, payload, len(payload)))
    assert found is None or len(found[1]) <= len(data)
