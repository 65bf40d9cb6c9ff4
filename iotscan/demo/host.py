"""One loopback address and the servers on it: what simulated devices are built from."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address
from typing import cast

from iotscan.errors import UsageError

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = Callable[[bytes], Iterable[bytes]]


class DemoError(UsageError):
    """The virtual home cannot be set up on this machine; the text says what to do about it."""


class Host:
    """Serves on the ports of one address until it is closed."""

    def __init__(self, address: IPv4Address) -> None:
        self.address = address
        self._servers: list[asyncio.Server] = []
        self._exchanges: list[asyncio.DatagramTransport] = []
        self._talks: set[asyncio.Task[None]] = set()

    async def tcp(self, port: int, talk: Talk, tls: ssl.SSLContext | None = None) -> None:
        """Let ``talk`` answer every connection to a port. Raises DemoError."""

        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._talks.add(task)
            try:
                await talk(reader, writer)
            except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
                pass  # the client went away or talks nonsense, or the home is closing
            finally:
                self._talks.discard(task)
                writer.close()

        try:
            server = await asyncio.start_server(
                guarded, str(self.address), port, ssl=tls, reuse_address=_may_reuse()
            )
        except OSError as error:
            raise _explained(error, self.address, port) from error
        self._servers.append(server)

    async def udp(self, port: int, answer: Answer) -> None:
        """Send back what ``answer`` makes of every datagram to a port. Raises DemoError."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # The mDNS responder of this machine holds port 5353 of all addresses and shares it.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        try:
            sock.bind((str(self.address), port))
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Exchange(answer), sock=sock
            )
        except OSError as error:
            sock.close()
            raise _explained(error, self.address, port) from error
        self._exchanges.append(transport)

    async def close(self) -> None:
        """Stop serving; conversations that still run are cut off."""
        for server in self._servers:
            server.close()
        for exchange in self._exchanges:
            exchange.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)


class _Exchange(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not checked: the event loops' own datagram transports are no subclasses of the type.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for reply in self._answer(data):
            if self._transport is not None:
                self._transport.sendto(reply, addr)


def _may_reuse() -> bool:
    """Windows would let two demos share a port; elsewhere this only skips the wait after one."""
    return sys.platform != "win32"


def _explained(error: OSError, address: IPv4Address, port: int) -> DemoError:
    where = f"{address}:{port}"
    if error.errno == errno.EADDRNOTAVAIL:
        return DemoError(
            f"The virtual home cannot use {where}: this system has no such loopback address. "
            "On macOS add each address of the home first, for example: "
            f"sudo ifconfig lo0 alias {address} up"
        )
    if error.errno == errno.EADDRINUSE:
        return DemoError(
            f"The virtual home cannot use {where}: another program has it. Is another demo "
            "running? Stop it, or wait a moment, and try again."
        )
    return DemoError(f"The virtual home cannot use {where}: {error.strerror or error}")
