"""Every probe, found by itself, against every hostile peer, through the real gateway.

Whatever a peer does, a conversation ends in bounded time with bounded memory, its ending tells the
truth, the fence catches no bug, and reading it yields only the words the probe declares.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iotscan.errors import Malformed, NetworkError
from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Impact,
    Kind,
    Observation,
    Scope,
    Service,
    Transcript,
    Turn,
)
from iotscan.net.gateway import Gateway
from iotscan.plugins import kinds, probes
from iotscan.probe_api import Login, Probe
from iotscan.settings import Limits
from iotscan.testing import HOSTILE, NOISE, serve

LOCALHOST = ip_address("127.0.0.1")
# Short, so that the whole matrix takes seconds; the proportions are those of the defaults.
LIMITS = Limits(
    connect_timeout=0.3,
    read_timeout=0.15,
    conversation_timeout=1.5,
    conversation_bytes=65_536,
    login_pause=0.0,
)
LOGINS = (Login("pair-1", "root", "system"), Login("control-1", "zq8", "system", control=True))
VAULT = {"pair-1": b"Sesame-Opens-7", "control-1": b"Nobody-Set-This-9"}
PROBES = probes()


def check_words(found: Iterator[Observation], probe: Probe) -> list[Observation]:
    """Observations use the declared kinds and facts with the declared types."""
    declared = {kind.name: kind for kind in probe.emits}
    observations = list(found)
    for seen in observations:
        assert seen.kind in declared, f"{probe.name} emits {seen.kind} without declaring it"
        facts = declared[seen.kind].facts
        for word, value in seen.facts.items():
            assert word in facts, f"{seen.kind} uses {word} without declaring it"
            wanted = facts[word]
            fits = isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
            assert fits, f"{seen.kind}.{word} is {value!r}, declared as {wanted.__name__}"
    return observations


async def converse(probe: Probe, service: Service) -> Transcript:
    """What the engine's fence does, except that a bug is not caught."""
    scope = Scope((ip_network("127.0.0.0/8"),), impact=Impact.LOGIN)
    gateway = Gateway(scope, LIMITS, clock=time.monotonic, vault=VAULT)
    door = gateway.conversation(service, probe.name, id="c1", began=0.0)
    try:
        async with asyncio.timeout(LIMITS.conversation_timeout):
            await probe.converse(service, door, LOGINS)
    except (NetworkError, Malformed) as error:
        return door.transcript(error.ending, str(error))
    except TimeoutError:
        return door.transcript(Ending.TIMEOUT, "conversation")
    return door.transcript()


def services(probe: Probe, port: int) -> Iterator[Service]:
    """Services at the port that the probe would talk to: of its own name, or of those it joins."""
    endpoint = Endpoint(LOCALHOST, "tcp", port)
    for name in dict.fromkeys((probe.name, *(other.name for other in PROBES))):
        for tls in (False, True):
            service = Service(endpoint, name, tls=tls)
            if probe.handles(service):
                yield service


async def hear_all(probe: Probe) -> list[tuple[str, Transcript]]:
    """Every peer at once, plain and inside TLS: nearly all of the time is waiting."""

    async def meet(peer: str) -> list[tuple[str, Transcript]]:
        async with serve(HOSTILE[peer]) as port:
            wanted = list(services(probe, port))
            talks = await asyncio.gather(*(converse(probe, service) for service in wanted))
        return [(peer, talk) for talk in talks]

    return [talk for talks in await asyncio.gather(*map(meet, HOSTILE)) for talk in talks]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
async def test_hostile_peers_end_a_conversation_truthfully_and_learn_no_password(
    probe: Probe,
) -> None:
    for peer, talk in await hear_all(probe):
        assert talk.ending is not Ending.BUG, peer
        heard = sum(len(turn.data) for turn in talk.turns)
        assert heard <= 2 * LIMITS.conversation_bytes, peer
        assert len(talk.turns) < 5_000, peer
        facts = check_words(probe.read(talk), probe)
        claims = [seen for seen in facts if seen.facts.get("accepted") is True]
        assert claims == [], f"a {peer} peer accepted nothing"
        for secret in VAULT.values():
            assert secret not in talk.said_by("client") + talk.said_by("server"), peer


def test_every_probe_declares_what_it_needs() -> None:
    for probe in PROBES:
        assert probe.name == probe.name.lower()
        assert probe.emits, f"{probe.name} emits nothing"
        for opening in probe.openings:
            assert opening.ports or opening.anywhere, f"{probe.name}: {opening.name} is never said"
            assert set(opening.tls) <= set(opening.ports)
    assert all(isinstance(kind, Kind) and kind.doc for kind in kinds().values())


def test_a_greeting_is_recognised_by_at_most_one_probe() -> None:
    greetings = [
        b"SSH-2.0-dropbear_2022.83\r\n",
        b"220 mail ESMTP\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff\xfd\x18\xff\xfd\x20\r\nlogin: ",
        b"\x20\x02\x00\x05",
        b"RFB 003.008\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        NOISE,
        b"",
    ]
    for greeting in greetings:
        names = [probe.name for probe in PROBES if probe.recognises(greeting)]
        assert len(names) <= 1, f"{greeting!r} is taken by {names}"


ENDPOINTS = st.builds(
    Endpoint, st.just(LOCALHOST), st.sampled_from(["tcp", "udp"]), st.integers(1, 65_535)
)
TURNS = st.lists(
    st.builds(
        Turn,
        st.sampled_from(["client", "server"]),
        st.just(0.0),
        st.binary(max_size=60)
        | st.sampled_from([b"HTTP/1.1 200 OK\r\n\r\n", b"\x20\x02\x00\x00", b"login: ", NOISE]),
        st.integers(0, 2),
        st.sampled_from([None, "pair-1"]),
    ),
    max_size=8,
)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(endpoint=ENDPOINTS, turns=TURNS)
def test_reading_never_raises_and_keeps_to_its_words(
    probe: Probe, endpoint: Endpoint, turns: list[Turn]
) -> None:
    channels = tuple(Channel(endpoint) for _ in range(3))
    talk = Transcript("c1", Service(endpoint, probe.name), probe.name, 0.0, tuple(turns), channels)
    check_words(probe.read(talk), probe)
    check_words(probe.read(replace(talk, channels=(), ending=Ending.BUG)), probe)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
@settings(max_examples=40, deadline=None)
@given(heard=st.binary(max_size=200))
def test_recognising_never_raises(probe: Probe, heard: bytes) -> None:
    assert probe.recognises(heard) in (True, False)
