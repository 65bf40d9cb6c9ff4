"""Debuggers and entrances that devices were shipped with: ``python debuggers.py KIND ADDRESS``.

``debuggers``: JDWP on 5005 and VxWorks' WDB agent on 17185/udp; ``entrances``: SerComm's on 32764
and Netcore's on 53413/udp. Written from their descriptions and not from this
project's codecs, which they are there to check. Any command after the handshake ends the program,
as it would be a change of the device.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from collections.abc import Callable, Coroutine
from typing import Any, cast

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
HANDSHAKE = b"JDWP-Handshake"
WDB_PROGRAM = 0x55555555


async def jdwp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        if await reader.readexactly(len(HANDSHAKE)) == HANDSHAKE:
            writer.write(HANDSHAKE)
            await writer.drain()
            if await reader.read(1):
                sys.exit("somebody attached to the program")
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


class Wdb(asyncio.DatagramProtocol):
    """Answers procedure 0 with success; any other ends the program."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if len(data) < 40:
            return
        number, direction, version, program, _, procedure = struct.unpack_from("!6I", data)
        if (direction, version) != (0, 2):
            return
        if program == WDB_PROGRAM and procedure != 0:
            sys.exit("somebody attached to the target")
        state = 0 if program == WDB_PROGRAM else 1
        answer = struct.pack("!6I", number, 1, 0, 0, 0, state)
        self.transport.sendto(answer, addr)


async def sercomm(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        if (await reader.read(12)).startswith((b"MMcS", b"ScMM")):
            sys.exit("somebody gave an order")
        writer.write(b"MMcS" + b"\xff" * 4 + bytes(4))
        await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


class Netcore(asyncio.DatagramProtocol):
    """Asks for its password; a header with something behind it is an order."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if len(data) > 8:
            sys.exit("somebody gave an order")
        self.transport.sendto(b"\xd0\xa5Login:", addr)


KINDS: dict[str, tuple[type[asyncio.DatagramProtocol], int, Talk, int]] = {
    "debuggers": (Wdb, 17_185, jdwp, 5005),
    "entrances": (Netcore, 53_413, sercomm, 32_764),
}


async def main(kind: str, address: str) -> None:
    datagrams, udp_port, talk, port = KINDS[kind]
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(datagrams, local_addr=(address, udp_port))
    server = await asyncio.start_server(talk, address, port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
