"""The one scan that runs, and how it goes, for everybody who watches.

A scan runs on a thread with an event loop of its own, so that judging a thousand devices does not
hold up the page. Watchers see states, not a log: what is kept is bounded by the hosts there are,
and who comes late or falls behind sees the same picture.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Protocol

from iotscan.errors import IotscanError
from iotscan.model import Progress, Report
from iotscan.settings import Settings

# A browser shows no more; the report has them all.
HOSTS_SHOWN = 2_000
# Of one host: a device with more services than this is read in the report.
_SERVICES_SHOWN = 24


class Look(Protocol):
    """What looks: :func:`iotscan.api.scan`, or the demo's scan of its virtual home."""

    def __call__(
        self, settings: Settings, *, progress: Callable[[Progress], None], stop: asyncio.Event
    ) -> Coroutine[object, object, Report]: ...


@dataclass(frozen=True, slots=True)
class HostState:
    """How far the scan has come with a host. ``services`` are names of protocols, as they show."""

    address: str
    done: bool = False
    services: tuple[str, ...] = ()

    def after(self, step: Progress) -> HostState:
        """The state once ``step`` has happened to this host."""
        if (step.stage, step.what) == ("probe", "done"):
            return replace(self, done=True)
        new = step.service and step.service not in self.services
        if new and len(self.services) < _SERVICES_SHOWN:
            return replace(self, services=(*self.services, step.service))
        return self


@dataclass(frozen=True, slots=True)
class Ended:
    """How the last scan ended: the id it was stored under, or why there is none."""

    scan: str = ""
    fault: str = ""


class Busy(Exception):
    """A scan is running already."""


class Scans:
    """Starts a scan, keeps its state, and tells watchers. Belongs to one event loop.

    ``keep`` stores a finished report and returns its id; it is called on a thread.
    """

    def __init__(self, look: Look, keep: Callable[[Report], str]) -> None:
        self._look = look
        self._keep = keep
        self._task: asyncio.Task[None] | None = None
        self._stop: Callable[[], None] | None = None
        self._watchers: set[asyncio.Event] = set()
        self._versions = itertools.count(1)
        self._hosts: dict[str, tuple[int, HostState]] = {}
        self.stage = ""
        self.ended: Ended | None = None

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def hosts(self) -> tuple[HostState, ...]:
        """Every host so far, in the order they were found."""
        return tuple(state for _, state in self._hosts.values())

    def start(self, settings: Settings) -> None:
        """Begin. Raises Busy while another scan runs."""
        if self.running:
            raise Busy
        self._hosts.clear()
        self.stage, self.ended = "discover", None
        # Not of any request's: it goes on when the browser that started it is closed.
        self._task = asyncio.ensure_future(self._run(settings))
        self._task.add_done_callback(lambda _: self._wake())

    def stop(self) -> None:
        """End the running scan: it reports what is known. Nothing happens when none runs."""
        if self._stop is not None:
            self._stop()

    async def close(self) -> None:
        """Stop, and wait until the report is stored."""
        self.stop()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def watch(self) -> AsyncIterator[tuple[str, tuple[HostState, ...]]]:
        """The stage and the hosts that changed since the last time, until the scan has ended."""
        seen, changed = 0, asyncio.Event()
        self._watchers.add(changed)
        try:
            while True:
                changed.clear()
                news = [pair for pair in self._hosts.values() if pair[0] > seen]
                seen = max((version for version, _ in news), default=seen)
                running = self.running
                yield self.stage, tuple(state for _, state in news)
                if not running:
                    return
                await changed.wait()
        finally:
            self._watchers.discard(changed)

    async def _run(self, settings: Settings) -> None:
        try:
            report = await self._on_a_thread(settings)
            self.stage = "assess"
            self._wake()
            self.ended = Ended(scan=await asyncio.to_thread(self._keep, report))
        except IotscanError as error:
            self.ended = Ended(fault=str(error))
        except Exception as error:  # a fault of ours must not leave the page waiting for ever
            self.ended = Ended(fault=f"a fault in iotscan itself: {type(error).__name__}: {error}")
        finally:
            self.stage, self._stop = "done", None

    def _on_a_thread(self, settings: Settings) -> asyncio.Future[Report]:
        """The report of a scan that runs beside this event loop."""
        here = asyncio.get_running_loop()
        outcome: asyncio.Future[Report] = here.create_future()

        def take(step: Progress) -> None:
            _call(here, self._take, step)

        async def looking() -> Report:
            stop, there = asyncio.Event(), asyncio.get_running_loop()
            self._stop = lambda: _call(there, stop.set)
            return await self._look(settings, progress=take, stop=stop)

        def run() -> None:
            try:
                _call(here, outcome.set_result, asyncio.run(looking()))
            except BaseException as error:  # whatever it is, somebody waits for it
                _call(here, outcome.set_exception, error)

        threading.Thread(target=run, name="scan", daemon=True).start()
        return outcome

    def _take(self, step: Progress) -> None:
        if (step.stage, step.what) == ("discover", "done"):
            self.stage = "probe"
        known = step.address in self._hosts
        if step.address and (known or len(self._hosts) < HOSTS_SHOWN):
            before = self._hosts[step.address][1] if known else HostState(step.address)
            after = before.after(step)
            if after != before or not known:
                self._hosts[step.address] = (next(self._versions), after)
        self._wake()

    def _wake(self) -> None:
        for watcher in self._watchers:
            watcher.set()


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *args: object) -> None:
    """Call in that loop, unless it has ended meanwhile."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(function, *args)
