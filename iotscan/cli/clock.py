"""The clock on the wall, for what is written down for people; scans get theirs from the library."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime


def now() -> str:
    """The time of day in UTC, ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def today() -> str:
    """The user's own date, ISO 8601."""
    return datetime.now().astimezone().date().isoformat()


class WallClock:
    """The user's own clock, for what is to happen at a time of day."""

    def now(self) -> datetime:
        return datetime.now().astimezone()

    async def wait(self, stop: asyncio.Event, seconds: float) -> None:
        """Return after so many seconds, or when ``stop`` is set."""
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
