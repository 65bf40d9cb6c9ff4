"""Waits for a selector inside the event loop, without a thread and without polling."""

from __future__ import annotations

import asyncio
import selectors

# Where a selector cannot be watched itself (Windows), it is looked at this often.
_LOOK = 0.005


class Bell:
    """Wakes its owner when one of a selector's sockets is ready, or when the time is up."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        fileno = getattr(selector, "fileno", None)
        self._number: int | None = fileno() if fileno else None

    async def wait(self, seconds: float) -> None:
        """Return after so many seconds, or earlier when the selector has something to tell."""
        if self._number is None:
            await asyncio.sleep(min(seconds, _LOOK))
            return
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._ring)
        self._loop.add_reader(self._number, self._ring)
        try:
            await self._waiter
        finally:
            self._loop.remove_reader(self._number)
            timer.cancel()

    def _ring(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
