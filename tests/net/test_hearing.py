"""Floods are bounded, and those who speak little are heard all the same."""

from __future__ import annotations

from ipaddress import IPv4Address

from iotscan.model import Packet
from iotscan.net import hearing
from iotscan.net.hearing import Hearing

LOUD, QUIET = IPv4Address("10.0.0.66"), IPv4Address("10.0.0.7")


def hear(room: Hearing, source: IPv4Address, data: bytes) -> bool:
    kept = room.room_for(source, "mdns", data)
    if kept:
        room.packets.append(Packet("p", 0.0, "mdns", data, source))
    return kept


def test_a_flood_from_one_source_is_cut_and_named() -> None:
    room = Hearing()
    kept = sum(hear(room, LOUD, b"instance %d" % i) for i in range(40_000))
    assert kept == hearing.PER_SOURCE_PACKETS
    assert hear(room, QUIET, b"I am a bulb")
    assert any(str(LOUD) in note and str(40_000 - kept) in note for note in room.notes())


def test_large_packets_are_bounded_by_bytes() -> None:
    room = Hearing()
    for i in range(1000):
        hear(room, LOUD, b"%06d" % i + bytes(8994))
    assert sum(len(packet.data) for packet in room.packets) <= hearing.PER_SOURCE_BYTES


def test_a_flood_from_many_sources_leaves_every_source_its_first_words() -> None:
    room = Hearing()
    for number in range(200):
        for i in range(200):
            hear(room, IPv4Address("10.1.0.0") + number, b"%d %d" % (number, i))
    assert len(room.packets) <= hearing.ALL_PACKETS + 200 * hearing.RESERVED_PACKETS
    kept = [hear(room, QUIET, b"word %d" % i) for i in range(20)]
    assert kept == [True] * hearing.RESERVED_PACKETS + [False] * (20 - hearing.RESERVED_PACKETS)


def test_the_number_of_sources_is_bounded() -> None:
    room = Hearing()
    base = int(IPv4Address("10.0.0.0"))
    kept = sum(hear(room, IPv4Address(base + i), b"x") for i in range(hearing.SOURCES + 100))
    assert kept == hearing.SOURCES
    assert any("More than" in note for note in room.notes())


def test_repetitions_are_not_kept_nor_counted_as_dropped() -> None:
    room = Hearing()
    assert [hear(room, QUIET, b"again") for _ in range(5)] == [True, False, False, False, False]
    assert room.notes() == []
    assert room.room_for(QUIET, "ssdp", b"again")
