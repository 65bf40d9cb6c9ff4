"""A recording as a capture, for tools that read those: what was said in clear, in frames made anew.

What a recording does not hold is made up and says so by its values: the scanner's addresses are
those set aside for documentation (RFC 5737, RFC 3849), its ports count up, MACs that nobody
told are locally administered. Connections inside TLS are left out: their plain text was never on
the wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import BinaryIO

from iotscan.capture.making import ACK, RST, SYN, Connection, ip_frame, mac_of, udp_frame
from iotscan.capture.writer import Writer
from iotscan.model import (
    Address,
    Channel,
    Ending,
    Endpoint,
    Packet,
    Recording,
    Transcript,
    Turn,
)

SCANNER: Mapping[int, Address] = {4: ip_address("192.0.2.1"), 6: ip_address("2001:db8::1")}
_EVERYBODY: Mapping[int, Address] = {4: ip_address("255.255.255.255"), 6: ip_address("ff02::1")}
_ETHERNET = 1
_FIRST_PORT = 49_152
_PORTS = 16_384
# Frames of one turn follow each other so fast, in seconds.
_STEP = 0.000_001

# (layer, number) of an announcement protocol, as discoverers hear it
Layer = tuple[str, int]
Timed = tuple[float, bytes]


@dataclass
class Left:
    """How much of a recording is not in the capture, and why."""

    encrypted: int = 0
    unframed: int = 0
    frames: int = 0
    _ports: int = field(default=0, repr=False)

    def port(self) -> int:
        """The scanner's next port."""
        self._ports += 1
        return _FIRST_PORT + self._ports % _PORTS


def write(
    recording: Recording,
    out: BinaryIO,
    layers: Mapping[str, Layer],
    macs: Mapping[Address, str],
) -> Left:
    """Write the capture. ``layers``: announcement protocol → where it is heard; ``macs``: address →
    MAC, as far as anybody told.
    """
    left = Left()
    began = datetime.fromisoformat(recording.header.started).timestamp()
    frames: list[Timed] = []
    for packet in recording.packets:
        frame = _announcement(packet, layers.get(packet.protocol))
        left.unframed += frame is None
        frames += [] if frame is None else [(packet.at, frame)]
    for talk in recording.transcripts:
        frames += _conversation(talk, left)
    known = {mac_of(address): bytes.fromhex(mac.replace(":", "")) for address, mac in macs.items()}
    writer = Writer(out)
    for at, frame in sorted(frames, key=lambda timed: timed[0]):
        writer.packet(began + at, _ETHERNET, _addressed(frame, known))
    left.frames = len(frames)
    return left


def _addressed(frame: bytes, known: Mapping[bytes, bytes]) -> bytes:
    """With the MACs that were told in place of made-up ones."""
    destination, source = frame[:6], frame[6:12]
    return known.get(destination, destination) + known.get(source, source) + frame[12:]


def _announcement(packet: Packet, layer: Layer | None) -> bytes | None:
    if layer is None:
        return None
    name, number = layer
    if name == "ether":
        mac = packet.mac or ""
        source = bytes.fromhex(mac.replace(":", "")) if mac else bytes(6)
        return b"\xff" * 6 + source + number.to_bytes(2, "big") + packet.data
    if packet.source is None:
        return None
    everybody = _EVERYBODY[packet.source.version]
    if name == "ip":
        return ip_frame(packet.source, everybody, number, packet.data)
    here = Endpoint(packet.source, "udp", number)
    return udp_frame(here, Endpoint(everybody, "udp", number), packet.data)


def _conversation(talk: Transcript, left: Left) -> Iterator[Timed]:
    for index, channel in enumerate(talk.channels):
        turns = [turn for _, turn in talk.turns_of(index)]
        if channel.tls is not None:
            left.encrypted += 1
            continue
        server = channel.endpoint
        client = Endpoint(SCANNER[server.address.version], server.transport, left.port())
        if server.transport == "udp":
            for turn in turns:
                ends = (client, server) if turn.sender == "client" else (server, client)
                yield talk.began + turn.at, udp_frame(*ends, turn.data)
        else:
            yield from _connection(talk.began, channel, Connection(client, server), turns)


def _connection(
    began: float, channel: Channel, connection: Connection, turns: list[Turn]
) -> Iterator[Timed]:
    """Frames in order, each a moment after the one before."""
    at = began + channel.opened
    if not turns and channel.ending in (Ending.REFUSED, Ending.TIMEOUT):
        yield at, connection.segment(True, SYN)
        if channel.ending is Ending.REFUSED:
            yield at + _STEP, connection.segment(False, RST | ACK)
        return
    for frame in connection.opened():
        yield at, frame
        at += _STEP
    for turn in turns:
        at = max(at, began + turn.at)
        for frame in connection.said(turn.sender == "client", turn.data):
            yield at, frame
            at += _STEP
    for frame in connection.closed():
        yield at, frame
        at += _STEP
