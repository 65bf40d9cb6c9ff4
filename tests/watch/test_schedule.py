"""When the next scan begins."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from iotscan.errors import UsageError
from iotscan.watch.schedule import Every, at, every

NOON = datetime(2026, 1, 10, 12, tzinfo=ZoneInfo("UTC"))
HOUR = timedelta(hours=1)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    """A machine that stands where summer time begins and ends at 01:00 UTC."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield ZoneInfo("Europe/Berlin")
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("24h", 1440), ("1h30m", 90), ("2d", 2880), ("1d12h", 2160), (" 90M ", 90), ("300s", 5)],
)
def test_periods_are_read(text: str, minutes: int) -> None:
    assert every(text) == Every(timedelta(minutes=minutes))


@pytest.mark.parametrize(
    "text", ["", "24", "h", "30m1h", "-1h", "1.5h", "4m", "0h", "367d", "9" * 400 + "d", "1h 30"]
)
def test_what_is_no_period_or_wears_devices_out_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--every takes"):
        every(text)


def test_first_of_a_period_is_now_and_the_next_counts_from_the_beginning() -> None:
    hourly = Every(HOUR)
    assert hourly.first(NOON) == NOON
    assert hourly.after(NOON, NOON + timedelta(minutes=20)) == NOON + HOUR


def test_beginnings_that_passed_during_a_scan_are_left_out() -> None:
    assert Every(HOUR).after(NOON, NOON + timedelta(minutes=150)) == NOON + 3 * HOUR
    assert Every(HOUR).after(NOON, NOON + HOUR) == NOON + 2 * HOUR


def test_clock_that_was_set_back_makes_no_long_wait() -> None:
    last_year = NOON - timedelta(days=365)
    assert Every(HOUR).after(NOON, last_year) == last_year + HOUR


@pytest.mark.parametrize("text", ["24:00", "3", "03:60", "3:5", "noon", "03:00:00", "-1:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--at takes"):
        at(("03:00", text))


def test_next_time_of_day_is_today_or_tomorrow(berlin: ZoneInfo) -> None:
    plan = at(("15:00", "3:00"))
    morning = datetime(2026, 1, 10, 3, tzinfo=berlin)
    assert plan.first(morning) == morning.replace(hour=15)
    assert plan.after(morning, morning) == morning.replace(hour=15)
    evening = morning.replace(hour=15, minute=1)
    assert plan.after(morning, evening) == morning + timedelta(days=1)


@pytest.mark.parametrize(("month", "day"), [(3, 28), (10, 24)], ids=["summer", "winter"])
def test_time_of_day_stays_over_summer_time(month: int, day: int, berlin: ZoneInfo) -> None:
    before = datetime(2026, month, day, 12, tzinfo=berlin)
    found = at(("12:00",)).after(before, before).astimezone(berlin)
    assert (found.day, found.hour) == (day + 1, 12)
    # Not 24 hours: the day that changes is an hour shorter or longer.
    assert found.timestamp() - before.timestamp() in (23 * 3600, 25 * 3600)


def test_time_that_summer_time_skips_or_repeats_comes_once(berlin: ZoneInfo) -> None:
    """02:30 does not exist on 29 March 2026, and exists twice on 25 October."""
    plan = at(("02:30",))
    for month, day in ((3, 29), (10, 25)):
        midnight = datetime(2026, month, day, tzinfo=berlin)
        first = plan.after(midnight, midnight)
        second = plan.after(first, first.astimezone(berlin))
        assert first.astimezone(berlin).day == day
        assert second.astimezone(berlin).day == day + 1
