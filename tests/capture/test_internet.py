"""IPv4 and IPv6 packets, and their fragments in bounded memory."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.capture.internet import Fragments, parse
from iotscan.capture.tags import IPV4, IPV6

A, B = ip_address("10.0.0.1").packed, ip_address("10.0.0.2").packed
A6, B6 = ip_address("fd00::1").packed, ip_address("fd00::2").packed


def ipv4(payload: bytes, place: int = 0, more: bool = False, number: int = 7, **odd: int) -> bytes:
    words = odd.get("words", 5)
    total = odd.get("total", words * 4 + len(payload))
    offset = place // 8 | (0x2000 if more else 0)
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, total, number, offset, 64, 17, 0)
    return head + A + B + bytes((words - 5) * 4) + payload


def ipv6(payload: bytes, following: int = 17, length: int | None = None) -> bytes:
    size = len(payload) if length is None else length
    return struct.pack("!IHBB", 6 << 28, size, following, 64) + A6 + B6 + payload


def test_ipv4_without_padding_and_with_options() -> None:
    found = parse(IPV4, b"link" + ipv4(b"data", words=7) + b"padding", 4, Fragments())
    assert found == (A, B, 17, b"data", 4, 64)


def test_a_total_length_of_zero_means_all_of_the_frame() -> None:
    found = parse(IPV4, ipv4(b"data", total=0), 0, Fragments())
    assert found is not None
    assert found.payload == b"data"


def test_what_the_capture_cut_off_is_known() -> None:
    found = parse(IPV4, ipv4(b"data", total=1500), 0, Fragments())
    assert found is not None
    assert (found.payload, found.length) == (b"data", 1480)


@pytest.mark.parametrize(
    "frame", [b"", ipv4(b"x")[:19], b"\x43" + ipv4(b"x")[1:], ipv6(b"x")], ids=range(4)
)
def test_what_is_no_ipv4_is_nothing(frame: bytes) -> None:
    assert parse(IPV4, frame, 0, Fragments()) is None


def test_ipv6_extension_headers_are_passed_over() -> None:
    hop_by_hop, routing = b"\x2b\0" + bytes(6), b"\x33\0" + bytes(6)
    authentication, destination = b"\x3c\0" + bytes(6), b"\x11\0" + bytes(6)
    payload = hop_by_hop + routing + authentication + destination + b"data"
    found = parse(IPV6, ipv6(payload, 0), 0, Fragments())
    assert found == (A6, B6, 17, b"data", 4, 64)


def test_an_endless_chain_of_extension_headers_is_given_up() -> None:
    assert parse(IPV6, ipv6((b"\0\0" + bytes(6)) * 5000, 0), 0, Fragments()) is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_fragments_in_any_order(order: tuple[int, ...]) -> None:
    pieces = [ipv4(b"a" * 8, 0, True), ipv4(b"b" * 8, 8, True), ipv4(b"c", 16)]
    waiting = Fragments()
    found = [parse(IPV4, pieces[i], 0, waiting) for i in order]
    assert found[:2] == [None, None]
    assert found[2] == (A, B, 17, b"a" * 8 + b"b" * 8 + b"c", 17, 64)


def test_ipv6_fragments() -> None:
    def piece(place: int, more: bool, data: bytes) -> bytes:
        return ipv6(struct.pack("!BBHI", 17, 0, place | more, 99) + data, 44)

    waiting = Fragments()
    assert parse(IPV6, piece(8, False, b"end"), 0, waiting) is None
    found = parse(IPV6, piece(0, True, b"begin---"), 0, waiting)
    assert found == (A6, B6, 17, b"begin---end", 11, 64)


def test_headers_that_only_the_last_receiver_reads_stand_in_the_fragments() -> None:
    waiting = Fragments()
    options = b"\x33\0\1\4" + bytes(4)  # for the destination; authentication follows
    data = options + b"\x11\x04" + bytes(22) + b"abcdefgh"
    head = b"\x3c\0\0\1\0\0\0\7", b"\x3c\0\0\x10\0\0\0\7"
    assert parse(IPV6, ipv6(head[0] + data[:16], 44), 0, waiting) is None
    packet = parse(IPV6, ipv6(head[1] + data[16:], 44), 0, waiting)
    assert packet is not None
    assert (packet.protocol, packet.payload, packet.length) == (17, b"abcdefgh", 8)


def test_the_first_copy_of_a_byte_counts() -> None:
    waiting = Fragments()
    assert parse(IPV4, ipv4(b"good" * 4, 0, True), 0, waiting) is None
    assert parse(IPV4, ipv4(b"evil" * 2, 8, True), 0, waiting) is None
    found = parse(IPV4, ipv4(b"evilend!", 8), 0, waiting)
    assert found is not None
    assert found.payload == b"good" * 4


def test_fragments_of_different_packets_do_not_mix() -> None:
    waiting = Fragments()
    assert parse(IPV4, ipv4(b"a" * 8, 0, True, number=1), 0, waiting) is None
    assert parse(IPV4, ipv4(b"b", 8, number=2), 0, waiting) is None


def test_endless_fragments_are_bounded() -> None:
    waiting = Fragments(most_packets=8)
    for number in range(1000):
        parse(IPV4, ipv4(b"x" * 1400, 0, True, number=number), 0, waiting)
    assert waiting.given_up == 992
    for place in range(0, 60_000, 1400):
        parse(IPV4, ipv4(b"x" * 1400, place, True, number=5000), 0, waiting)
    assert sum(partial.size for partial in waiting._waiting.values()) <= 8 * waiting.most_bytes


def test_first_fragments_of_what_is_given_up_are_left_with_their_marks() -> None:
    waiting = Fragments(most_packets=1)
    for number in (1, 2):
        waiting.mark = number
        parse(IPV4, ipv4(b"%d" % number * 8, 0, True, number=number), 0, waiting)
        parse(IPV4, ipv4(b"b" * 8, 16, True, number=number), 0, waiting)
    assert [(packet.payload, mark) for packet, mark in waiting.left()] == [(b"1" * 8, 1)]
    waiting.end()
    assert [(packet.payload, mark) for packet, mark in waiting.left()] == [(b"2" * 8, 2)]
    assert waiting.left() == []


def test_a_packet_longer_than_any_is_never_put_together() -> None:
    waiting = Fragments(most_bytes=100)
    assert parse(IPV4, ipv4(b"a" * 96, 0, True), 0, waiting) is None
    assert parse(IPV4, ipv4(b"b" * 96, 96), 0, waiting) is None


@given(st.sampled_from([IPV4, IPV6]), st.binary(max_size=120))
def test_garbage_is_harmless(kind: int, frame: bytes) -> None:
    waiting = Fragments()
    for head in (b"", b"\x45", b"\x60"):
        parse(kind, head + frame, 0, waiting)
