"""One scan after another, on time, until somebody ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from iotscan.errors import IotscanError
from iotscan.watch.schedule import Schedule

# A machine that slept, or whose clock was set, is noticed after so many seconds at the latest.
_NAP = 60.0


class Clock(Protocol):
    """The wall clock, with the user's time zone, and waiting."""

    def now(self) -> datetime: ...

    async def wait(self, stop: asyncio.Event, seconds: float) -> None:
        """Return after so many seconds, or when ``stop`` is set."""
        ...


async def keep_watch(
    turn: Callable[[], Awaitable[None]],
    failed: Callable[[str], Awaitable[None]],
    schedule: Schedule,
    clock: Clock,
    stop: asyncio.Event,
    say: Callable[[str], None],
) -> None:
    """Take a turn whenever it is time, until ``stop`` is set.

    ``failed`` gets why a turn could not be taken: the network may be away, and come back.
    """
    moment = schedule.first(clock.now())
    while True:
        if (wait := moment - clock.now()).total_seconds() > 0:
            say(f"The next scan begins {_said(moment)}.")
        while not stop.is_set() and (wait := moment - clock.now()).total_seconds() > 0:
            await clock.wait(stop, min(wait.total_seconds(), _NAP))
        if stop.is_set():
            return
        began = clock.now()
        try:
            await turn()
        except (IotscanError, ExceptionGroup) as error:
            if (reason := _reason(error)) is None:
                raise
            await failed(reason)
        moment = schedule.after(began, clock.now())


def _said(moment: datetime) -> str:
    return f"on {moment:%Y-%m-%d at %H:%M}"


def _reason(error: Exception) -> str | None:
    """What went wrong, for people; None where the fault is iotscan's own."""
    if isinstance(error, ExceptionGroup):
        reasons = [_reason(one) for one in error.exceptions]
        known = [reason for reason in reasons if reason is not None]
        return "; ".join(known) if len(known) == len(reasons) else None
    return str(error) if isinstance(error, IotscanError) else None
