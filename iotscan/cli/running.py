"""Runs a scan so that Ctrl-C ends it well: once with a report of what is known, twice at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType

from iotscan.cli.exits import STOPPED
from iotscan.model import Report

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
Looking = Callable[[asyncio.Event], Coroutine[object, object, Report]]


def run(looking: Looking) -> Report:
    """Run the scan that ``looking`` makes, given the event that stops it."""

    async def until_done() -> Report:
        stop = asyncio.Event()
        with _stopping(asyncio.get_running_loop(), stop):
            return await looking(stop)

    return asyncio.run(until_done())


@contextmanager
def _stopping(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> Iterator[None]:
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
        _say("\nStopping. What is known so far is reported. Ctrl-C again leaves at once.\n")

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
