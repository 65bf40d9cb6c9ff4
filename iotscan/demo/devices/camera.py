"""Two cameras: one with the login that malware tries first, one with a shell for everybody."""

from __future__ import annotations

import asyncio

from iotscan.demo import announce
from iotscan.demo.device import about
from iotscan.demo.host import Host
from iotscan.demo.terminal import HELLO, Guard, Terminal

VIDEO = about(8554, "rtsp-cleartext", "legacy-digest-authentication")


class FrontCamera:
    name = "front camera"
    number = 2
    what = (
        "A camera that lets people in by Telnet with a login that self-spreading malware tries "
        "first, and that the router forwards from the internet."
    )
    truth = VIDEO | about(
        2323, "telnet-exposed", "default-credentials-telnet", "internet-reachable-service"
    )
    unseen = ""

    async def start(self, host: Host) -> None:
        guard = Guard(
            "", "LocalHost", lambda name, password: (name, password) == ("root", "xc3511")
        )
        await host.tcp(2323, guard.served())
        await host.tcp(8554, video)
        service = announce.Announced("Front camera", "_rtsp._tcp", 8554, {"model": "CamStar 2"})
        await announce.announce(host, "front-camera", [service])


class GardenCamera:
    name = "garden camera"
    number = 3
    what = "A camera left in its factory state: whoever connects by Telnet is in a root shell."
    truth = VIDEO | about(2323, "telnet-exposed", "telnet-open-shell", "version-disclosed")
    unseen = ""

    async def start(self, host: Host) -> None:
        await host.tcp(2323, _open_shell)
        await host.tcp(8554, video)


async def _open_shell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HELLO)
    terminal = Terminal(reader, writer)
    await terminal.say("\nBusyBox v1.19.2 built-in shell (ash)\n")
    await terminal.shell("/ # ")


async def video(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RTSP that asks for a Digest login. RFC 2326 section 10, RFC 2617."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        number = next(
            (line[5:].strip() for line in head.split("\r\n") if line.lower().startswith("cseq:")),
            "0",
        )
        if head.startswith("OPTIONS "):
            answer = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n"
        else:
            answer = (
                f"RTSP/1.0 401 Unauthorized\r\nCSeq: {number}\r\n"
                'WWW-Authenticate: Digest realm="camera", nonce="5f1d0c", algorithm="MD5"\r\n\r\n'
            )
        writer.write(answer.encode())
        await writer.drain()


DEVICES = (FrontCamera, GardenCamera)
