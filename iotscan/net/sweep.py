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
import selectors
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from iotscan.errors import NetworkError
from iotscan.model import Address, Endpoint, Sweep
from iotscan.net import guard
from iotscan.net.addresses import family_of, plain, socket_address
from iotscan.net.bell import Bell
from iotscan.net.dial import is_own_echo
from iotscan.net.failures import EXHAUSTED, UNREACHABLE, number_of
from iotscan.net.gateway import Gateway
from iotscan.net.swept import HostSweep

# Hosts swept side by side; more would only hold more memory, the rates decide.
_HOSTS_AT_ONCE = 1024
# Connections begun between two looks at the clock and at the answers.
_BATCH = 64
# EAGAIN is not among them: from ``connect`` it means that no local port was free.
_PENDING = frozenset({errno.EINPROGRESS, 10035})
_CLOSED = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})
_OUT_OF_MEANS = EXHAUSTED | {errno.EAGAIN}
_MOST_SOCKETS = 4096
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


@dataclass(slots=True)
class _Attempt:
    host: HostSweep
    port: int
    sock: socket.socket
    began: float
    settled: bool = False


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
        self._selector = selectors.DefaultSelector()
        self._bell = Bell(self._selector)
        self._most = _most_sockets()
        self._under_way = 0
        self._hosts = 0
        self._ready: deque[HostSweep] = deque()
        self._later: list[tuple[float, int, HostSweep]] = []
        self._deadlines: list[tuple[float, int, _Attempt]] = []
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
                await self._bell.wait(max(0.0, self._next_event() - self._clock()))

    def close(self) -> None:
        """Close what is still open, and give its places back."""
        for key in tuple(self._selector.get_map().values()):
            self._settle(key.data)
        self._selector.close()

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
        if self._under_way >= self._most:
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
        began = self._clock()
        sock: socket.socket | None = None
        pending = False
        try:
            sock = socket.socket(family_of(host.address), socket.SOCK_STREAM)
            sock.setblocking(False)
            code = sock.connect_ex(socket_address(host.address, port))
            if code in _PENDING:
                attempt = _Attempt(host, port, sock, began)
                self._selector.register(sock, selectors.EVENT_WRITE, attempt)
                pending = True
                self._under_way += 1
                host.in_flight += 1
                deadline = began + host.patience()
                heapq.heappush(self._deadlines, (deadline, next(self._order), attempt))
            else:
                self._judge(host, port, code, sock, 0.0, at_once=True)
        except OSError as error:
            if isinstance(error, NetworkError):
                raise  # the guard's veto is both
            self._judge(host, port, number_of(error), None, 0.0, at_once=True)
        finally:
            if not pending:
                self._governor.done(plain(host.address))
                if sock is not None:
                    sock.close()

    def _collect(self) -> int:
        """Settle what is decided, and what has waited long enough."""
        events = self._selector.select(0) if self._under_way else []
        now = self._clock()
        for key, _ in events:
            attempt: _Attempt = key.data
            code = attempt.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._judge(attempt.host, attempt.port, code, attempt.sock, now - attempt.began)
            self._settle(attempt)
        while self._deadlines and (self._deadlines[0][2].settled or self._deadlines[0][0] <= now):
            attempt = heapq.heappop(self._deadlines)[2]
            if not attempt.settled:
                attempt.host.fell_silent(attempt.port)
                self._settle(attempt)
        return len(events)

    def _settle(self, attempt: _Attempt) -> None:
        attempt.settled = True
        self._selector.unregister(attempt.sock)
        attempt.sock.close()
        attempt.host.in_flight -= 1
        self._under_way -= 1
        self._governor.done(plain(attempt.host.address))
        self._queue(attempt.host)

    def _judge(
        self,
        host: HostSweep,
        port: int,
        code: int,
        sock: socket.socket | None,
        seconds: float,
        *,
        at_once: bool = False,
    ) -> None:
        """What the outcome of a connect says. ``at_once``: this machine decided it alone, except
        on loopback, where the answer is there before the call returns.
        """
        if code == 0:
            taken = sock is not None and not is_own_echo(sock)
            host.answered(port, seconds, taken)
        elif code in _CLOSED:
            host.answered(port, seconds, False)
        elif code in _OUT_OF_MEANS:
            self._hinder(host, port, code)
            return
        elif code in UNREACHABLE and at_once:
            host.give_up(f"no way leads there from this machine ({os.strerror(code)})", port)
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
        times = [heap[0][0] for heap in (self._later, self._deadlines) if heap]
        if self._ready and self._under_way < self._most:
            times.append(self._resume)
        return min(times, default=self._clock() + _SLOT_WAIT)


def _most_sockets() -> int:
    """How many connections may be under way: half of the files this process may open, since
    probes and relays need the rest. On Windows ``select`` takes 512.
    """
    try:
        import resource
    except ImportError:
        return 256
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_SOCKETS if soft == resource.RLIM_INFINITY else min(_MOST_SOCKETS, soft // 2)
