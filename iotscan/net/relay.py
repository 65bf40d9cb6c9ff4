"""Relays for client libraries that own their socket: a loopback port, pumped through a stream.

What the library says passes the same bounds, rule, masking and record as a probe's own words; TLS
towards the device is the stream's, so the library speaks plain text. A relay serves one client:
a library that reconnects by itself would be a conversation that nobody asked for.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import Any

from iotscan.errors import ConnectionLost, NetworkError, TimedOut
from iotscan.model import Address
from iotscan.net.addresses import from_socket_address
from iotscan.net.line import Line
from iotscan.net.streams import TcpStream, UdpExchange
from iotscan.net.waiting import settled

_HOST = "127.0.0.1"
_CHUNK = 16_384
# What a client wrote before it went away is already in the kernel: this is enough to pass it on.
_LAST_WORDS = 0.25


class _Relay:
    """Implements :class:`iotscan.probe_api.Relay`."""

    def __init__(self, line: Line, local: socket.socket) -> None:
        self._line = line
        self.host = _HOST
        self.port = int(local.getsockname()[1])

    @property
    def secret(self) -> bytes:
        return self._line.secret

    def hide(self, secret: bytes) -> None:
        """Mask these bytes in what the client sends from now on; a secret of fewer than eight
        only where it stands last in the first message that has it, to keep the record readable.
        """
        self._line.record.hide(self._line.channel, secret)


class TcpRelay(_Relay):
    """A relay towards a TCP service."""


class UdpRelay(_Relay):
    """A relay towards a UDP service."""


@asynccontextmanager
async def relay_tcp(
    stream: TcpStream, line: Line, doors: set[tuple[Address, int]]
) -> AsyncIterator[TcpRelay]:
    """Serve one client on loopback and pump between it and ``stream``.

    On leaving it raises what stopped the pump, unless that was the device closing.
    """
    listener = _loopback(socket.SOCK_STREAM)
    listener.listen(1)
    relay = TcpRelay(line, listener)
    door = (IPv4Address(_HOST), relay.port)
    doors.add(door)
    try:
        async with _pumping(_serve_tcp(listener, stream, line), line):
            yield relay
    finally:
        doors.discard(door)
        listener.close()


@asynccontextmanager
async def relay_udp(
    exchange: UdpExchange, line: Line, doors: set[tuple[Address, int]]
) -> AsyncIterator[UdpRelay]:
    """As :func:`relay_tcp`, for datagrams; the client is whoever on loopback sent the last one."""
    local = _loopback(socket.SOCK_DGRAM)
    relay = UdpRelay(line, local)
    own: set[tuple[Address, int]] = {(IPv4Address(_HOST), relay.port)}
    doors |= own
    try:
        async with _pumping(_UdpPump(local, exchange, doors, own).run(), line):
            yield relay
    finally:
        doors -= own
        local.close()


@asynccontextmanager
async def _pumping(pump: Coroutine[Any, Any, None], line: Line) -> AsyncIterator[None]:
    """Run the pump beside the body. Not a task group: that would wrap the body's errors.

    A library's own OSError inside the body is the consequence of what ended the pump.
    """
    task = asyncio.get_running_loop().create_task(pump)
    try:
        yield
        await settled(task, _LAST_WORDS)
    except OSError as error:
        raise await _stop(task) or ConnectionLost("the relayed connection broke") from error
    finally:
        failure = await _stop(task)
    if isinstance(failure, ConnectionLost):
        line.channel.ending = failure.ending
    elif failure is not None:
        raise failure


async def _stop(task: asyncio.Task[None]) -> NetworkError | None:
    """End the pump; what had stopped it before, if it was the network."""
    task.cancel()
    await asyncio.wait({task})
    if task.cancelled():
        return None
    error = task.exception()
    if error is None or isinstance(error, NetworkError):
        return error
    raise error


async def _serve_tcp(listener: socket.socket, stream: TcpStream, line: Line) -> None:
    loop = asyncio.get_running_loop()
    client, _ = await loop.sock_accept(listener)
    listener.close()
    client.setblocking(False)
    try:
        await _either(_from_client(client, stream), _from_device(client, stream, line))
    finally:
        client.close()


async def _from_client(client: socket.socket, stream: TcpStream) -> None:
    loop = asyncio.get_running_loop()
    while data := await _quietly(loop.sock_recv(client, _CHUNK)):
        await stream.write(data)


async def _from_device(client: socket.socket, stream: TcpStream, line: Line) -> None:
    """The library decides how long to wait for the device, within the conversation's time."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            data = await stream.read_within(line.left(), _CHUNK)
        except TimedOut:
            continue  # the conversation was given more time meanwhile
        if not data:
            return
        try:
            await loop.sock_sendall(client, data)
        except OSError:
            return  # the client has gone


async def _quietly(receiving: Coroutine[Any, Any, bytes]) -> bytes:
    """What the client said; b"" when it went away, however rudely."""
    try:
        return await receiving
    except OSError:
        return b""


async def _either(*directions: Coroutine[Any, Any, None]) -> None:
    """Run both; the first to end ends the other, and its error is the one that counts."""
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(direction) for direction in directions]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()


class _UdpPump:
    """Passes datagrams between a loopback client and a device."""

    def __init__(
        self,
        local: socket.socket,
        exchange: UdpExchange,
        doors: set[tuple[Address, int]],
        own: set[tuple[Address, int]],
    ) -> None:
        self._local = local
        self._exchange = exchange
        self._doors = doors
        self._own = own
        self._client: tuple[str, int] | None = None

    async def run(self) -> None:
        await _either(self._from_client(), self._from_device())

    async def _from_client(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            data, client = await loop.sock_recvfrom(self._local, 65_535)
            self._admit(client)
            await self._exchange.send(data)

    async def _from_device(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await self._exchange.receive()
            except TimedOut:
                continue
            if self._client is not None:
                await loop.sock_sendto(self._local, data, self._client)

    def _admit(self, client: tuple[str, int]) -> None:
        """Let the guard pass what goes back to the client."""
        self._client = client
        door = from_socket_address(client)
        if door is not None and door not in self._own:
            self._own.add(door)
            self._doors.add(door)


def _loopback(kind: socket.SocketKind) -> socket.socket:
    sock = socket.socket(socket.AF_INET, kind)
    sock.setblocking(False)
    sock.bind((_HOST, 0))
    return sock
