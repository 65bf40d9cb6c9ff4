"""Rates and numbers of connections, on a clock that is passed in, in bounded memory.

The buckets hand out times instead of tokens (the generic cell rate algorithm, ITU-T I.371 A): one
number per bucket, and who asks first goes first.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf

from iotscan.model import Address
from iotscan.net.addresses import plain
from iotscan.settings import Limits

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

# A tenth of a second's worth may go at once, or timers would pace every packet.
_BURST_SECONDS = 0.1
# Hosts remembered before idle ones are forgotten: a /22, the largest network taken unasked.
_HOSTS_REMEMBERED = 1024


class TokenBucket:
    """``rate`` per second on average, at most ``burst`` at once."""

    __slots__ = ("_clock", "_interval", "_slack", "_theoretical")

    def __init__(self, rate: float, burst: float, clock: Clock) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError("a rate must be above zero, and a burst at least one")
        self._clock = clock
        self._interval = 1.0 / rate
        self._slack = (burst - 1.0) * self._interval
        self._theoretical = 0.0

    def reserve(self) -> float:
        """Take a token, perhaps of the future; the seconds to wait before using it."""
        now = self._clock()
        wait = max(0.0, self._theoretical - self._slack - now)
        self._theoretical = max(self._theoretical, now) + self._interval
        return wait

    def due(self) -> float:
        """Seconds until a token could be had, 0.0 if now; takes nothing."""
        return max(0.0, self._theoretical - self._slack - self._clock())

    def idle(self) -> bool:
        """Whether the bucket is full, so that forgetting it changes nothing."""
        return self._theoretical <= self._clock()


class Slots:
    """At most so many at a time for each key; who waits longest comes next."""

    def __init__(self) -> None:
        self._taken: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    def taken(self, key: Hashable) -> int:
        return self._taken.get(key, 0)

    def try_take(self, key: Hashable, most: int) -> bool:
        """Take a slot if one is free and nobody waits for it."""
        if self._taken.get(key, 0) >= most or self._waiting.get(key):
            return False
        self._taken[key] = self._taken.get(key, 0) + 1
        return True

    async def take(self, key: Hashable, most: int) -> None:
        """Wait for a slot. :meth:`give` passes it on, so the count stays while it changes hands."""
        if self.try_take(key, most):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(key)
            raise

    def give(self, key: Hashable) -> None:
        """Give a slot back."""
        waiting = self._waiting.get(key)
        while waiting:
            turn = waiting.popleft()
            if not waiting:
                del self._waiting[key]
            if not turn.done():
                turn.set_result(None)
                return
        self._waiting.pop(key, None)
        if self._taken[key] == 1:
            del self._taken[key]
        else:
            self._taken[key] -= 1


@dataclass(slots=True)
class _Host:
    connections: TokenBucket
    packets: TokenBucket


@dataclass(slots=True)
class Governor:
    """How fast connections and packets may go, in total and to one host.

    ``sleep`` waits on the same time as ``clock``. A host gets as many packets a second as
    connections: that is the setting its stack is known to bear.
    """

    limits: Limits
    clock: Clock
    sleep: Sleep = asyncio.sleep
    slots: Slots = field(default_factory=Slots)
    _connections: TokenBucket = field(init=False)
    _packets: TokenBucket = field(init=False)
    _hosts: dict[Address, _Host] = field(init=False, default_factory=dict)
    _forget_at: int = field(init=False, default=_HOSTS_REMEMBERED)

    def __post_init__(self) -> None:
        self._connections = self._bucket(self.limits.connections_per_second)
        self._packets = self._bucket(self.limits.packets_per_second)

    @asynccontextmanager
    async def connection(self, address: Address) -> AsyncIterator[None]:
        """Hold one of the host's connections, having waited for the host's and the total rate."""
        host = plain(address)
        await self.slots.take(host, self.limits.connections_per_host)
        try:
            await self._wait(self._host(host).connections.reserve())
            await self._wait(self._connections.reserve())
            yield
        finally:
            self.slots.give(host)

    async def packet(self, address: Address) -> None:
        """Wait until one more packet may go to this host."""
        await self._wait(self._host(plain(address)).packets.reserve())
        await self._wait(self._packets.reserve())

    def due(self) -> float:
        """Seconds until the total rate lets another connection begin, 0.0 if now."""
        return self._connections.due()

    def try_connection(self, address: Address, most: int) -> float:
        """Begin a connection without waiting, where the total rate allows one (:meth:`due`).

        0.0 when a slot is held until :meth:`done`; otherwise the seconds after which to ask again,
        infinity for "when one of the host's ``most`` slots is free".
        """
        own = self._host(address).connections
        wait = own.due()
        if wait > 0.0:
            return wait
        if not self.slots.try_take(address, most):
            return inf
        own.reserve()
        self._connections.reserve()
        return 0.0

    def done(self, address: Address) -> None:
        """Give back what :meth:`try_connection` took."""
        self.slots.give(address)

    @property
    def hosts_remembered(self) -> int:
        return len(self._hosts)

    async def _wait(self, seconds: float) -> None:
        if seconds > 0.0:
            await self.sleep(seconds)

    def _bucket(self, rate: float) -> TokenBucket:
        return TokenBucket(rate, max(1.0, rate * _BURST_SECONDS), self.clock)

    def _host(self, address: Address) -> _Host:
        host = self._hosts.get(address)
        if host is None:
            if len(self._hosts) >= self._forget_at:
                self._forget()
            rate = self.limits.host_connections_per_second
            host = self._hosts[address] = _Host(self._bucket(rate), self._bucket(rate))
        return host

    def _forget(self) -> None:
        """Drop full buckets; those still in use stay, and the next look comes at twice as many."""
        busy = {
            address: host
            for address, host in self._hosts.items()
            if not (host.connections.idle() and host.packets.idle())
        }
        self._hosts = busy
        self._forget_at = max(_HOSTS_REMEMBERED, 2 * len(busy))
