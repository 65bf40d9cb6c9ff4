"""The clock on the wall, for what is written down for people; scans get theirs from the library."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The time of day in UTC, ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def today() -> str:
    """The user's own date, ISO 8601."""
    return datetime.now().astimezone().date().isoformat()
