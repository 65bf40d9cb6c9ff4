"""A camera that no package ships: RTSP with odd habits, ONVIF and WS-Discovery as cameras speak it.

Run as ``python camera.py KIND ADDRESS LOG``: ``any-route`` describes a stream under any name,
``lockout`` forbids everything after five wrong logins, ``onvif-open`` makes every call for
everybody, ``onvif-default`` asks for a login that is publicly known (admin/12345) and
``onvif-sound`` for one that nobody knows. Every event is a line of LOG.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import socket
import struct
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

LOCK_AFTER = 5
SDP = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=Front door\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 H264/90000\r\na=control:track1\r\n"
)
# Admin of an ONVIF camera by kind; open ones ask for nobody.
PASSWORDS = {"onvif-default": "12345", "onvif-sound": "v9kQ2-m1Zt-88ab"}
# A name that is in nobody's list, so that it can only be known from the camera itself.
STREAM = "/porch-7f2/main?profile=main"
PUBLIC = ("GetSystemDateAndTime", "GetCapabilities")
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(600) + b"\xff\xd9"
ONVIF = "http://www.onvif.org/ver10"


class Camera:
    """One camera of one kind."""

    def __init__(self, kind: str, address: str, log: Path) -> None:
        self.kind, self.address, self.log = kind, address, log
        self.failures = 0
        self.port, self.stream_port = 8899, 554

    def note(self, line: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    async def rtsp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            number = re.search(r"CSeq: (\d+)", head)
            assert number is not None
            answer = self.rtsp_answer(head)
            first, _, rest = answer.partition("\r\n")
            writer.write(f"{first}\r\nCSeq: {number[1]}\r\n{rest}".encode())
            await writer.drain()

    def rtsp_answer(self, head: str) -> str:
        method = head.split()[0]
        if method == "OPTIONS":
            return "RTSP/1.0 200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n"
        if self.kind == "onvif-open" and STREAM not in head.partition("\r\n")[0]:
            return "RTSP/1.0 404 Not Found\r\n\r\n"
        if self.kind in ("any-route", "onvif-open"):
            kind = "Content-Type: application/sdp\r\n"
            return f"RTSP/1.0 200 OK\r\n{kind}Content-Length: {len(SDP)}\r\n\r\n{SDP}"
        if "Authorization:" in head:
            self.failures += 1
            self.note(f"login {self.failures}")
        if self.failures >= LOCK_AFTER:
            self.note("locked")
            return "RTSP/1.0 403 Forbidden\r\n\r\n"
        wish = 'WWW-Authenticate: Digest realm="cam", nonce="5f1c", algorithm=SHA-256\r\n'
        return f"RTSP/1.0 401 Unauthorized\r\n{wish}\r\n"

    async def web(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"Content-Length: (\d+)", head)
        body = (await reader.readexactly(int(length[1]))).decode() if length else ""
        path = head.split()[1]
        if path == "/snapshot.jpg":
            self.note("picture")
            status, kind, said = "200 OK", "image/jpeg", JPEG
        elif path.startswith("/onvif/") and body:
            status, said = self.soap(body)
            kind = "application/soap+xml; charset=utf-8"
        else:
            status, kind, said = "404 Not Found", "text/plain", b"nothing here"
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(said)}"]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + said)
        await writer.drain()

    def soap(self, body: str) -> tuple[str, bytes]:
        called = re.search(r"<(Get\w+) xmlns=", body)
        assert called is not None
        call = called[1]
        self.note(f"call {call}")
        if self.kind != "onvif-open" and call not in PUBLIC and not self.may(body):
            reason = "<s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode>"
            fault = f"<s:Fault><s:Code><s:Value>s:Sender</s:Value>{reason}</s:Code></s:Fault>"
            return "400 Bad Request", envelope(fault)
        return "200 OK", envelope(f"<{call}Response>{self.content(call)}</{call}Response>")

    def may(self, body: str) -> bool:
        """Whether the UsernameToken in it is right."""
        parts = [
            re.search(rf"<{tag}[^>]*>([^<]+)<", body) for tag in ("Password", "Nonce", "Created")
        ]
        if not all(parts):
            return False
        digest, nonce, created = (part[1] for part in parts if part)
        password = PASSWORDS[self.kind].encode()
        raw = hashlib.sha1(base64.b64decode(nonce) + created.encode() + password).digest()
        right = "<Username>admin<" in body and base64.b64encode(raw).decode() == digest
        self.note("login accepted" if right else "login refused")
        return right

    def content(self, call: str) -> str:
        base = f"http://{self.address}:{self.port}"
        clock = "<Time><Hour>10</Hour><Minute>2</Minute><Second>3</Second></Time>"
        day = "<Date><Year>2026</Year><Month>11</Month><Day>21</Day></Date>"
        return {
            "GetSystemDateAndTime": f"<SystemDateAndTime><UTCDateTime>{clock}{day}</UTCDateTime>"
            "</SystemDateAndTime>",
            "GetCapabilities": "<Capabilities><Media>"
            f"<XAddr>{base}/onvif/media_service</XAddr></Media></Capabilities>",
            "GetDeviceInformation": "<Manufacturer>Lab</Manufacturer><Model>Cam 1</Model>"
            "<FirmwareVersion>1.2.3</FirmwareVersion><SerialNumber>L0001</SerialNumber>",
            "GetUsers": "<User><Username>admin</Username></User>",
            "GetProfiles": '<Profiles token="main"/>',
            "GetStreamUri": f"<MediaUri><Uri>rtsp://{self.address}:{self.stream_port}{STREAM}</Uri>"
            "</MediaUri>",
            "GetSnapshotUri": f"<MediaUri><Uri>{base}/snapshot.jpg</Uri></MediaUri>",
        }[call]


def envelope(inside: str) -> bytes:
    return (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        f' xmlns:ter="{ONVIF}/error"><s:Body>{inside}</s:Body></s:Envelope>'
    ).encode()


class Announcer(asyncio.DatagramProtocol):
    """Answers WS-Discovery, to the group and to single askers."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = re.search(rb"MessageID>([^<]+)<", data)
        if b"Probe>" not in data or asked is None:
            return
        address = self.camera.address
        last = address.rpartition(".")[2]
        # Many words about itself make the open one a good reflector.
        more = 60 if self.camera.kind == "onvif-open" else 2
        scopes = " ".join(
            ["onvif://www.onvif.org/name/Porch", "onvif://www.onvif.org/hardware/Cam%201"]
            + [f"onvif://www.onvif.org/type/extra_{i}" for i in range(more)]
        )
        self.transport.sendto(
            envelope(
                "<ProbeMatches><ProbeMatch><EndpointReference>"
                f"<Address>urn:uuid:5f5a69c2-e0ae-504f-829b-00000000{last.zfill(4)}</Address>"
                "</EndpointReference><Types>dn:NetworkVideoTransmitter</Types>"
                f"<Scopes>{scopes}</Scopes>"
                f"<XAddrs>http://{address}:{self.camera.port}/onvif/device_service"
                " http://192.0.2.66/onvif/device_service</XAddrs>"
                "<MetadataVersion>1</MetadataVersion></ProbeMatch></ProbeMatches>"
            ),
            addr,
        )


def group_socket(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("", 3702))
    member = socket.inet_aton("239.255.255.250") + socket.inet_aton(address)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("8s", member))
    return sock


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def closing(talk: Talk) -> Talk:
    """The same, with the connection closed behind it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the caller has seen enough
        finally:
            writer.close()

    return serve


async def main() -> None:
    kind, address, log = sys.argv[1:]
    camera = Camera(kind, address, Path(log))
    talks = {8899: camera.web} if kind.startswith("onvif") else {554: camera.rtsp}
    if kind == "onvif-open":
        talks[554] = camera.rtsp

    if kind.startswith("onvif"):
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: Announcer(camera), sock=group_socket(address))
    servers = [
        await asyncio.start_server(closing(talk), "0.0.0.0", port) for port, talk in talks.items()
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
