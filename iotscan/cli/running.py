"""Runs a scan so that Ctrl-C ends it well: once with a report of what is known, twice at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from iotscan.cli.exits import STOPPED

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_T = TypeVar("_T")


def run(
    looking: Callable[[asyncio.Event], Coroutine[object, object, _T]],
    stopping: str = "What is known so far is reported.",
) -> _T:
    """Run what ``looking`` makes, given the event that stops it; ``stopping``: what comes then."""

    async def until_done() -> _T:
        stop = asyncio.Event()
        with _stopping(asyncio.get_running_loop(), stop, stopping):
            return await looking(stop)

    return asyncio.run(until_done())


@contextmanager
def _stopping(loop: asyncio.AbstractEventLoop, stop: asyncio.Event, words: str) -> Iterator[None]:
    """Signals set ``stop``; the second one ends the process.

    ``loop.add_signal_handler`` does not exist on Windows; a handler that wakes the loop works
    everywhere.
    """
    stopping = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            _leave()
        stopping = True
        loop.call_soon_threadsafe(stop.set)
        _say(f"\nStopping. {words} Ctrl-C again leaves at once.\n")

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave() -> None:
    # A live display has hidden the cursor and cannot bring it back any more.
    _say("\x1b[?25h\n" if sys.stderr.isatty() else "\n")
    os._exit(STOPPED)


def _say(words: str) -> None:
    """Write past every buffer: in a signal handler the stream's own lock may be held."""
    os.write(2, words.encode())
