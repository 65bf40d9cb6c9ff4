"""Small servers that no package ships: ``python webpeer.py KIND PORT LOG``.

``panel`` is a web interface with a login by JSON (admin/admin); ``recorder`` answers the first
words of Xiongmai's protocol. Every event is a line of LOG.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
import sys
from pathlib import Path

PAGE = b"<!doctype html><html><head><title>Grafana</title></head><body></body></html>"
HEAD = struct.Struct("<BBxxIIxxHI")


class Peer:
    def __init__(self, log: Path) -> None:
        self.log = log

    def note(self, line: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    async def panel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path = head.split()[:2]
        length = re.search(r"Content-Length: (\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        status, kind, said = "404 Not Found", "text/plain", b"no such page"
        if path == "/":
            status, kind, said = "200 OK", "text/html", PAGE
        elif (method, path) == ("POST", "/login"):
            right = json.loads(body) == {"user": "admin", "password": "admin"}
            self.note(f"login {'accepted' if right else 'refused'}")
            status = "200 OK" if right else "401 Unauthorized"
            kind, said = (
                "application/json",
                b'{"message":"%s"}' % (b"Logged in" if right else b"Invalid username or password"),
            )
        lines = [
            f"HTTP/1.1 {status}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(said)}",
            "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + said)
        await writer.drain()

    async def recorder(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(HEAD.size)
        if head[0] != 0xFF:
            return
        *_, message, length = HEAD.unpack(head)
        await reader.readexactly(length)
        self.note(f"message {message}")
        said = b'{"Name":"KeepAlive","Ret":103,"SessionID":"0x00000000"}\n\x00'
        writer.write(HEAD.pack(0xFF, 1, 0, 0, message + 1, len(said)) + said)
        await writer.drain()
        await reader.read()


async def main() -> None:
    kind, port, log = sys.argv[1:]
    talk = getattr(Peer(Path(log)), kind)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the caller has seen enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "0.0.0.0", int(port))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
