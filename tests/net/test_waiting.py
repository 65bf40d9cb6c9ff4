"""A machine that is busy notices late; what came meanwhile was no silence."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from certificates import identity

from iotscan.errors import OutOfTime, TimedOut
from iotscan.model import Endpoint, Service
from iotscan.model import Transport as Kind
from iotscan.net.conversation import Conversation
from iotscan.net.gateway import Gateway
from iotscan.net.waiting import Attention, settled, within

Make = Callable[..., Gateway]
# Seconds: a read's patience, and how long the program is busy meanwhile.
PATIENCE, BUSY = 0.05, 0.3


def talk(gateway: Gateway, service: Service) -> Conversation:
    return gateway.conversation(service, "test", id="c7", began=0.0)


def service_of(sock: socket.socket, transport: Kind) -> Service:
    return Service(Endpoint(ip_address("127.0.0.1"), transport, sock.getsockname()[1]), "test")


def busy_after(said: Callable[[], Any]) -> None:
    """When the program next waits: the device says something, and we do something else for long."""
    loop = asyncio.get_running_loop()

    def work() -> None:
        said()
        until = loop.time() + BUSY
        while loop.time() < until:
            pass

    loop.call_soon(work)


@contextmanager
def listening(kind: socket.SocketKind) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            sock.listen()
        yield sock


async def test_what_came_while_we_were_busy_is_heard_over_tcp(gateway_with: Make) -> None:
    with listening(socket.SOCK_STREAM) as device:
        service = service_of(device, "tcp")
        net = talk(gateway_with(read_timeout=PATIENCE), service)
        async with net.tcp(service) as stream:
            peer, _ = device.accept()
            with peer:
                busy_after(lambda: peer.sendall(b"in time"))
                assert await stream.read() == b"in time"
                with pytest.raises(TimedOut):
                    await stream.read()
    assert net.transcript().said_by("server") == b"in time"


async def test_what_came_while_we_were_busy_is_heard_over_udp(gateway_with: Make) -> None:
    with listening(socket.SOCK_DGRAM) as device:
        service = service_of(device, "udp")
        net = talk(gateway_with(read_timeout=PATIENCE), service)
        async with net.udp(service) as exchange:
            await exchange.send(b"?")
            _, whom = device.recvfrom(9)
            busy_after(lambda: device.sendto(b"in time", whom))
            assert await exchange.receive() == b"in time"
    assert net.transcript().said_by("server") == b"in time"


async def test_a_handshake_goes_on_after_we_were_busy(gateway_with: Make, tmp_path: Path) -> None:
    """It takes more than one look: the device has to answer what we say after that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity(tmp_path, "device"))

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"in time")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    service = service_of(server.sockets[0], "tcp")
    net = talk(gateway_with(read_timeout=PATIENCE), service)
    async with net.tcp(service) as stream:
        busy_after(lambda: None)
        await stream.start_tls()
        busy_after(lambda: None)
        assert await stream.read() == b"in time"
    server.close()


async def test_time_that_was_noticed_late_is_given_once_more_and_not_for_ever() -> None:
    loop = asyncio.get_running_loop()
    silent = loop.create_task(asyncio.Event().wait())
    rounds = 0

    def busy() -> None:
        nonlocal rounds
        rounds += 1
        until = loop.time() + BUSY
        while loop.time() < until:
            pass
        if not silent.done():
            loop.call_soon(busy)

    busy()
    assert not await settled(silent, PATIENCE)
    assert 2 <= rounds <= 5
    silent.cancel()
    await asyncio.wait({silent})


async def test_time_in_which_we_could_not_listen_is_not_the_devices(
    gateway_with: Make, fake_clock: Any
) -> None:
    gateway = gateway_with(clock=fake_clock, conversation_timeout=60.0)
    with listening(socket.SOCK_STREAM) as device:
        net = talk(gateway, service_of(device, "tcp"))
        fake_clock.now += 100.0
        with pytest.raises(OutOfTime):
            await net.pause(1.0)
        gateway.attention.lost += 70.0
        assert net.left() == pytest.approx(30.0)
        gateway.attention.lost += 1e6
        fake_clock.now += 500.0
        with pytest.raises(OutOfTime):
            await net.pause(1.0)


async def test_being_busy_is_noticed() -> None:
    attention, loop = Attention(), asyncio.get_running_loop()
    async with attention.watched():
        await asyncio.sleep(0)
        until = loop.time() + BUSY
        while loop.time() < until:
            pass
        while not attention.lost:
            await asyncio.sleep(0)
    assert attention.lost >= BUSY / 2


async def test_a_handshake_that_our_own_time_ended_did_not_fail(
    gateway_with: Make, fake_clock: Any
) -> None:
    """Nor was the device silent: probes that bear silence must not go on."""
    with listening(socket.SOCK_STREAM) as device:
        service = service_of(device, "tcp")
        net = talk(gateway_with(clock=fake_clock, read_timeout=PATIENCE), service)
        async with net.tcp(service) as stream:
            fake_clock.now += 60.0
            for ask in (stream.read, stream.start_tls):
                with pytest.raises(OutOfTime):
                    await ask()
    assert not issubclass(OutOfTime, TimedOut)


async def test_errors_and_cancelling_go_through() -> None:
    async def fails() -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await within(1.0, fails())
    begun, ended = asyncio.Event(), asyncio.Event()

    async def waits() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.get_running_loop().create_task(within(60.0, waits()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
