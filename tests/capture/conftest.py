"""Captures made in memory, and what a reader hears in them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from iotscan.capture.reader import CaptureFacts, Reader
from iotscan.model import Address, Endpoint, Packet, Sighting, Transcript

START = 1_700_000_000


def pcap(
    frames: Iterable[bytes],
    link: int = 1,
    order: str = "<",
    nano: bool = False,
    step: float = 0.001,
) -> bytes:
    """A pcap file of frames a millisecond apart."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    unit = 1_000_000_000 if nano else 1_000_000
    for number, frame in enumerate(frames):
        ticks = round(number * step * unit)
        head = (START + ticks // unit, ticks % unit, len(frame), len(frame))
        out.append(struct.pack(order + "IIII", *head) + frame)
    return b"".join(out)


@dataclass
class Heard:
    """What a reader handed out, and how the reading went."""

    talks: list[Transcript] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    answers: list[tuple[Endpoint, Address, float, int]] = field(default_factory=list)
    facts: CaptureFacts = field(default_factory=lambda: CaptureFacts(""))
    reader: Reader | None = None


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Heard]:
    """``read(file_bytes, readable=…)``: what a reader hears in a file of these bytes.

    ``readable(talk)``: what the reader is told of each conversation.
    """

    def run(
        data: bytes,
        readable: Callable[[Transcript], bool] = lambda _: True,
        usual: frozenset[int] = frozenset(),
    ) -> Heard:
        path = tmp_path / "x.pcap"
        path.write_bytes(data)
        heard = Heard()

        def talk(talk: Transcript) -> bool:
            heard.talks.append(talk)
            return readable(talk)

        hears = {("ether", 0x0806): "arp", ("udp", 5353): "mdns", ("udp", 1900): "ssdp"}
        heard.reader = Reader(
            hears | {("ip", 58): "ndp"},
            talk,
            heard.packets.append,
            heard.sightings.append,
            lambda *answer: heard.answers.append(answer),
            usual,
        )
        heard.facts = heard.reader.read(path)
        return heard

    return run


@pytest.fixture(name="pcap")
def pcap_fixture() -> Callable[..., bytes]:
    return pcap
