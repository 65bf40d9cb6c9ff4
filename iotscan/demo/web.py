"""A small HTTP server for simulated devices: fixed pages, and functions that answer a path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from iotscan.demo.host import Talk

_REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error"}
# What holds for every website of this module: it says its version, answers to any host name, and
# sets no header that protects its visitors.
ANY_SITE = ("version-disclosed", "http-dns-rebinding", "http-security-headers-missing")
_LONGEST_HEAD, _LONGEST_BODY = 16_384, 65_536


@dataclass(frozen=True)
class Page:
    """An answer. ``headers``: further ones, each "Name: value"."""

    body: str
    status: int = 200
    type: str = "text/html"
    headers: tuple[str, ...] = ()


Served = Page | Callable[[str], Page]


def website(pages: Mapping[str, Served], server: str) -> Talk:
    """What answers connections with ``pages`` by path; a function is given the request's body."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n"))[:_LONGEST_HEAD].decode("latin-1")
        path = (head.split(" ", 2)[1:2] or ["/"])[0].partition("?")[0]
        body = await reader.readexactly(_length(head))
        found = pages.get(path, Page("not found", 404))
        page = found if isinstance(found, Page) else found(body.decode("utf-8", "replace"))
        content = page.body.encode()
        lines = [
            f"HTTP/1.1 {page.status} {_REASONS[page.status]}",
            f"Server: {server}",
            f"Content-Type: {page.type}",
            f"Content-Length: {len(content)}",
            "Connection: close",
            *page.headers,
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        await writer.drain()

    return talk


def _length(head: str) -> int:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length" and value.strip().isdigit():
            return min(int(value), _LONGEST_BODY)
    return 0


def description(
    kind: str, friendly: str, maker: str, model: str, udn: str, *, serial: str = "", more: str = ""
) -> Page:
    """A UPnP device description. ``more``: what stands in the device element besides."""
    number = f"<serialNumber>{serial}</serialNumber>" if serial else ""
    return Page(
        '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion>'
        f"<major>1</major><minor>0</minor></specVersion><device><deviceType>{kind}</deviceType>"
        f"<friendlyName>{friendly}</friendlyName><manufacturer>{maker}</manufacturer>"
        f"<modelName>{model}</modelName>{number}<UDN>uuid:{udn}</UDN>{more}</device></root>",
        type="text/xml",
    )
