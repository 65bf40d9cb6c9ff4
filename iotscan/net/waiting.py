"""Waiting for a device so that silence means silence: it is only told while this machine listened.

A program that is busy, or that a loaded machine does not let run, notices the end of a time late.
``asyncio.timeout`` then cancels what waited, also where the answer lies in the kernel already, and
an answer that came in time would be written down as none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")
# Seconds; the clock of an event loop that is idle is late by less than a hundredth of this.
_LATE = 0.1


async def within(seconds: float, answer: Coroutine[Any, Any, _T]) -> _T:
    """What comes within so many seconds. Raises TimeoutError, and whatever ``answer`` raises."""
    task = asyncio.get_running_loop().create_task(answer)
    try:
        await settled(task, seconds)
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # seen, also where nobody is left to raise it to
    if task.cancelled():
        raise TimeoutError
    return task.result()


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
