"""Small telnet peers that no package ships: each behaves in one way and writes down what it got.

Run as ``python logins.py KIND PORT LOG``: ``anything`` lets everybody in, ``lockout`` locks its
account after five wrong passwords, ``tarpit`` accepts connections and drips, ``printer`` takes raw
jobs, ``fragile`` dies when more than five connections are open at a time.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
from pathlib import Path

IAC_WILL_ECHO = b"\xff\xfb\x01"
NEGOTIATION = re.compile(rb"\xff[\xfb-\xfe].", re.DOTALL)
LOCK_AFTER = 5


class Peer:
    """What all kinds share: a log in which every event is a line, flushed."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.failures = 0
        self.open = 0

    def note(self, line: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    async def ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, prompt: bytes
    ) -> str:
        writer.write(prompt)
        await writer.drain()
        raw = NEGOTIATION.sub(b"", await reader.readuntil(b"\r"))
        return raw.strip(b"\r\n\0").decode("latin-1")

    async def shell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A shell that a real sh answers for, one command a line."""
        while True:
            command = await self.ask(reader, writer, b"# ")
            self.note(f"command {command}")
            if command.strip() == "exit":
                return
            process = await asyncio.create_subprocess_exec(
                "sh", "-c", command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            output, _ = await process.communicate()
            writer.write(command.encode() + b"\r\n" + output.replace(b"\n", b"\r\n"))

    async def anything(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(IAC_WILL_ECHO + b"\r\nWelcome to CamOS\r\n")
        user = await self.ask(reader, writer, b"login: ")
        await self.ask(reader, writer, b"Password: ")
        self.note(f"login {user}")
        await self.shell(reader, writer)

    async def lockout(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(IAC_WILL_ECHO + b"\r\nGateway\r\n")
        for _ in range(3):
            user = await self.ask(reader, writer, b"login: ")
            await self.ask(reader, writer, b"Password: ")
            self.failures += 1
            locked = self.failures >= LOCK_AFTER
            self.note(f"{'locked' if locked else 'failed'} {user}")
            if locked:
                writer.write(b"\r\nAccount locked. Try again in 30 minutes.\r\n")
                return
            writer.write(b"\r\nLogin incorrect\r\n")

    async def tarpit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in itertools.cycle(b"\r\n"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(10)  # as endlessh does; a second is what scanners wait

    async def printer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            self.note(f"printed {len(data)} bytes")

    async def fragile(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.open > LOCK_AFTER:
            self.note("died")
            sys.exit(1)
        await self.lockout(reader, writer)


async def main(kind: str, port: int, log: Path) -> None:
    peer = Peer(log)
    talk = getattr(peer, kind)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.open += 1
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            peer.open -= 1
            writer.transport.abort() if kind == "tarpit" else writer.close()

    server = await asyncio.start_server(serve, "0.0.0.0", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
