"""Real servers on loopback, and those of them that mean a probe no good."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import cast

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def _closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    return None


async def _resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\xfd\x18HTTP/1.1 2")
    await writer.drain()
    await reader.read(1)
    writer.transport.abort()


async def _drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in itertools.cycle(b"login: "):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


def _pours(data: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(data)
            await writer.drain()

    return handler


def _greets(greeting: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        await reader.read(-1)

    return handler


# 256 bytes in an order that no protocol uses, the same in every run.
NOISE = bytes((i * 167 + 13) % 256 for i in range(256))

HOSTILE: Mapping[str, Handler] = {
    "silent": _silent,
    "closes at once": _closes,
    "resets mid-reply": _resets,
    "one byte a second": _drips,
    "endless bytes": _pours(b"A" * 4096),
    "endless negotiation": _pours(b"\xff\xfd\x18" * 1024),
    "endless lines": _pours(b"200-more\r\n" * 400),
    "random bytes": _greets(NOISE),
    "SSH greeting": _greets(b"SSH-2.0-dropbear_2022.83\r\n"),
    "SMTP greeting": _greets(b"220 mail ESMTP\r\n"),
    "HTTP answer": _greets(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "TLS alert": _greets(b"\x15\x03\x01\x00\x02\x02\x46"),
    "half a packet": _greets(b"\x20\x02"),
}


@asynccontextmanager
async def serve(handler: Handler, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Serve on a loopback port while the context lasts; gives the port."""

    conversations: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        try:
            await handler(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            conversations.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(guarded, host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


Reply = Callable[[bytes], None]
Answerer = Callable[[bytes, Reply], None]


@asynccontextmanager
async def serve_udp(answer: Answerer, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Answer datagrams on a loopback port while the context lasts; gives the port.

    ``answer`` takes a datagram and what sends one back to its sender.
    """

    class Peer(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.DatagramTransport, transport)

        def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
            answer(data, lambda reply: self.transport.sendto(reply, address))

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Peer, local_addr=(host, port))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
