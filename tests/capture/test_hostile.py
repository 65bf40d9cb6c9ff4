"""Captures that mean harm: read in a process whose memory and time are limited, with an honest end.

The limits are the operating system's: whoever goes beyond them is ended or gets no more memory.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard

from iotscan.capture.making import ACK, PUSH, SYN, Connection, ip_frame, udp_frame
from iotscan.model import Address, Endpoint, Transport

# Of address space, of which Python and its libraries take a third; seconds of processor time.
MEMORY, SECONDS = 900 << 20, 60
HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
SECTION = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
SERVER, CLIENT = ip_address("192.168.1.9"), ip_address("192.168.1.5")


def record(number: int, frame: bytes) -> bytes:
    return struct.pack("<IIII", number // 1000, number % 1000, len(frame), len(frame)) + frame


def pcap(frames: Iterator[bytes]) -> bytes:
    return HEAD + b"".join(record(number, frame) for number, frame in enumerate(frames))


def address(number: int) -> Address:
    return ip_address((10 << 24) + number)


def place(host: Address, port: int, transport: Transport = "tcp") -> Endpoint:
    return Endpoint(host, transport, port)


def conversation(port: int, *said: tuple[bool, bytes]) -> Iterator[bytes]:
    talk = Connection(place(CLIENT, 50_000), place(SERVER, port))
    yield from talk.opened()
    for from_client, data in said:
        yield from talk.said(from_client, data)
    yield from talk.closed()


def flows() -> Iterator[bytes]:
    """Connections that begin, say a word and never end."""
    for number in range(17_000):
        talk = Connection(place(address(number), 1024 + number % 60_000), place(SERVER, 80))
        yield talk.segment(True, SYN)
        yield talk.segment(False, SYN | ACK)
        yield talk.segment(True, PUSH | ACK, b"GET / HTTP/1.1\r\n")


def knocks() -> Iterator[bytes]:
    """One opening each, from everybody to everybody."""
    for number in range(50_000):
        talk = Connection(
            place(address(number), 4000), place(address(number * 7 + 1), number % 9000)
        )
        yield talk.segment(True, SYN)


def datagrams() -> Iterator[bytes]:
    for number in range(17_000):
        yield udp_frame(place(address(number), 5000, "udp"), place(SERVER, 53, "udp"), b"\0" * 40)


def fragments() -> Iterator[bytes]:
    """First and last of many packets, a hole between, and thousands that overlap in one."""
    for number in range(20_000):
        whole = ip_frame(CLIENT, SERVER, 17, bytes(1400))
        for at, more in ((0, True), (4000, False)):
            yield fragment(whole, number, at, more)
    for number in range(30_000):
        yield fragment(whole, 1, 8 * (number % 8000), more=number % 8000 != 7999)


def fragment(whole: bytes, number: int, at: int, more: bool) -> bytes:
    placing = (0x2000 if more else 0) | at // 8
    return whole[:18] + struct.pack("!HH", number % 65_536, placing) + whole[22:]


def overlaps() -> Iterator[bytes]:
    """Segments out of order that claim the same bytes again and again, with other contents."""
    dice, talk = Random(1), Connection(place(CLIENT, 50_000), place(SERVER, 23))
    yield from talk.opened()
    base = talk.segment(True, PUSH | ACK, bytes(1400))
    for _ in range(20_000):
        sequence = struct.pack("!I", 1001 + dice.randrange(100_000))
        yield base[:38] + sequence + base[42:-1400] + dice.randbytes(20) * 70


def stations() -> Iterator[bytes]:
    """Ten thousand senders that introduce themselves."""
    for number in range(10_000):
        name = b"\x08" + b"%08x" % number + b"\x05local\0"
        said = (
            b"\0\0\x84\0\0\0\0\1\0\0\0\0"
            + name
            + b"\0\1\x80\1\0\0\0\x78\0\4"
            + address(number).packed
        )
        frame = udp_frame(
            place(address(number), 5353, "udp"), place(ip_address("224.0.0.251"), 5353, "udp"), said
        )
        yield frame[:6] + b"\x24" + number.to_bytes(5, "big") + frame[12:]


def nested() -> Iterator[bytes]:
    """Everything that can hold itself, very deep."""
    deep = b"[" * 60_000
    topic = b"\0\1a"
    length = len(topic) + len(deep)
    varint = bytes([length & 127 | 128, length >> 7 & 127 | 128, length >> 14])
    publish = b"\x30" + varint + topic + deep
    yield from conversation(
        1883, (True, b"\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a"), (False, b"\x20\2\0\0"), (False, publish)
    )
    for body in (b"<a>" * 20_000, b'{"a":' * 10_000, deep):
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(
            body
        )
        yield from conversation(
            80, (True, b"GET /d.xml HTTP/1.1\r\nHost: a\r\n\r\n"), (False, head + body)
        )
    element = b""
    for _ in range(8_000):
        size = len(element)
        element = (
            b"\x30" + (bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")) + element
        )
    yield from conversation(389, (True, element), (False, element))
    yield udp_frame(place(CLIENT, 5000, "udp"), place(SERVER, 161, "udp"), element[-1400:])
    tags = b"\x81\0\0\1" * 300
    frame = next(conversation(80))
    yield frame[:12] + tags + frame[12:]
    extensions = b"\x3c\0\0\0\0\0\0\0" * 150
    yield ip_frame(ip_address("fe80::1"), ip_address("fe80::2"), 60, extensions)


def bomb() -> bytes:
    """A file header and 256 MB of nothing."""
    return HEAD + bytes(1 << 20) * 256


HARM: dict[str, Callable[[], bytes]] = {
    "flows": lambda: pcap(flows()),
    "knocks": lambda: pcap(knocks()),
    "datagrams": lambda: pcap(datagrams()),
    "fragments": lambda: pcap(fragments()),
    "overlaps": lambda: pcap(overlaps()),
    "stations": lambda: pcap(stations()),
    "nested": lambda: pcap(nested()),
    "record of 4 GB": lambda: pcap(flows_of_one()) + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0),
    "block of 4 GB": lambda: SECTION + struct.pack("<IIII", 6, 0xFFFFFFFC, 0, 0),
    "gzip bomb": lambda: gzip.compress(bomb(), 6),
    "zstd bomb": lambda: zstandard.ZstdCompressor().compress(bomb()),
}
# Where reading must stop, and what the report must say of it.
STOPPED = {
    "record of 4 GB": "a record claims 4294967295 bytes",
    "block of 4 GB": "a block claims 4294967292 bytes",
    "gzip bomb": "the file unpacks to more than 250 times its size",
    "zstd bomb": "the file unpacks to more than 250 times its size",
}
# What cannot be kept in bounded memory must be told.
TOLD = {
    "datagrams": "frames came from more stations than the 4096 that are kept",
    "flows": "conversations were cut because too many went on at the same time",
    "fragments": "packets in fragments were never complete",
    "knocks": "frames came from more stations than the 4096 that are kept",
    "stations": "signs of devices were left out",
}


def flows_of_one() -> Iterator[bytes]:
    yield from conversation(80, (True, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))


def replay(path: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """``iotscan replay`` within the limits."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    return subprocess.run(
        [
            sys.executable,
            "-m",
            "iotscan",
            "replay",
            str(path),
            "--quiet",
            "--output",
            f"json:{out}",
        ],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


@pytest.mark.parametrize("name", HARM)
def test_harm_costs_little_and_is_told(name: str, tmp_path: Path) -> None:
    path, out = tmp_path / "harm.pcap", tmp_path / "report.json"
    path.write_bytes(HARM[name]())
    done = replay(path, out)
    assert done.returncode in (0, 1, 3), done.stderr[-500:]
    report: dict[str, Any] = json.loads(out.read_bytes())
    (given,) = report["inputs"]
    assert STOPPED.get(name, "") in given["stopped"]
    assert bool(given["stopped"]) is (name in STOPPED)
    reasons = [gap["reason"] for gap in report["gaps"]]
    assert [one for one in reasons if TOLD.get(name, "") in one] or name not in TOLD
    assert not [gap for gap in report["gaps"] if gap["ending"] == "bug"]
    assert report["complete"] is (name not in STOPPED and name not in TOLD)
