"""What an open port speaks is found by what it says, in few attempts, and without guessing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address, ip_network

import pytest

from iotscan.engine.recognise import (
    MOST_ATTEMPTS,
    Recognised,
    candidates,
    recognise_tcp,
    recognise_udp,
)
from iotscan.errors import Refused, TimedOut
from iotscan.model import RECOGNITION, Endpoint, Scope, Service
from iotscan.net.conversation import Conversation
from iotscan.net.gateway import Gateway
from iotscan.plugins import probes
from iotscan.settings import Limits
from iotscan.testing import NOISE, Handler, Reply, serve, serve_udp

ADDRESS = ip_address("127.31.0.6")
LIMITS = Limits(connect_timeout=0.5, read_timeout=0.25)
CONNACK = b"\x20\x02\x00\x05"


def door(service: Service) -> Conversation:
    scope = Scope((ip_network("127.0.0.0/8"),))
    gateway = Gateway(scope, LIMITS, clock=time.monotonic)
    return gateway.conversation(service, RECOGNITION, id="c1", began=0.0)


async def recognise(handler: Handler, port: int = 0) -> tuple[Recognised, Conversation]:
    async with serve(handler, str(ADDRESS), port) as bound:
        service = Service(Endpoint(ADDRESS, "tcp", bound))
        net = door(service)
        return await recognise_tcp(service, net, probes()), net


def answers(to: Callable[[bytes], bytes | None]) -> Handler:
    """A server that says nothing first, and hangs up on what it does not know."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = to(await reader.read(4096))
        if said is not None:
            writer.write(said)
            await writer.drain()
            await reader.read(-1)

    return talk


def greets(*pieces: bytes) -> Handler:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)
        await reader.read(-1)

    return talk


async def test_a_silent_broker_on_an_odd_port_shows_itself_by_its_answer() -> None:
    broker = answers(lambda said: CONNACK if said.startswith(b"\x10") else None)
    found, _ = await recognise(broker)
    assert (found.service.name, found.service.tls) == ("mqtt", False)


async def test_web_pages_on_an_odd_port_are_recognised() -> None:
    found, _ = await recognise(
        answers(lambda said: b"HTTP/1.0 200 OK\r\n\r\nhi" if said.startswith(b"GET") else None)
    )
    assert found.service.name == "http"


async def test_a_greeting_in_pieces_is_put_together() -> None:
    found, _ = await recognise(greets(b"\r\nWelcome\r\n", b"\r\nrouter login: "))
    assert found.service.name == "telnet"
    assert found.greeting.endswith(b"login: ")


async def test_an_answer_of_no_known_protocol_names_nothing_and_ends_the_attempts() -> None:
    found, net = await recognise(answers(lambda said: NOISE[:40]))
    assert found.service.name is None
    assert len(net.transcript().channels) < MOST_ATTEMPTS


async def test_a_port_that_only_listens_costs_a_bounded_number_of_connections() -> None:
    found, net = await recognise(answers(lambda said: None))
    assert found.service.name is None
    assert len(net.transcript().channels) <= MOST_ATTEMPTS


async def test_a_tls_alert_tells_of_tls_that_we_cannot_speak() -> None:
    alert = b"\x15\x03\x00\x00\x02\x02\x28"
    found, _ = await recognise(answers(lambda said: alert))
    assert (found.service.name, found.service.tls) == (None, True)


async def test_a_port_that_refuses_is_no_service() -> None:
    async with serve(greets(b""), str(ADDRESS)) as port:
        pass
    service = Service(Endpoint(ADDRESS, "tcp", port))
    with pytest.raises(Refused):
        await recognise_tcp(service, door(service), probes())


@asynccontextmanager
async def udp_device(
    answer: Callable[[bytes, int], bytes | None], port: int = 0
) -> AsyncIterator[tuple[Service, list[bytes]]]:
    """A service, and what it has heard; ``answer`` is told how much that was."""
    heard: list[bytes] = []

    def hear(data: bytes, reply: Reply) -> None:
        heard.append(data)
        said = answer(data, len(heard))
        if said is not None:
            reply(said)

    async with serve_udp(hear, str(ADDRESS), port) as taken:
        yield Service(Endpoint(ADDRESS, "udp", taken)), heard


def ssdp_answer(data: bytes, count: int) -> bytes | None:
    """Only the second datagram is answered: the first was lost on the air."""
    if count == 1:
        return None
    return b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\n\r\n"


async def test_a_lost_datagram_is_sent_once_more() -> None:
    probe, opening, _ = next(c for c in candidates(probes(), []) if c[2] == 1900)
    async with udp_device(ssdp_answer) as (service, heard):
        found = await recognise_udp(service, door(service), probe, opening)
    assert found is not None
    assert (found.service.name, len(heard)) == (probe.name, 2)


async def test_an_answer_of_another_protocol_is_not_taken_for_this_one() -> None:
    probe, opening, _ = next(c for c in candidates(probes(), []) if c[2] == 1900)
    async with udp_device(lambda data, count: NOISE) as (service, _):
        assert await recognise_udp(service, door(service), probe, opening) is None


async def test_silence_on_udp_is_said_as_silence() -> None:
    probe, opening, _ = next(c for c in candidates(probes(), []) if c[2] == 1900)
    async with udp_device(lambda data, count: None) as (service, heard):
        with pytest.raises(TimedOut):
            await recognise_udp(service, door(service), probe, opening)
    assert len(heard) == 2


def test_announced_ports_are_asked_by_the_probe_they_are_announced_for_only() -> None:
    lead = Service(Endpoint(ADDRESS, "udp", 61_616), "coap")
    extra = [
        (probe.name, port) for probe, _, port in candidates(probes(), [lead]) if port == 61_616
    ]
    assert extra == [("coap", 61_616)]


def test_what_only_announced_services_are_asked_is_asked_nobody_else() -> None:
    lead = Service(Endpoint(ADDRESS, "udp", 56_700), "lifx")
    assert not [probe for probe, opening, _ in candidates(probes(), []) if opening.announced]
    asked = [(probe.name, port) for probe, o, port in candidates(probes(), [lead]) if o.announced]
    assert asked == [("lifx", 56_700)]


def guarded(handler: Callable[[bytes], None]) -> Handler:
    """A server on a port with a rule that keeps what it hears and never answers."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler(await reader.read(4096))

    return talk


async def test_a_guarded_port_hears_its_own_protocol_and_no_client_hello() -> None:
    heard: list[bytes] = []
    found, _ = await recognise(guarded(heard.append), port=2404)
    assert found.service.name is None
    assert heard == [b"\x68\x04\x43\0\0\0"]


async def test_a_guarded_udp_port_is_asked_by_its_own_protocol() -> None:
    knx = next(probe for probe in probes() if probe.name == "knxnetip")
    async with udp_device(lambda data, count: None, 3671) as (service, heard):
        with pytest.raises(TimedOut):
            await recognise_udp(service, door(service), knx, knx.openings[0])
    assert heard == [knx.openings[0].says] * 2


async def test_what_a_ports_rule_forbids_to_say_leaves_the_server_its_moment_to_greet() -> None:
    """Port 9999 may print what it hears: no web page is asked for there, and that is no fault."""
    heard: list[bytes] = []
    found, _ = await recognise(guarded(heard.append), port=9999)
    assert found.service.name is None
    assert b"".join(heard) == b""
    greeting = greets(b"SSH-2.0-dropbear_2022.83\r\n")
    found, _ = await recognise(greeting, port=9999)
    assert found.service.name == "ssh"
