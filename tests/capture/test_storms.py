"""Rows of connections in vain: what is a storm, and what is not."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

import pytest

from iotscan.capture import storms
from iotscan.capture.storms import Storms

HERE, THERE = bytes((192, 168, 1, 5)), bytes((52, 1, 2, 3))


def tried(pauses: Iterable[float], port: int = 8883) -> Storms:
    """Tries in vain with these pauses between them."""
    counted = Storms()
    for number, at in enumerate(accumulate(pauses, initial=100.0)):
        counted.opening(HERE, THERE, port, at, number + 1)
    return counted


def test_many_tries_without_growing_pauses_are_a_storm() -> None:
    ((source, target, port, row),) = tried([1.0] * 29).found()
    assert (source, target, port) == (HERE, THERE, 8883)
    assert (row.count, row.frames, row.last - row.at) == (30, list(range(1, 31)), 29.0)


@pytest.mark.parametrize(
    "pauses",
    [
        [1.0] * (storms.LEAST - 2),  # one try too few
        [0.1 * 1.2**n for n in range(24)],  # they grow
        [storms.LONGEST_PAUSE + 1] * 40,  # nobody is burdened
    ],
    ids=["few", "growing", "slow"],
)
def test_what_is_no_storm(pauses: list[float]) -> None:
    assert list(tried(pauses).found()) == []


def test_an_answer_ends_the_row() -> None:
    counted = tried([1.0] * 15)
    counted.answer(THERE, 8883, HERE)
    for number in range(15):
        counted.opening(HERE, THERE, 8883, 200.0 + number, 50 + number)
    assert list(counted.found()) == []


def test_where_answers_are_not_in_the_capture_nothing_can_be_told() -> None:
    counted = tried([1.0] * 29)
    counted.answer(THERE, 8883, HERE, unseen=True)
    assert list(counted.found()) == []


def test_other_ports_and_hosts_are_counted_on_their_own() -> None:
    counted = Storms()
    for number in range(40):
        counted.opening(HERE, THERE, 1000 + number % 4, number * 0.1, number)
    assert list(counted.found()) == []


def test_the_longest_row_of_a_pair_is_told() -> None:
    counted = tried([1.0] * 25)
    for number in range(40):
        counted.opening(HERE, THERE, 8883, 900.0 + number, 100 + number)
    ((*_, row),) = counted.found()
    assert (row.count, row.frames[0]) == (40, 100)


def test_pairs_are_bounded() -> None:
    counted = Storms()
    for number in range(storms.MOST_PAIRS + 50):
        counted.opening(HERE, number.to_bytes(4, "big"), 80, 1.0, number)
    assert len(counted._rows) == storms.MOST_PAIRS


def test_rows_of_very_many_pairs_are_kept_as_far_as_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storms, "MOST_PAIRS", 8)
    counted, frame = Storms(), 0
    for port in range(1, 40):
        for second in range(storms.LEAST + 5):
            frame += 1
            counted.opening(HERE, THERE, port, 100.0 * port + second, frame)
    assert [port for _, _, port, _ in counted.found()] == list(range(1, 9))
