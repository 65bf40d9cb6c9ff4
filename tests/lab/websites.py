"""Web sites that are one function each, and what the HTTP probe asks of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from iotscan import plugins
from iotscan.model import Transcript
from iotscan.protocols.http.codec import Request, parse_request
from iotscan.testing import converse, on_loopback, serve

# Status, fields and body.
Answer = tuple[int, Mapping[str, str], bytes]
Site = Callable[[Request], Answer | None]

HTTP = next(probe for probe in plugins.probes() if probe.name == "http")
HTML = {"Content-Type": "text/html"}
PANEL = b"""<html><head><title>Router Admin</title><script src="/js/main.js"></script></head>
<body><a href=a>Firmware</a><a href=b>Wi-Fi</a><button>Reboot</button></body></html>"""


def serving(site: Site, asked: list[Request] | None = None) -> AbstractAsyncContextManager[int]:
    """A web server that answers as ``site`` says; None closes without a word. Gives its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readuntil(b"\r\n\r\n")
        while (request := parse_request(data)) is None:
            data += await reader.read(4096)
        if asked is not None:
            asked.append(request)
        answer = site(request)
        if answer is None:
            return
        status, headers, body = answer
        lines = [f"HTTP/1.1 {status} x", *(f"{name}: {value}" for name, value in headers.items())]
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()
        await reader.read()

    return serve(handle)


async def visited(site: Site, *arguments: Any, **more: Any) -> tuple[Transcript, list[Request]]:
    """The HTTP probe's conversation with a site, and what it asked. Arguments: of ``converse``."""
    asked: list[Request] = []
    async with serving(site, asked) as port:
        return await converse(HTTP, on_loopback(port, "http"), *arguments, **more), asked
