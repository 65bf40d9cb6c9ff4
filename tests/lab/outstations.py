"""Controllers for which no package exists: they answer what a real one answers, and log the rest.

Usage: outstations.py KIND ADDRESS LOG. Whatever is asked of them that they do not know is written
to LOG, so that a test can see that nothing else was asked.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

Answer = Callable[[bytes], bytes]


def _crc(block: bytes) -> bytes:
    """IEEE 1815, clause 9.2.9, one bit at a time."""
    value = 0
    for byte in block:
        for bit in range(8):
            value = value >> 1 ^ (0xA6BC if (value ^ byte >> bit) & 1 else 0)
    return (value ^ 0xFFFF).to_bytes(2, "little")


def dnp3(asked: bytes) -> bytes:
    """Outstation 10: tells the state of its link."""
    answers = b""
    for start in range(0, len(asked) - 9, 10):
        frame = asked[start : start + 10]
        wanted = frame[4] | frame[5] << 8
        if frame[:4] == b"\x05\x64\x05\xc9" and wanted == 10 and _crc(frame[:8]) == frame[8:]:
            head = b"\x05\x64\x05\x0b" + frame[6:8] + frame[4:6]
            answers += head + _crc(head)
    return answers


def _controller_data(frame: bytes) -> bytes:
    """The response of a CJ2M to the controller data read; empty for any other command."""
    if frame[10:12] != b"\x05\x01":
        return b""
    head = bytes([0xC0, 0, 2, frame[6], frame[7], frame[8], frame[3], frame[4], frame[5], frame[9]])
    model, version = b"CJ2M-CPU33".ljust(20), b"02.01".ljust(20, b"\0")
    return head + b"\x05\x01\0\0" + model + version + bytes(52)


def fins(asked: bytes) -> bytes:
    """A controller that answers FINS over UDP and TCP."""
    if not asked.startswith(b"FINS"):
        return _controller_data(asked)
    command, body = asked[8:12], asked[16:]
    if command == b"\0\0\0\0":
        body = b"\0\0\0\xef\0\0\0\x01"
    elif command == b"\0\0\0\x02":
        body = _controller_data(body)
    answer = (int.from_bytes(command, "big") or 1).to_bytes(4, "big") + bytes(4) + body
    return b"FINS" + len(answer).to_bytes(4, "big") + answer


def knx_secure(asked: bytes) -> bytes:
    """A KNX IP interface that secures tunnelling and says so when it is asked."""
    device = bytes([54, 1, 2, 0, 0x11, 0x05, 0, 0]) + bytes(6) + b"\xe0\0\x17\x0c"
    device += b"\0\x21\x68\x00\x01\x12" + b"Secure Interface".ljust(30, b"\0")
    families, secured = bytes([10, 2, 2, 2, 3, 2, 4, 2, 9, 1]), bytes([6, 6, 3, 1, 4, 1])
    kind = int.from_bytes(asked[2:4], "big")
    endpoint = b"\x08\x01" + bytes(6)
    answers = {0x0203: device + families, 0x020B: endpoint + device + families + secured}
    if kind not in answers:
        return b""
    body = answers[kind]
    return b"\x06\x10" + (kind + 1).to_bytes(2, "big") + (6 + len(body)).to_bytes(2, "big") + body


KINDS: Mapping[str, tuple[Answer, int, tuple[str, ...]]] = {
    "dnp3": (dnp3, 20000, ("tcp",)),
    "fins": (fins, 9600, ("tcp", "udp")),
    "knx_secure": (knx_secure, 3671, ("udp",)),
}


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if said := self.answer(data):
            self.transport.sendto(said, address)


async def serve(kind: str, address: str, log: Path) -> None:
    """Answer for ever."""
    known, port, transports = KINDS[kind]

    def answer(asked: bytes) -> bytes:
        said = known(asked)
        if not said:
            with log.open("a", encoding="utf-8") as file:
                file.write(f"unknown {asked.hex()}\n")
        return said

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while asked := await reader.read(4096):
                writer.write(answer(asked))
        except ConnectionError:
            pass  # the client went away
        writer.close()

    loop = asyncio.get_running_loop()
    if "udp" in transports:
        await loop.create_datagram_endpoint(lambda: _Datagrams(answer), (address, port))
    if "tcp" in transports:
        await asyncio.start_server(connected, address, port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
