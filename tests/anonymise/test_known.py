"""What is known of frames, in memory and in a file."""

from __future__ import annotations

import random
from dataclasses import replace
from ipaddress import ip_address

import pytest

from iotscan.anonymise.heard import Heard
from iotscan.anonymise.known import NOTHING, Entry, Known
from iotscan.anonymise.spool import Spool
from iotscan.model import Channel, Endpoint, Packet, Service, Transcript, Turn


@pytest.mark.parametrize("most", [100, 50_000, 1 << 24])
def test_what_was_told_in_any_order_comes_back_by_frame(most: int) -> None:
    frames = [*range(1, 2000, 2)]
    random.Random(1).shuffle(frames)
    known = Known(most)
    for frame in frames:
        known.said(frame, b"old", b"%d" % frame)
    known.said(5, b"older", b"five!")
    known.announced(7)
    known.part(9, 1, 11)
    known.close()
    assert known.take(1) == Entry(3, b"1")
    assert known.take(2) is NOTHING
    assert known.take(5) == Entry(5, b"five!")
    assert known.take(7) == Entry(3, b"7", heard=True)
    assert known.take(9) == Entry(3, b"9", parts={1: 11})
    assert known.take(1999) == Entry(3, b"1999")
    assert known.take(2001) is NOTHING


def test_what_stays_as_it_is_takes_no_room() -> None:
    known = Known()
    known.said(1, b"same", b"same")
    known.close()
    assert known.take(1) == Entry(4, None)


def test_nothing_more_is_in_memory_than_was_allowed() -> None:
    spool = Spool(most=10_000)
    for number in range(1000):
        spool.add(number % 100, 0, b"x" * 100, 100)
        assert len(spool._now) < 50
    told = list(spool.ordered())
    spool.close()
    assert len(told) == 1000
    assert told == sorted(told)


@pytest.mark.parametrize("most", [1, 1 << 24])
def test_what_was_heard_comes_back_as_it_was(most: int) -> None:
    server = Endpoint(ip_address("192.168.1.9"), "tcp", 23)
    client = Endpoint(ip_address("192.168.1.5"), "tcp", 40_000)
    turns = (Turn("server", 0.0, b"login: ", 0, None, 4), Turn("client", 0.0, b"jo", 0, None, 5))
    talk = Transcript("c1", Service(server), "capture", 0.0, turns, (Channel(server),))
    packets = [
        Packet("p1", 0.0, "ssdp", b"NOTIFY", ip_address("fe80::1"), "02:00:00:00:00:01", frame=7),
        Packet("p2", 0.0, "lldp", b"\1", None, None, frame=8),
    ]
    heard = Heard(most)
    heard.talk(talk, frozenset({b"jo"}))
    for packet in packets:
        heard.packet(packet)
    heard.talk(replace(talk, id="c2", client=client), frozenset())
    first, *between, last = heard.all()
    assert first == (talk, frozenset({b"jo"}))
    assert between == packets
    assert last == (replace(talk, id="c2", client=client), frozenset())
