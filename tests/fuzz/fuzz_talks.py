"""Conversations as bytes and back, so that one mutation serves them all.

A head of two bytes (transport, whether it was overheard, which port), then turns: a byte with who
speaks on which channel, two for the length, and what is said. Any bytes are some conversation.
"""

from __future__ import annotations

from ipaddress import ip_address

from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Sender,
    Service,
    TlsFacts,
    Transcript,
    Transport,
    Turn,
)
from iotscan.probe_api import Probe

_UDP, _OWN, _MIDDLE, _TLS, _SECURE = 1, 2, 4, 8, 16
_SERVER, _CHANNELS, _LOGIN = 1, 0x06, 0x08
_MOST_TURNS = 300


def packed(talk: Transcript) -> bytes:
    """A conversation; what has no place in these bytes is left out."""
    head = _UDP if talk.service.endpoint.transport == "udp" else 0
    head |= _OWN if talk.client is None else 0
    head |= _MIDDLE if talk.note else 0
    out = [bytes([head, talk.service.endpoint.port % 251])]
    for turn in talk.turns[:_MOST_TURNS]:
        said = turn.data[:0xFFFF]
        flags = (_SERVER if turn.sender == "server" else 0) | (turn.channel & 3) << 1
        out.append(bytes([flags]) + len(said).to_bytes(2, "big") + said)
    return b"".join(out)


def unpacked(data: bytes, probe: Probe) -> Transcript:
    """The conversation, for a probe to read: its own ports come up more often than others."""
    head, number = (*data[:2], 0, 0)[:2]
    transport: Transport = "udp" if head & _UDP else "tcp"
    usual = [port for opening in probe.openings for port in opening.ports] or [number]
    port = usual[number % len(usual)] if number % 4 else number + 1
    endpoint = Endpoint(ip_address("192.0.2.1"), transport, port)
    asker = Endpoint(ip_address("192.0.2.9"), transport, 50_000 if number % 3 else port)
    turns, tried = _turns(data[2:], own=bool(head & _OWN))
    tls = TlsFacts("TLSv1.2", "X", (data[2:200],)) if head & _TLS else None
    channels = tuple(
        Channel(endpoint, 0.0, tuple(Ending)[number % 4], tls, login=tried.get(channel))
        for channel in range(4)
    )
    return Transcript(
        "c1",
        Service(endpoint, probe.name if number % 2 else None, tls=bool(head & _SECURE)),
        probe.name if head & _OWN else "capture",
        0.0,
        turns,
        channels,
        tuple(Ending)[number % len(Ending)] if head & _OWN else Ending.COMPLETE,
        "starts mid-stream" if head & _MIDDLE else "",
        None if head & _OWN else asker,
    )


def _turns(data: bytes, *, own: bool) -> tuple[tuple[Turn, ...], dict[int, str]]:
    """The turns, and which channels were opened for a login."""
    turns: list[Turn] = []
    tried: dict[int, str] = {}
    at = 0
    while at < len(data) and len(turns) < _MOST_TURNS:
        flags, size = data[at], int.from_bytes(data[at + 1 : at + 3], "big")
        said, channel = data[at + 3 : at + 3 + size], (flags & _CHANNELS) >> 1 if own else 0
        sender: Sender = "server" if flags & _SERVER else "client"
        login = "control" if flags & _LOGIN and own else None
        if login:
            tried[channel] = login
        frame = None if own else len(turns) + 1
        turns.append(Turn(sender, len(turns) / 10, said, channel, login, frame))
        at += 3 + size
    return tuple(turns), tried
