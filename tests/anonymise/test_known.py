"""What is known of frames, in memory and in a file."""

from __future__ import annotations

import random

import pytest

from iotscan.anonymise.known import NOTHING, Entry, Known
from iotscan.anonymise.spool import Spool


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
