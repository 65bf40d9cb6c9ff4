"""One scan after another, on a clock that only the test moves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from iotscan.errors import StoreError, UsageError
from iotscan.watch.schedule import Every
from iotscan.watch.turns import keep_watch

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
HOURLY = Every(timedelta(hours=1))


class Watching:
    """A clock on which waiting takes no time, and turns that note when they began."""

    def __init__(self, turns: int, *faults: Exception | None, lasting: int = 60) -> None:
        self.stop = asyncio.Event()
        self.began: list[datetime] = []
        self.failed: list[str] = []
        self.said: list[str] = []
        self.waits: list[float] = []
        self._now, self._turns, self._faults, self._lasting = NOON, turns, list(faults), lasting

    def now(self) -> datetime:
        return self._now

    async def wait(self, stop: asyncio.Event, seconds: float) -> None:
        assert seconds > 0
        self.waits.append(seconds)
        self._now += timedelta(seconds=seconds)

    async def turn(self) -> None:
        self.began.append(self._now)
        self._now += timedelta(seconds=self._lasting)
        if len(self.began) == self._turns:
            self.stop.set()
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None:
            raise fault

    async def note(self, reason: str) -> None:
        self.failed.append(reason)

    async def run(self) -> None:
        await keep_watch(self.turn, self.note, HOURLY, self, self.stop, self.said.append)


def hours(*numbers: int) -> list[datetime]:
    return [NOON + timedelta(hours=number) for number in numbers]


async def test_turns_are_taken_on_time() -> None:
    watching = Watching(3)
    await watching.run()
    assert watching.began == hours(0, 1, 2)
    assert watching.said[0] == "The next scan begins on 2026-01-10 at 13:00."
    assert max(watching.waits) <= 60


async def test_turn_that_lasts_too_long_leaves_one_out() -> None:
    watching = Watching(3, lasting=5400)
    await watching.run()
    assert watching.began == hours(0, 2, 4)


async def test_turn_that_fails_is_told_and_the_next_is_taken() -> None:
    group = ExceptionGroup("tasks", [StoreError("full"), UsageError("gone")])
    watching = Watching(4, UsageError("no network"), group, StoreError("locked"))
    await watching.run()
    assert watching.began == hours(0, 1, 2, 3)
    assert watching.failed == ["no network", "full; gone", "locked"]


@pytest.mark.parametrize(
    "fault", [ZeroDivisionError(), ExceptionGroup("tasks", [UsageError("x"), KeyError("y")])]
)
async def test_fault_of_our_own_is_not_hidden(fault: Exception) -> None:
    watching = Watching(3, fault)
    with pytest.raises((ZeroDivisionError, ExceptionGroup)):
        await watching.run()
    assert watching.failed == []


async def test_stop_ends_the_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    watching = Watching(9)

    async def stopped(stop: asyncio.Event, seconds: float) -> None:
        stop.set()

    monkeypatch.setattr(watching, "wait", stopped)
    await watching.run()
    assert watching.began == hours(0)


async def test_stop_before_the_first_turn_takes_none() -> None:
    watching = Watching(9)
    watching.stop.set()
    await watching.run()
    assert watching.began == []


async def test_clock_that_jumps_ahead_while_asleep_is_noticed_within_a_nap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A laptop that was closed: the hours pass in one wait."""
    watching = Watching(2)
    naps = iter([timedelta(hours=7)])

    async def asleep(stop: asyncio.Event, seconds: float) -> None:
        watching._now += next(naps)

    monkeypatch.setattr(watching, "wait", asleep)
    await watching.run()
    assert watching.began == [NOON, NOON + timedelta(hours=7, seconds=60)]
