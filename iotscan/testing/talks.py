"""Conversations to read: made of turns, or had with a real peer; and what a probe reads in them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, TypeVar

from iotscan.capture.reader import Reader
from iotscan.errors import Malformed, NetworkError
from iotscan.model import (
    Channel,
    Endpoint,
    Fact,
    Impact,
    Scope,
    Sender,
    Service,
    TlsFacts,
    Transcript,
    Transport,
    Turn,
)
from iotscan.net.gateway import Gateway
from iotscan.probe_api import Login, Probe
from iotscan.protocols.common.overheard import MISSING
from iotscan.settings import Limits

_T = TypeVar("_T")
# Two of the addresses that stand for examples (RFC 5737): who serves, and who asks.
DEVICE, PEER = ip_address("192.0.2.1"), ip_address("192.0.2.7")
LOOPBACK = Scope((ip_network("127.0.0.0/8"),))
# On loopback silence is known after little time, and no account can be locked.
QUICK = Limits(read_timeout=0.4, connect_timeout=1.0, conversation_timeout=20.0, login_pause=0.0)


def three_ways(feed: Callable[[Sequence[bytes]], _T], sample: bytes, tail: bytes = b"") -> list[_T]:
    """What a stream parser makes of a sample: whole, one byte at a time, and with a tail behind.

    ``feed`` takes the chunks and returns what was parsed; the three results must agree.
    """
    ways: list[Sequence[bytes]] = [[sample], [bytes([byte]) for byte in sample], [sample + tail]]
    return [feed(way) for way in ways]


def conversation(
    *said: tuple[Sender, bytes],
    port: int,
    transport: Transport = "tcp",
    client: int = 0,
    tls: TlsFacts | None = None,
) -> Transcript:
    """What was said to ``DEVICE`` at ``port``, on one connection.

    ``client``: the port of ``PEER``, whose conversation it is; 0: our own.
    """
    where = Endpoint(DEVICE, transport, port)
    whom = Endpoint(PEER, transport, client) if client else None
    turns = tuple(
        Turn(sender, float(index), data, frame=index + 1 if client else None)
        for index, (sender, data) in enumerate(said)
    )
    probe = "capture" if client else "probe"
    channel = Channel(where, tls=tls)
    return Transcript("c1", Service(where), probe, 0.0, turns, (channel,), client=whom)


def captured(
    said: Sequence[tuple[Sender, bytes]], port: int, transport: Transport = "tcp"
) -> Transcript:
    """Somebody else's conversation, as the reader of captures hands it to probes.

    ``PEER`` talks to ``DEVICE`` at ``port``; every turn is a frame of its own, from 1 on.
    """
    return conversation(*said, port=port, transport=transport, client=50_000)


def lacking(talk: Transcript, *behind: int) -> Transcript:
    """The same where a capture lacks bytes behind these turns."""
    turns = tuple(replace(turn, cut=number in behind) for number, turn in enumerate(talk.turns))
    return replace(talk, turns=turns, note=MISSING)


def conversations_in(path: Path) -> list[Transcript]:
    """All conversations in a capture file, as the reader of captures hands them to probes."""
    found: list[Transcript] = []
    Reader({}, found.append, lambda packet: None, lambda sighting: None).read(path)
    return found


async def converse(
    probe: Probe,
    service: Service,
    logins: Sequence[Login] = (),
    *,
    vault: Mapping[str, bytes] | None = None,
    impact: Impact = Impact.LOGIN,
    limits: Limits = QUICK,
) -> Transcript:
    """What the engine would record of a probe's conversation with a real peer on loopback.

    The probe talks through the gateway, under its guard. ``vault``: login id → password.
    """
    gateway = Gateway(LOOPBACK, limits, clock=time.monotonic, vault=vault or {})
    door = gateway.conversation(service, probe.name, id="c1", began=0.0, impact=impact)
    with gateway.watch():
        try:
            await probe.converse(service, door, logins)
        except (NetworkError, Malformed) as error:
            return door.transcript(error.ending, str(error))
    return door.transcript()


def on_loopback(
    port: int,
    name: str | None = None,
    transport: Transport = "tcp",
    *,
    tls: bool = False,
    hint: str = "",
) -> Service:
    """A service of this machine."""
    return Service(Endpoint(ip_address("127.0.0.1"), transport, port), name, tls, hint)


def told_by(probe: Probe, talk: Transcript) -> list[tuple[str, dict[str, Fact]]]:
    """What a probe reads in a conversation: each observation's kind and facts."""
    return [(seen.kind, dict(seen.facts)) for seen in probe.read(talk)]


def facts_of(probe: Probe, talk: Transcript, kind: str) -> list[dict[str, Any]]:
    """The facts of all observations of one kind; of any type, since the test says what they are."""
    return [facts for name, facts in told_by(probe, talk) if name == kind]


def only_facts(probe: Probe, talk: Transcript, kind: str) -> dict[str, Any]:
    """The facts of the one observation of a kind. AssertionError where there is none or another."""
    found = facts_of(probe, talk, kind)
    assert len(found) == 1, f"{len(found)} observations of {kind}"
    return found[0]
