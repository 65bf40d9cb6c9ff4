"""When the next scan begins: after a while, or at times of day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from iotscan.errors import UsageError

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>\d{{1,5}}){unit})?" for unit in _UNITS))
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
# A scan of a home takes a minute or two, and small devices need a rest from being looked at.
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Every:
    """A scan at once, and one every so often from then on."""

    period: timedelta

    def first(self, now: datetime) -> datetime:
        return now

    def after(self, began: datetime, now: datetime) -> datetime:
        """The next beginning; those that passed while a scan was running are left out."""
        # A clock that was set back must not make a day's wait one of years.
        passed = max(now - began, timedelta(0)) // self.period
        return min(began, now) + (passed + 1) * self.period


@dataclass(frozen=True, slots=True)
class At:
    """A scan at each of these times of day, by the clock on this machine's wall."""

    times: tuple[time, ...]

    def first(self, now: datetime) -> datetime:
        return self.after(now, now)

    def after(self, began: datetime, now: datetime) -> datetime:
        """The next of the times, also over changes between summer and winter time."""
        days = [now.date() + timedelta(days=number) for number in range(3)]
        moments = [datetime.combine(day, at).astimezone() for day in days for at in self.times]
        return min(moment for moment in moments if moment > now)


Schedule = Every | At


def every(text: str) -> Every:
    """Reads "24h", "1h30m", "2d". Raises UsageError."""
    found = _DURATION.fullmatch(text.strip().lower())
    given = {unit: int(number) for unit, number in found.groupdict("0").items()} if found else {}
    period = timedelta(**{_UNITS[unit]: number for unit, number in given.items()})
    if not SHORTEST <= period <= LONGEST:
        raise UsageError(
            f"--every takes a time such as 24h, 1h30m or 2d, from 5m to 366d, not {text!r}"
        )
    return Every(period)


def at(texts: tuple[str, ...]) -> At:
    """Reads times of day such as "03:00". Raises UsageError."""
    times = []
    for text in texts:
        found = _TIME.fullmatch(text.strip())
        hour, minute = map(int, found.groups()) if found else (24, 0)
        if hour > 23 or minute > 59:
            raise UsageError(f"--at takes a time of day such as 03:00, not {text!r}")
        times.append(time(hour, minute))
    return At(tuple(sorted(set(times))))
