"""Cutting a stream into control packets, and knowing a broker by its first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.mqtt.codec import Frame, Splitter, decode, encode, is_greeting
from iotscan.protocols.mqtt.packets import Connack, Connect, Pingresp, Publish, Suback
from iotscan.testing import three_ways

CONNACK = bytes.fromhex("20020000")
REFUSED = bytes.fromhex("20020005")
STREAM = CONNACK + bytes.fromhex("9003000180") + bytes.fromhex("31060003612f6278") + b"\xd0\x00"


def cut(chunks: Sequence[bytes]) -> list[Frame]:
    splitter = Splitter()
    frames = []
    for chunk in chunks:
        splitter.receive(chunk)
        while (frame := splitter.next()) is not None:
            frames.append(frame)
    return frames


def test_a_stream_is_cut_alike_whole_byte_by_byte_and_with_half_a_packet_behind() -> None:
    whole, dripped, tailed = three_ways(cut, STREAM, tail=b"\x30\x7f")
    assert whole == dripped == tailed
    assert [decode(frame) for frame in whole] == [
        Connack(0),
        Suback(1, (0x80,)),
        Publish("a/b", b"x", retain=True),
        Pingresp(),
    ]


def test_what_waits_for_its_end_is_told() -> None:
    splitter = Splitter()
    splitter.receive(STREAM[:7])
    assert splitter.next() is not None
    assert splitter.next() is None
    assert splitter.pending == 3


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("00", "no packet type 0"),
        ("21", "flags"),
        ("36", "flags"),
        ("80", "flags"),
        ("60", "flags"),
        ("20ffffffff", "four bytes"),
        ("5353482d322e30", "flags"),
    ],
)
def test_the_first_byte_or_length_that_fits_nothing_is_malformed_at_once(
    wrong: str, why: str
) -> None:
    splitter = Splitter()
    splitter.receive(bytes.fromhex(wrong))
    with pytest.raises(Malformed, match=why):
        splitter.next()


def test_a_subscription_that_is_repeated_as_in_3_1_is_let_through() -> None:
    assert cut([bytes.fromhex("8a06000100016100")])[0].kind == 8


def test_a_packet_above_the_cap_is_malformed_before_it_has_come() -> None:
    splitter = Splitter(largest=16)
    splitter.receive(b"\x30\x11")
    with pytest.raises(Malformed, match="17 bytes"):
        splitter.next()


def test_the_largest_length_of_the_standard_is_waited_for() -> None:
    splitter = Splitter()
    splitter.receive(b"\x30\xff\xff\xff\x7f")
    assert splitter.next() is None


@pytest.mark.parametrize(
    "heard",
    [
        CONNACK,
        REFUSED,
        bytes.fromhex("2003008400"),
        bytes.fromhex("20020001"),
        STREAM,
        STREAM[:9],
        encode(Connack(0), 5),
    ],
)
def test_a_connack_is_a_greeting(heard: bytes) -> None:
    assert is_greeting(heard)


@pytest.mark.parametrize(
    "heard",
    [
        b"",
        b"\x20\x02",
        CONNACK[:3],
        bytes.fromhex("20020063"),
        bytes.fromhex("20020200"),
        bytes.fromhex("20020105"),
        bytes.fromhex("2003000000") + b"\xff",
        CONNACK + b"login: ",
        b"\xd0\x00",
        encode(Connect()),
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
)
def test_anything_else_is_none(heard: bytes) -> None:
    assert not is_greeting(heard)


@given(st.binary(max_size=64))
def test_garbage_is_cut_or_malformed_and_nothing_else(data: bytes) -> None:
    splitter = Splitter()
    splitter.receive(data)
    with suppress(Malformed):
        while (frame := splitter.next()) is not None:
            decode(frame, 5)
    is_greeting(data)
