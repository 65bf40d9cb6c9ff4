"""Link layers: where the network layer begins, whatever it is wrapped in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.capture.links import known, parse
from iotscan.capture.tags import ARP, BACNET_SAP, IPV4, IPV6

A, B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
IP = b"\x45\0\0\x14" + bytes(16)
SIX = b"\x60" + bytes(39)
# A MAC that begins like a packet.
LIKE_IP = bytes.fromhex("450bb1000001")
V4, V6 = b"\x08\x00", b"\x86\xdd"
SNAP = b"\xaa\xaa\x03\0\0\0"
DATA = b"\x08\0\0\0"
# A station's frame of 802.11 as a monitor hears it, up to the network layer.
MONITORED = b"\x08\x01\0\0" + A + B + A + b"\0\0" + SNAP + V4


# Routers of a provider, and labels, in front of a frame of others.
MANY = bytes(range(12)) + b"\x88\x47\0\0\x10\x40"


@pytest.mark.parametrize(
    ("link", "frame", "kind", "payload", "source"),
    [
        (1, B + A + V4 + IP, IPV4, IP, A),
        (1, B + A + V6 + SIX, IPV6, SIX, A),
        (1, B + A + b"\x08\x06" + bytes(28), ARP, bytes(28), A),
        (1, B + A + b"\x81\0\0\x05" + V4 + IP, IPV4, IP, A),
        (1, B + A + b"\x88\xa8\0\x05\x81\0\0\x06" + V4 + IP, IPV4, IP, A),
        (1, B + A + b"\x88\x47\0\0\x10\x40\0\0\x21\x40" + IP, IPV4, IP, A),
        (1, MANY + b"\0\0\x01\x40" + bytes(4) + B + A + V4 + IP, IPV4, IP, A),
        (1, MANY + b"\0\0\x01\x40" + B + A + b"\x08\x06" + bytes(28), ARP, bytes(28), A),
        (1, MANY + b"\0\0\x01\x40" + LIKE_IP + A + V4 + IP, IPV4, IP, A),
        (
            1,
            MANY + b"\0\0\x01\x40" + b"\x45\0\x05\xdc" + IP[4:],
            IPV4,
            b"\x45\0\x05\xdc" + IP[4:],
            MANY[6:12],
        ),
        (219, b"\0\0\x10\x40\0\0\x21\x40" + SIX, IPV6, SIX, b""),
        (1, B + A + b"\x88\x64\x11\0\0\1\0\x16\0\x21" + IP, IPV4, IP, A),
        (1, B + A + b"\x88\x64\x11\0\0\1\0\x16\0\x57" + SIX, IPV6, SIX, A),
        (1, B + A + b"\x88\x64\x11\0\0\1\0\x15\x21" + IP, IPV4, IP, A),
        (1, B + A + b"\xf1\xc1\0\0\0\7" + V4 + IP, IPV4, IP, A),
        (1, B + A + b"\x89\x2f\0\x2e\0\7" + V4 + IP, IPV4, IP, A),
        (1, B + A + b"\x89\x3f\0\0\0\5\0\0" + V4 + IP, IPV4, IP, A),
        (1, B + A + b"\x89\x26\x80\5\0\0" + V6 + SIX, IPV6, SIX, A),
        (1, B + A + b"\x89\x09\1\1\0\1\0\5" + V4 + IP, IPV4, IP, A),
        (1, bytes(range(12)) + b"\x88\xe7\0\0\0\5" + B + A + V4 + IP, IPV4, IP, A),
        (1, bytes(range(12)) + b"\x89\x03\0\x20" + B + A + V4 + IP, IPV4, IP, A),
        (1, B + A + b"\0\x20" + SNAP + V4 + IP, IPV4, IP, A),
        (1, B + A + b"\0\x20\x82\x82\x03" + b"bacnet", BACNET_SAP, b"bacnet", A),
        (276, V4 + bytes(9) + b"\6" + A + bytes(2) + IP, IPV4, IP, A),
        (276, b"\x81\0" + bytes(9) + b"\6" + A + bytes(2) + b"\0\5" + V4 + IP, IPV4, IP, A),
        (0, b"\2\0\0\0" + IP, IPV4, IP, b""),
        (0, b"\0\0\0\x18" + SIX, IPV6, SIX, b""),
        (0, b"\x1e\0\0\0" + SIX, IPV6, SIX, b""),
        (0, b"\x0f\0\x08\0" + IP, IPV4, IP, b""),
        (108, b"\0\0\0\2" + IP, IPV4, IP, b""),
        (9, b"\xff\x03\0\x21" + IP, IPV4, IP, b""),
        (9, b"\0\x57" + SIX, IPV6, SIX, b""),
        (9, b"\x57" + SIX, IPV6, SIX, b""),
        (9, b"\x0f\0" + V4 + IP, IPV4, IP, b""),
        (50, b"\x8f\0" + V6 + SIX, IPV6, SIX, b""),
        (101, IP, IPV4, IP, b""),
        (12, SIX, IPV6, SIX, b""),
        (228, IP, IPV4, IP, b""),
        (113, b"\0\0\0\1\0\6" + A + b"\0\0" + V4 + IP, IPV4, IP, A),
        (113, b"\0\0\0\1\0\6" + A + b"\0\0\x81\0\0\7" + V4 + IP, IPV4, IP, A),
        (113, b"\0\0\3\x04\0\0" + bytes(8) + V4 + IP, IPV4, IP, b""),
        (276, V6 + bytes(9) + b"\6" + A + b"\0\0" + SIX, IPV6, SIX, A),
        (105, b"\x08\x01\0\0" + A + B + A + b"\0\0" + SNAP + V4 + IP, IPV4, IP, B),
        (105, b"\x08\x02\0\0" + A + B + A + b"\0\0" + SNAP + V4 + IP, IPV4, IP, A),
        (105, b"\x88\x02\0\0" + A + B + A + b"\0\0\0\0" + SNAP + V4 + IP, IPV4, IP, A),
        (105, b"\x08\x03\0\0" + A + B + A + b"\0\0" + B + SNAP + V4 + IP, IPV4, IP, B),
        (127, b"\0\0\x08\0abcd\x08\0\0\0" + A + B + A + b"\0\0" + SNAP + V4 + IP, IPV4, IP, B),
        (50, b"\xff\x03\0\x21" + IP, IPV4, IP, b""),
        (51, b"\x11\0\0\1\0\x16\0\x21" + IP, IPV4, IP, b""),
        (204, b"\1\0\x57" + SIX, IPV6, SIX, b""),
        (104, b"\x0f\0" + V4 + IP, IPV4, IP, b""),
        (104, b"\x0f\0\x88\x47\0\0\x11\x40" + IP, IPV4, IP, b""),
        (107, b"\x18\x41\x03\xcc" + IP, IPV4, IP, b""),
        (107, b"\x18\x40\x01\x03\0\x8e" + SIX, IPV6, SIX, b""),
        (107, b"\x18\x41\x03\0\x80\0\0\0" + V4 + IP, IPV4, IP, b""),
        (6, b"\x10\x40" + B + A + SNAP + V4 + IP, IPV4, IP, A),
        (6, b"\x10\x40" + B + b"\x82" + A[1:] + b"\x06\x30ab\0\0" + SNAP + V4 + IP, IPV4, IP, A),
        (10, b"\x50" + B + A + SNAP + V6 + SIX, IPV6, SIX, A),
        (119, b"\0\0\0\x44\x0c\0\0\0wlan" + MONITORED + IP, IPV4, IP, B),
        (163, b"\x80\x21\x10\x01\0\0\0\x0cwlan" + MONITORED + IP, IPV4, IP, B),
        (192, b"\0\0\x0c\0\x69\0\0\0abcd" + MONITORED + IP, IPV4, IP, B),
        (192, b"\0\0\x08\0\x01\0\0\0" + B + A + V4 + IP, IPV4, IP, A),
        (239, b"\2\0\0\0\x09\0\x0a\0tag\0\0\0\0\0\x18\0\x09\0" + IP, IPV4, IP, b""),
    ],
)
def test_where_the_network_layer_begins(
    link: int, frame: bytes, kind: int, payload: bytes, source: bytes
) -> None:
    found = parse(link, frame)
    assert found is not None
    assert (found.kind, frame[found.offset :], found.source) == (kind, payload, source)


@pytest.mark.parametrize(
    ("link", "frame", "source"),
    [
        (105, b"\x08\x41\0\0" + A + B + A + b"\0\0" + bytes(40), B),
        (105, b"\x80\0\0\0" + A + B + A + bytes(40), B),
        (105, b"\x48\x01\0\0" + A + B + A + b"\0\0", B),
        (1, B + A + b"\0\x20\x42\x42\x03" + bytes(30), A),
        (1, B + A + b"\x88\x47\0\0\x01\x40" + b"\x10" + bytes(30), A),
        (1, B + A + b"\x88\x64\x11\0\0\1\0\x16\xc0\x21" + b"\x82\x82\x03" + bytes(9), A),
        (195, b"\x41\x88" + bytes(20), b""),
        (230, b"\x41\x88" + bytes(20), b""),
    ],
    ids=[
        "encrypted",
        "beacon",
        "null data",
        "spanning tree",
        "labels",
        "PPP link",
        "802.15.4",
        "802.15.4 without FCS",
    ],
)
def test_frames_without_a_network_layer_still_have_a_sender(
    link: int, frame: bytes, source: bytes
) -> None:
    found = parse(link, frame)
    assert found is not None
    assert (found.kind, found.source) == (0, source)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x09\x01\0\0" + A + B + A + b"\0\0" + SNAP + V4 + IP,
        b"\x72\x01\xc0\0" + A + B + A + bytes(20),
        b"\x0c\0\0\0" + A + B + A + bytes(20),
        b"\xc4\0\0\0" + A + b"\x11\x22\x33\x44",
        b"\xd4\0\0\0" + A + B[:4],
        b"\xd4\0\0\0" + A,
    ],
    ids=["version 1", "version 2", "extension", "CTS", "ACK", "bare ACK"],
)
def test_frames_of_wifi_that_name_no_sender_have_none(frame: bytes) -> None:
    link = parse(105, frame)
    assert link is not None
    assert (link.kind, link.source) == (0, b"")


@pytest.mark.parametrize("control", [b"\xb4", b"\xa4", b"\x84", b"\x94"])
def test_who_asks_for_the_air_is_there(control: bytes) -> None:
    link = parse(105, control + b"\0\0\0" + A + B + bytes(4))
    assert link is not None
    assert link.source == B


@pytest.mark.parametrize(
    ("header", "heard"),
    [
        (b"\0\0\x09\0\2\0\0\0\x40", False),
        (b"\0\0\x09\0\2\0\0\0\x10", True),
        (b"\0\0\x11\0\3\0\0\0" + bytes(8) + b"\x50", False),
        (b"\0\0\x11\0\1\0\0\0" + bytes(8) + b"\x50", True),
        (b"\0\0\x19\0\3\0\0\x80\0\0\0\0" + bytes(12) + b"\x40", False),
        (b"\0\0\x08\0\2\0\0\0", True),
    ],
    ids=["bad", "good", "after a time", "no flags", "more fields", "cut"],
)
def test_a_monitor_s_word_that_a_frame_is_broken_is_heeded(header: bytes, heard: bool) -> None:
    link = parse(127, header + MONITORED + IP)
    assert link is not None
    assert (link.kind, link.source) == ((IPV4, B) if heard else (0, b""))


def test_the_innermost_vlan_counts() -> None:
    found = parse(1, B + A + b"\x88\xa8\0\x05\x81\0\xe0\x06" + V4 + IP)
    assert found is not None
    assert found.vlan == 6


def test_unknown_link_types_and_cut_frames_are_nothing() -> None:
    assert not known(147)
    assert parse(147, bytes(60)) is None
    assert parse(1, A + B) is None
    assert known(1)


@pytest.mark.parametrize(
    "frame", [b"\x18\x41\x04\xcc" + IP, b"\x18\x40\x40\x40\x03\xcc" + IP, b"\x18\x41\x03\x08" + IP]
)
def test_frame_relay_of_other_sorts_carries_no_network(frame: bytes) -> None:
    found = parse(107, frame)
    assert found is not None
    assert found.kind == 0


def test_a_header_that_leads_to_itself_leads_nowhere() -> None:
    found = parse(192, b"\0\0\x08\0\xc0\0\0\0" * 2000)
    assert found is not None
    assert found.kind == 0


def test_an_endless_stack_of_tags_ends() -> None:
    assert parse(1, B + A + b"\x81\0\0\1" * 10_000) is not None
    assert parse(1, B + A + b"\x88\x47" + b"\0\0\x10\x40" * 10_000) is None
    bridged = B + A + b"\x81\0\0\1\x88\x47\0\0\x01\x40"
    assert parse(1, bridged * 10_000) is not None


@given(st.integers(0, 300), st.binary(max_size=120))
def test_garbage_is_harmless(link: int, frame: bytes) -> None:
    parse(link, frame)
