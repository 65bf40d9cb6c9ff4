"""Waiting for a device so that silence means silence: it is only told while this machine listened.

A program that is busy, or that a loaded machine does not let run, notices the end of a time late.
``asyncio.timeout`` then cancels what waited, also where the answer lies in the kernel already, and
an answer that came in time would be written down as none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

_T = TypeVar("_T")
# Seconds; the clock of an event loop that is idle is late by less than a hundredth of this.
_LATE = 0.1
# Seconds between two looks at how late the event loop is.
_TICK = 0.1


class Attention:
    """How much time this program could not give to any device. ``lost``: seconds, ever more."""

    def __init__(self) -> None:
        self.lost = 0.0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Count while the context lasts."""
        watch = asyncio.get_running_loop().create_task(self._watch())
        try:
            yield
        finally:
            await _ended(watch)

    async def _watch(self) -> None:
        """What an event loop takes longer for than it was told to, it was busy elsewhere."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TICK
            await asyncio.sleep(_TICK)
            self.lost += max(0.0, loop.time() - due)


async def within(seconds: float, answer: Coroutine[Any, Any, _T]) -> _T:
    """What comes within so many seconds. Raises TimeoutError, and whatever ``answer`` raises."""
    task = asyncio.get_running_loop().create_task(answer)
    try:
        await settled(task, seconds)
    finally:
        await _ended(task)
    return _result(task)


async def while_left(left: Callable[[], float], work: Coroutine[Any, Any, _T]) -> _T:
    """What the work comes to while seconds are left. Raises TimeoutError, and what it raises."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        while not task.done() and (seconds := left()) > 0.0:
            await asyncio.wait({task}, timeout=seconds)
    finally:
        await _ended(task)
    return _result(task)


async def settled(task: asyncio.Task[Any], seconds: float) -> bool:
    """Whether the task is done after so many seconds, or before.

    By as much as their end was noticed late it is waited on, and at most as long once more.
    """
    loop = asyncio.get_running_loop()
    end, more = loop.time() + seconds, seconds
    while True:
        await asyncio.wait({task}, timeout=max(0.0, end - loop.time()))
        late = min(loop.time() - end, more)
        if task.done() or late < _LATE:
            return task.done()
        more -= late
        end = loop.time() + late


async def _ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # seen, also where nobody is left to raise it to


def _result(task: asyncio.Task[_T]) -> _T:
    if task.cancelled():
        raise TimeoutError
    return task.result()
