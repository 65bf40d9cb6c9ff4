"""Debuggers that a device was shipped with: ``python debuggers.py ADDRESS``.

JDWP on 5005 and VxWorks' WDB agent on 17185/udp, written from their descriptions and not from this
project's codecs, which they are there to check. Any command after the handshake ends the program,
as it would be a change of the device.
"""

from __future__ import annotations

import asyncio
import struct
import sys

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
        self.transport = transport

    def datagram_received(self, data: bytes, address: object) -> None:
        if len(data) < 40:
            return
        number, direction, version, program, _, procedure = struct.unpack_from("!6I", data)
        if (direction, version) != (0, 2):
            return
        if program == WDB_PROGRAM and procedure != 0:
            sys.exit("somebody attached to the target")
        state = 0 if program == WDB_PROGRAM else 1
        answer = struct.pack("!6I", number, 1, 0, 0, 0, state)
        self.transport.sendto(answer, address)  # type: ignore[attr-defined]


async def main(address: str) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Wdb, local_addr=(address, 17_185))
    server = await asyncio.start_server(jdwp, address, 5005)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
