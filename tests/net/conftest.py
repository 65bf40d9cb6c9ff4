"""What the tests of the network floor share: a clock without time, a gateway on loopback, peers."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from iotscan.model import Endpoint, Impact, Scope, Service
from iotscan.net.gateway import Gateway
from iotscan.settings import Limits

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], AbstractAsyncContextManager[Service]]

_events: list[tuple[str, Any]] | None = None


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if _events is None or not event.startswith("socket."):
        return
    if event == "socket.__new__" and arguments[1] not in (socket.AF_INET, socket.AF_INET6):
        return  # the event loop's own pair
    _events.append((event, arguments[1:]))


sys.addaudithook(_listen)


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def fake_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def system_calls() -> Iterator[list[tuple[str, Any]]]:
    """Every socket that is made, connected or written to, as the interpreter reports it."""
    global _events
    _events = []
    yield _events
    _events = None


QUICK = Limits(
    connect_timeout=0.5,
    read_timeout=0.4,
    conversation_timeout=60.0,
    login_pause=0.0,
    connections_per_second=1e6,
    host_connections_per_second=1e6,
    packets_per_second=1e6,
)


@pytest.fixture
def limits() -> Limits:
    return QUICK


@pytest.fixture
def gateway_with() -> Callable[..., Gateway]:
    """Makes a gateway for loopback; keyword arguments change its limits, ``vault`` and scope."""

    def make(
        *,
        vault: Mapping[str, bytes] | None = None,
        deny: tuple[str, ...] = (),
        impact: Impact = Impact.LOGIN,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **changed: Any,
    ) -> Gateway:
        scope = Scope(
            (ip_network("127.0.0.0/8"), ip_network("::1/128")),
            tuple(map(ip_network, deny)),
            impact=impact,
        )
        limits = replace(QUICK, **changed)
        return Gateway(scope, limits, clock=clock, vault=vault, sleep=sleep)

    return make


@pytest.fixture
def serve() -> Serve:
    """Runs a handler as a TCP device on a loopback port; gives its service."""

    @asynccontextmanager
    async def run(handler: Handler) -> AsyncIterator[Service]:
        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.transport.abort()

        server = await asyncio.start_server(guarded, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield Service(Endpoint(ip_address("127.0.0.1"), "tcp", port), "test")
        finally:
            server.close()

    return run


@pytest.fixture
def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
