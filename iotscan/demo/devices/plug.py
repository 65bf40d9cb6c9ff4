"""The broken plug: it hangs up in the middle, answers too slowly, and says half of things."""

from __future__ import annotations

import asyncio

from iotscan.demo import announce
from iotscan.demo.device import as_whole
from iotscan.demo.host import Host

_SLOWLY = 1.0  # seconds between two bytes


class Plug:
    name = "broken plug"
    number = 10
    what = (
        "A plug at the end of its life: one port resets connections, one sends a byte a second, "
        "one closes at once. A scan must end in time and claim nothing."
    )
    truth = as_whole()
    unseen = ""

    async def start(self, host: Host) -> None:
        await host.tcp(1883, _reset)
        await host.tcp(2323, _drip)
        await host.tcp(8080, _close)
        await announce.announce(host, "plug", [announce.Announced("Plug", "_http._tcp", 8080)])


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"\x20")
    await writer.drain()
    writer.transport.abort()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(_SLOWLY)


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    return None


DEVICES = (Plug,)
