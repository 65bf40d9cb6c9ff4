"""The hostile box: it attacks whoever looks at it."""

from __future__ import annotations

import asyncio

from iotscan.demo import announce
from iotscan.demo.device import about, as_whole, neighbour
from iotscan.demo.host import Host, Talk

_UDN = "e5a1d3c4-7f0b-4a86-b6d9-6f1c2b0d9911"
# Clears the screen, sets the window's title, and writes backwards from here on.
_NAME = "\x1b[2J\x1b]0;owned\x07 TV \u202e[blink]"


class Hostile:
    name = "hostile box"
    number = 11
    what = (
        "A box that attacks its scanner: terminal escape sequences in its name, data without end, "
        "and a description that it says lies on another device. That device must be left alone."
    )
    truth = (
        about(1900, "ssdp-amplification", transport="udp")
        | about(2323, "telnet-exposed")
        | as_whole("ssdp-location-elsewhere")
    )
    unseen = ""

    async def start(self, host: Host) -> None:
        await host.tcp(2323, _flood(b"\xff\xfd\x18\xff\xfb\x01" * 512))
        await host.tcp(8080, _flood(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"A" * 4096))
        bystander = neighbour(host, Bystander.number)
        location = f"http://{bystander}:{Bystander.port}/description.xml"
        kinds = [f"urn:evil:device:{number}:1" for number in range(8)]
        answer = announce.ssdp(location, _NAME, _UDN, kinds)
        await host.udp(announce.SSDP_PORT, answer)
        await announce.announce(
            host, "hostile", [announce.Announced(_NAME, "_http._tcp", 8080, {"model": _NAME})]
        )


class Bystander:
    name = "bystander"
    number = 12
    what = (
        "A device with one service on an unusual port, which only the hostile box names. It counts "
        "its visitors: a scan must not come."
    )
    port = 50_080
    truth = as_whole()
    unseen = "it answers on no port that a scan looks at, and announces nothing"

    def __init__(self) -> None:
        self.visitors = 0

    async def start(self, host: Host) -> None:
        await host.tcp(self.port, self._visit)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visitors += 1


def _flood(data: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(data)
            await writer.drain()

    return talk


DEVICES = (Hostile, Bystander)
