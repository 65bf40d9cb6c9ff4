"""The port sweep: TCP connect, paced by the governor, as fast as that allows.

One loop starts connections without waiting for any of them, and one selector tells which are
decided. Open, closed (a refusal), silent (nothing came) and unswept (this machine could not look)
are four different answers.
"""

from __future__ import annotations

import asyncio
import errno
import heapq
import itertools
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from math import inf

from iotscan.errors import NetworkError
from iotscan.model import Address, Endpoint, Sweep
from iotscan.net import guard
from iotscan.net.addresses import plain
from iotscan.net.attempts import Attempts
from iotscan.net.failures import EXHAUSTED, UNREACHABLE
from iotscan.net.gateway import Gateway
from iotscan.net.swept import HostSweep

# Hosts swept side by side; more would only hold more memory, the rates decide.
_HOSTS_AT_ONCE = 1024
# Connections begun between two looks at the clock and at the answers.
_BATCH = 64
_CLOSED = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})
_OUT_OF_MEANS = EXHAUSTED | {errno.EAGAIN}
# Pauses while this machine is out of ports or files, and how many before the port is given up.
_RECOVERY = 0.05
_PATIENCE = 40
# A look at hosts whose slots are held by others' conversations.
_SLOT_WAIT = 0.01

OnHost = Callable[[Sweep], Awaitable[None]]


async def sweep_host(
    address: Address, ports: Sequence[int], gateway: Gateway, *, id: str, at: float
) -> Sweep:
    """Which of these TCP ports take a connection; each is closed again at once, unsaid.

    Raises OutOfScope or Forbidden before anything is sent.
    """
    found: list[Sweep] = []

    async def keep(sweep: Sweep) -> None:
        found.append(sweep)

    await sweep_many([address], ports, gateway, keep, number=lambda: id, now=lambda: at)
    return found[0]


async def sweep_many(
    addresses: Iterable[Address],
    ports: Sequence[int],
    gateway: Gateway,
    on_host: OnHost | None = None,
    *,
    number: Callable[[], str] = lambda: "",
    now: Callable[[], float] | None = None,
) -> list[Sweep]:
    """Sweep many hosts side by side; the sweeps of those that are alive, in the order they end.

    ``on_host`` is awaited with every sweep, also of silent hosts. ``number`` gives each its id and
    ``now`` its time. Raises OutOfScope or Forbidden before a host is touched that may not be.
    """
    sweeper = _Sweeper(gateway, tuple(dict.fromkeys(ports)), number, now or gateway.clock)
    alive: list[Sweep] = []
    try:
        async for sweep in sweeper.run(addresses):
            if sweep.alive:
                alive.append(sweep)
            if on_host is not None:
                await on_host(sweep)
    finally:
        sweeper.close()
    return alive


class _Sweeper:
    """The loop that begins connections and settles them."""

    def __init__(
        self,
        gateway: Gateway,
        ports: tuple[int, ...],
        number: Callable[[], str],
        now: Callable[[], float],
    ) -> None:
        self._gateway, self._governor, self._clock = gateway, gateway.governor, gateway.clock
        self._ports, self._number, self._now = ports, number, now
        self._attempts = Attempts(gateway.clock)
        self._hosts = 0
        self._ready: deque[HostSweep] = deque()
        self._later: list[tuple[float, int, HostSweep]] = []
        self._finished: deque[HostSweep] = deque()
        self._order = itertools.count()
        self._hindrances = 0
        self._resume = 0.0

    async def run(self, addresses: Iterable[Address]) -> AsyncIterator[Sweep]:
        """The sweep of each address, as soon as it is decided."""
        coming = iter(addresses)
        self._take_in(coming)
        while self._hosts or self._finished:
            busy = self._start_batch() + self._collect()
            while self._finished:
                yield self._finished.popleft().result(self._number())
            self._take_in(coming)
            if busy:
                await asyncio.sleep(0)
            elif self._hosts:
                await self._attempts.wait(max(0.0, self._next_event() - self._clock()))

    def close(self) -> None:
        """Close what is still open, and give its places back."""
        for attempt in self._attempts.close():
            self._give_back(attempt.host)

    def _take_in(self, coming: Iterator[Address]) -> None:
        for address in itertools.islice(coming, _HOSTS_AT_ONCE - self._hosts):
            self._gateway.check(Endpoint(address, "tcp", 0))
            limits = self._gateway.limits
            self._hosts += 1
            self._queue(
                HostSweep(
                    address,
                    deque(self._ports),
                    limits.connections_per_host,
                    limits.connect_timeout,
                    self._now(),
                )
            )

    def _queue(self, host: HostSweep) -> None:
        if not host.queued:
            host.queued = True
            self._ready.append(host)

    def _start_batch(self) -> int:
        """Begin what may begin now; how many were begun or found to be finished."""
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        begun = 0
        with guard.ours():
            while self._ready and begun < _BATCH and now >= self._resume and self._has_room(now):
                host = self._ready.popleft()
                host.queued = False
                begun += self._advance(host, now)
        return begun

    def _has_room(self, now: float) -> bool:
        if self._attempts.is_full:
            return False
        wait = self._governor.due()
        self._resume = now + wait
        return wait == 0.0

    def _advance(self, host: HostSweep, now: float) -> int:
        """Begin the host's next connection, or find out when to; 1 if anything came of it."""
        if not host.todo:
            if host.in_flight:
                return 0
            if host.is_done():
                self._hosts -= 1
                self._finished.append(host)
                return 1
        wait = self._governor.try_connection(plain(host.address), host.window)
        if wait == 0.0:
            self._begin(host, host.todo.popleft())
            self._queue(host)
            return 1
        if wait == inf and host.in_flight:
            return 0  # it comes back when one of its own connections is settled
        host.queued = True
        when = now + (_SLOT_WAIT if wait == inf else wait)
        heapq.heappush(self._later, (when, next(self._order), host))
        return 0

    def _begin(self, host: HostSweep, port: int) -> None:
        try:
            code = self._attempts.begin(host, port)
        except NetworkError:
            self._governor.done(plain(host.address))
            raise
        if code is None:
            host.in_flight += 1
            return
        self._governor.done(plain(host.address))
        if code in UNREACHABLE:  # this machine says so, nobody was asked
            host.give_up(f"no way leads there from this machine ({os.strerror(code)})", port)
            self._hindrances = 0
        else:
            self._judge(host, port, code, 0.0)

    def _collect(self) -> int:
        """Take in what was settled; how many there were."""
        settled = 0
        for attempt, code in self._attempts.settle():
            settled += 1
            if code is None:
                attempt.host.fell_silent(attempt.port)
            else:
                seconds = self._clock() - attempt.began
                self._judge(attempt.host, attempt.port, code, seconds)
            self._give_back(attempt.host)
        return settled

    def _give_back(self, host: HostSweep) -> None:
        host.in_flight -= 1
        self._governor.done(plain(host.address))
        self._queue(host)

    def _judge(self, host: HostSweep, port: int, code: int, seconds: float) -> None:
        """What the outcome of a connect says, after so many seconds."""
        if code == 0 or code in _CLOSED:
            host.answered(port, seconds, code == 0)
        elif code in _OUT_OF_MEANS:
            self._hinder(host, port, code)
            return
        elif code in UNREACHABLE or code == errno.ETIMEDOUT:
            host.fell_silent(port)
        else:
            host.not_swept(f"this machine did not let it be looked at ({os.strerror(code)})")
        self._hindrances = 0

    def _hinder(self, host: HostSweep, port: int, code: int) -> None:
        """Out of local ports or files: wait for some to come free, and in the end say so."""
        self._hindrances += 1
        self._resume = self._clock() + _RECOVERY
        if self._hindrances < _PATIENCE:
            host.todo.appendleft(port)
            return
        self._hindrances = 0
        host.give_up(f"this machine ran out of ports or files ({os.strerror(code)})", port)

    def _next_event(self) -> float:
        times = [self._attempts.next_deadline(), *(when for when, *_ in self._later[:1])]
        if self._ready and not self._attempts.is_full:
            times.append(self._resume)
        nearest = min(times)
        return nearest if nearest < inf else self._clock() + _SLOT_WAIT
