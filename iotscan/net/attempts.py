"""TCP connections that are under way: begun without waiting for any, settled when it is decided."""

from __future__ import annotations

import errno
import heapq
import itertools
import selectors
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from iotscan.errors import NetworkError
from iotscan.net.addresses import family_of, socket_address
from iotscan.net.bell import Bell
from iotscan.net.dial import is_own_echo
from iotscan.net.failures import number_of
from iotscan.net.limits import Clock
from iotscan.net.swept import HostSweep

# EAGAIN is not among them: from ``connect`` it means that no local port was free.
_PENDING = frozenset({errno.EINPROGRESS, 10035})
_MOST_SOCKETS = 4096


@dataclass(slots=True)
class Attempt:
    """A connection to one port of a host. ``settled``: it is decided, and its socket is closed."""

    host: HostSweep
    port: int
    sock: socket.socket
    began: float
    settled: bool = False


class Attempts:
    """Sockets and what they wait for. Outcomes are error numbers, 0 for a connection."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._bell = Bell(self._selector)
        self._most = _most_sockets()
        self._under_way = 0
        self._deadlines: list[tuple[float, int, Attempt]] = []
        self._order = itertools.count()

    @property
    def is_full(self) -> bool:
        """Whether no more may be begun until one is settled."""
        return self._under_way >= self._most

    def begin(self, host: HostSweep, port: int) -> int | None:
        """Begin a connection: its outcome where there is one at once, None where it is under way.

        Raises NetworkError where the guard forbids it.
        """
        began = self._clock()
        sock: socket.socket | None = None
        try:
            sock = socket.socket(family_of(host.address), socket.SOCK_STREAM)
            sock.setblocking(False)
            code = sock.connect_ex(socket_address(host.address, port))
            if code in _PENDING:
                self._wait_for(Attempt(host, port, sock, began))
                sock = None
                return None
            return _outcome(sock, code)
        except OSError as error:
            if isinstance(error, NetworkError):
                raise  # the guard's veto is both
            return number_of(error)
        finally:
            if sock is not None:
                sock.close()

    def _wait_for(self, attempt: Attempt) -> None:
        self._selector.register(attempt.sock, selectors.EVENT_WRITE, attempt)
        self._under_way += 1
        deadline = attempt.began + attempt.host.patience()
        heapq.heappush(self._deadlines, (deadline, next(self._order), attempt))

    def settle(self) -> Iterator[tuple[Attempt, int | None]]:
        """Close what is decided, and what has waited long enough: with its outcome, None for
        silence.
        """
        for key, _ in self._selector.select(0) if self._under_way else ():
            attempt: Attempt = key.data
            code = attempt.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            outcome = _outcome(attempt.sock, code)
            self._close(attempt)
            yield attempt, outcome
        now, waiting = self._clock(), self._deadlines
        while waiting and (waiting[0][2].settled or waiting[0][0] <= now):
            attempt = heapq.heappop(waiting)[2]
            if not attempt.settled:
                self._close(attempt)
                yield attempt, None

    def next_deadline(self) -> float:
        """When the next one has waited long enough, infinity where none waits."""
        return self._deadlines[0][0] if self._deadlines else inf

    async def wait(self, seconds: float) -> None:
        """Wait until one is decided, or for so long."""
        await self._bell.wait(seconds)

    def close(self) -> Iterator[Attempt]:
        """Close what is still under way, whatever its outcome."""
        for key in tuple(self._selector.get_map().values()):
            self._close(key.data)
            yield key.data
        self._selector.close()

    def _close(self, attempt: Attempt) -> None:
        attempt.settled = True
        self._selector.unregister(attempt.sock)
        attempt.sock.close()
        self._under_way -= 1


def _outcome(sock: socket.socket, code: int) -> int:
    """A connection that met itself was taken by nobody."""
    return errno.ECONNREFUSED if code == 0 and is_own_echo(sock) else code


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
