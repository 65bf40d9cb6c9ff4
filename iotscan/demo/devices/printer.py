"""The printer: whatever arrives at its raw port costs paper, so nothing may."""

from __future__ import annotations

import asyncio

from iotscan.demo import announce
from iotscan.demo.device import about
from iotscan.demo.host import Host


class Printer:
    name = "printer"
    number = 7
    what = (
        "A printer with the raw port that prints whatever arrives. It counts the bytes: a scan "
        "must leave it at none."
    )
    truth = about(9100, "printer-port-unauthenticated")
    unseen = ""

    def __init__(self) -> None:
        self.bytes_printed = 0

    async def start(self, host: Host) -> None:
        await host.tcp(9100, self._print)
        service = announce.Announced(
            "Paperjet 40", "_pdl-datastream._tcp", 9100, {"ty": "Paperjet 40"}
        )
        await announce.announce(host, "paperjet-40", [service])

    async def _print(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            self.bytes_printed += len(data)


DEVICES = (Printer,)
