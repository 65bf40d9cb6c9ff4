"""Conversations by datagrams: recorded, masked, bounded, and deaf to everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.errors import BudgetSpent, Refused, TimedOut
from iotscan.model import Ending, Endpoint, Service, Turn
from iotscan.net.conversation import Conversation
from iotscan.net.gateway import Gateway
from iotscan.probe_api import Login

ROOT = Login("pair-1", "root", "system")
VAULT = {"pair-1": b"xc3511"}
Make = Callable[..., Gateway]


def talk(gateway: Gateway, service: Service, began: float = 0.0) -> Conversation:
    return gateway.conversation(service, "test", id="c7", began=began)


def words(turns: tuple[Turn, ...]) -> list[tuple[str, bytes]]:
    return [(turn.sender, turn.data) for turn in turns]


class Device(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[bytes], list[bytes]]) -> None:
        self.heard: list[bytes] = []
        self._answer = answer
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)
        for answer in self._answer(data):
            self.transport.sendto(answer, addr)


async def udp_device(answer: Callable[[bytes], list[bytes]]) -> tuple[Device, Service]:

    loop = asyncio.get_running_loop()
    transport, device = await loop.create_datagram_endpoint(
        lambda: Device(answer), local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    return device, Service(Endpoint(ip_address("127.0.0.1"), "udp", port), "test")


async def ask_on(net: Conversation, service: Service) -> None:
    """Ask once and listen for as long as there are answers."""
    async with net.udp(service) as exchange:
        await exchange.send(b"?")
        while True:
            await exchange.receive()


async def test_datagrams_are_recorded_and_masked(gateway_with: Make) -> None:
    device, service = await udp_device(lambda data: [data[::-1]])
    net = talk(gateway_with(vault=VAULT), service)
    async with net.udp(service, login=ROOT) as exchange:
        await exchange.send(b"get " + exchange.secret, hide=exchange.secret)
        assert await exchange.receive() == b"1153cx teg"
        with pytest.raises(TimedOut):
            await exchange.receive(0.01)
    device.transport.close()
    assert words(net.transcript().turns) == [("client", b"get ******"), ("server", b"1153cx teg")]
    assert device.heard == [b"get xc3511"]


async def test_only_the_endpoints_own_datagrams_pass(gateway_with: Make) -> None:
    other, _ = await udp_device(lambda data: [])

    def answer(data: bytes) -> list[bytes]:
        port = exchange._socket.getsockname()[1]
        other.transport.sendto(b"not me", ("127.0.0.1", port))
        return [b"me"]

    device, service = await udp_device(answer)
    async with talk(gateway_with(), service).udp(service) as exchange:
        await exchange.send(b"who?")
        assert await exchange.receive() == b"me"
        with pytest.raises(TimedOut):
            await exchange.receive(0.05)
    device.transport.close()
    other.transport.close()


async def test_no_listener_is_refused_for_datagrams(gateway_with: Make, free_port: int) -> None:

    service = Service(Endpoint(ip_address("127.0.0.1"), "udp", free_port))
    net = talk(gateway_with(), service)
    with pytest.raises(Refused):
        await ask_on(net, service)
    assert net.transcript().channels[0].ending is Ending.REFUSED


async def test_a_flood_of_datagrams_ends_with_the_bytes(gateway_with: Make) -> None:
    device, service = await udp_device(lambda data: [b"A" * 1400] * 20)
    net = talk(gateway_with(conversation_bytes=5000), service)
    with pytest.raises(BudgetSpent):
        await ask_on(net, service)
    device.transport.close()
    assert len(net.transcript().said_by("server")) <= 5000
