"""Conversations by datagrams: recorded, masked, bounded, and deaf to everybody else."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from iotscan.errors import BudgetSpent, Refused, TimedOut
from iotscan.model import Ending, Endpoint, Service, Turn
from iotscan.net.conversation import Conversation
from iotscan.net.gateway import Gateway
from iotscan.probe_api import Login
from iotscan.testing import Reply, serve_udp

ROOT = Login("pair-1", "root", "system")
VAULT = {"pair-1": b"xc3511"}
Make = Callable[..., Gateway]


def talk(gateway: Gateway, service: Service, began: float = 0.0) -> Conversation:
    return gateway.conversation(service, "test", id="c7", began=began)


def words(turns: tuple[Turn, ...]) -> list[tuple[str, bytes]]:
    return [(turn.sender, turn.data) for turn in turns]


@asynccontextmanager
async def udp_device(
    answer: Callable[[bytes], list[bytes]],
) -> AsyncIterator[tuple[Service, list[bytes]]]:
    """A service, and what it has heard."""
    heard: list[bytes] = []

    def hear(data: bytes, reply: Reply) -> None:
        heard.append(data)
        for said in answer(data):
            reply(said)

    async with serve_udp(hear) as port:
        yield Service(Endpoint(ip_address("127.0.0.1"), "udp", port), "test"), heard


async def ask_on(net: Conversation, service: Service) -> None:
    """Ask once and listen for as long as there are answers."""
    async with net.udp(service) as exchange:
        await exchange.send(b"?")
        while True:
            await exchange.receive()


async def test_datagrams_are_recorded_and_masked(gateway_with: Make) -> None:
    async with udp_device(lambda data: [data[::-1]]) as (service, heard):
        net = talk(gateway_with(vault=VAULT), service)
        async with net.udp(service, login=ROOT) as exchange:
            await exchange.send(b"get " + exchange.secret, hide=exchange.secret)
            assert await exchange.receive() == b"1153cx teg"
            with pytest.raises(TimedOut):
                await exchange.receive(0.01)
    assert words(net.transcript().turns) == [("client", b"get ******"), ("server", b"1153cx teg")]
    assert heard == [b"get xc3511"]


async def test_only_the_endpoints_own_datagrams_pass(gateway_with: Make) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:

        def answer(data: bytes) -> list[bytes]:
            other.sendto(b"not me", exchange._socket.getsockname())
            return [b"me"]

        async with (
            udp_device(answer) as (service, _),
            talk(gateway_with(), service).udp(service) as exchange,
        ):
            await exchange.send(b"who?")
            assert await exchange.receive() == b"me"
            with pytest.raises(TimedOut):
                await exchange.receive(0.05)


async def test_no_listener_is_refused_for_datagrams(gateway_with: Make, free_port: int) -> None:
    service = Service(Endpoint(ip_address("127.0.0.1"), "udp", free_port))
    net = talk(gateway_with(), service)
    with pytest.raises(Refused):
        await ask_on(net, service)
    assert net.transcript().channels[0].ending is Ending.REFUSED


async def test_a_flood_of_datagrams_ends_with_the_bytes(gateway_with: Make) -> None:
    async with udp_device(lambda data: [b"A" * 1400] * 20) as (service, _):
        net = talk(gateway_with(conversation_bytes=5000), service)
        with pytest.raises(BudgetSpent):
            await ask_on(net, service)
    assert len(net.transcript().said_by("server")) <= 5000
