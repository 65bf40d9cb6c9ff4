"""A telnet server's side: login dialogues, and a shell that knows ``echo`` and ``exit``."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from iotscan.demo.host import Talk
from iotscan.protocols.telnet import codec as telnet

# What embedded servers open with: I echo, I suppress go-ahead, what size is your window?
HELLO = b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x1f"
LOGINS_A_CONNECTION = 3
_PRODUCT = re.compile(r"\$\(\((\d{1,4})\*(\d{1,4})\)\)")


class Terminal:
    """Lines of text over one telnet connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._decoder = telnet.Decoder()
        self._typed = bytearray()

    async def say(self, text: str) -> None:
        self._writer.write(text.replace("\n", "\r\n").encode())
        await self._writer.drain()

    async def ask(self, prompt: str, *, echo: bool = True) -> str:
        """Show a prompt and give the line typed. Raises EOFError when the client is gone."""
        await self.say(prompt)
        while b"\r" not in self._typed:
            data = await self._reader.read(256)
            if not data or len(self._typed) > 1024:
                raise EOFError
            self._typed += telnet.text_of(self._decoder.feed(data))
        line, _, rest = bytes(self._typed).lstrip(b"\n\0").partition(b"\r")
        self._typed = bytearray(rest)
        text = line.decode("latin-1")
        await self.say(f"{text}\n" if echo else "\n")
        return text

    async def shell(self, prompt: str = "# ") -> None:
        """Answer commands until ``exit``; only ``echo`` does anything."""
        while (command := (await self.ask(prompt)).strip()) != "exit":
            if command:
                await self.say(_carry_out(command))


def _carry_out(command: str) -> str:
    word, _, rest = command.partition(" ")
    if word != "echo":
        return f"-sh: {word}: not found\n"
    done = _PRODUCT.sub(lambda found: str(int(found[1]) * int(found[2])), rest)
    return done.replace('"', "").replace("'", "") + "\n"


@dataclass
class Guard:
    """A login that a device checks. ``accepts``: whether a name and a password open it."""

    banner: str
    prompt: str
    accepts: Callable[[str, str], bool]
    failures: int = 0

    def served(self) -> Talk:
        """What answers a connection: the login, and the shell behind it."""
        return self._serve

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        terminal = Terminal(reader, writer)
        await terminal.say(self.banner)
        for _ in range(LOGINS_A_CONNECTION):
            name = await terminal.ask(f"{self.prompt} login: ")
            password = await terminal.ask("Password: ", echo=False)
            if self.accepts(name, password):
                await terminal.say("\nBusyBox v1.19.2 built-in shell (ash)\n")
                await terminal.shell()
                return
            self.failures += 1
            await terminal.say("Login incorrect\n")
