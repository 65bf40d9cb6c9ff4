"""A debug bridge of an Android device: ``python bridges.py KIND``, on port 5555.

``open`` serves whoever connects, ``locked`` asks for a signature first. Written from the protocol's
description, not from this project's codec, which it is there to check.
"""

from __future__ import annotations

import asyncio
import struct
import sys

IDENTITY = b"device::ro.product.name=box;ro.product.model=TV Box;ro.product.device=box9;\0"
TOKEN = bytes(range(20))
VERSION, PAYLOAD, WANTS_SIGNATURE = 0x01000000, 4096, 1


def message(command: bytes, first: int, second: int, data: bytes) -> bytes:
    number = int.from_bytes(command, "little")
    sums = sum(data) & 0xFFFFFFFF
    head = struct.pack("<IIIIII", number, first, second, len(data), sums, number ^ 0xFFFFFFFF)
    return head + data


async def serve(kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await reader.readexactly(24)
        if head[:4] == b"CNXN":
            await reader.readexactly(int.from_bytes(head[12:16], "little"))
            if kind == "open":
                # adbd writes header and payload apart from each other.
                answer = message(b"CNXN", VERSION, PAYLOAD, IDENTITY)
                writer.write(answer[:24])
                await writer.drain()
                writer.write(answer[24:])
            else:
                writer.write(message(b"AUTH", WANTS_SIGNATURE, 0, TOKEN))
            await writer.drain()
            await reader.read(1)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(kind: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(kind, reader, writer)

    server = await asyncio.start_server(talk, "0.0.0.0", 5555)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
