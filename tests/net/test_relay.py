"""Client libraries talk through a relay: bounded, masked, recorded, and one client only."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiocoap
import paho.mqtt.client as mqtt
import pytest
from certificates import identity
from paho.mqtt.enums import CallbackAPIVersion

from iotscan.errors import BudgetSpent, ConnectionLost, OutOfTime, Refused
from iotscan.model import Ending, Endpoint, Service
from iotscan.net.gateway import Gateway
from iotscan.probe_api import Login
from iotscan.testing import Reply, serve_udp

LOGIN = Login("pair-1", "admin", "mqtt")
VAULT = {"pair-1": b"admin", "pair-2": b"correct horse"}
Make = Callable[..., Gateway]


async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers CONNECT with CONNACK 0 and waits for DISCONNECT (MQTT 3.1.1 sections 3.1, 3.2)."""
    kind, length = await reader.readexactly(2)
    assert kind == 0x10
    await reader.readexactly(length)
    writer.write(b"\x20\x02\x00\x00")
    await reader.read(100)


def paho_session(host: str, port: int, username: str, password: str) -> int:
    """Connect, wait for CONNACK, disconnect; the reason code."""
    codes: list[int] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="iotscan")
    client.username_pw_set(username, password)
    client.on_connect = lambda c, data, flags, reason, properties: codes.append(reason.value)
    client.connect(host, port, keepalive=5)
    while not codes:
        assert client.loop(0.05) == mqtt.MQTT_ERR_SUCCESS, "the relay has gone"
    client.disconnect()
    client.loop(0.05)
    return codes[0]


async def test_paho_talks_through_the_relay_and_its_password_is_masked(
    gateway_with: Make, serve: Any
) -> None:
    gateway = gateway_with(vault=VAULT)
    async with serve(broker) as service:
        net = gateway.conversation(service, "mqtt", id="c1", began=0.0)
        with gateway.watch() as watch:
            async with net.relay(service, login=LOGIN) as relay:
                relay.hide(relay.secret)
                code = await asyncio.to_thread(
                    paho_session, relay.host, relay.port, "admin", relay.secret.decode()
                )
    assert code == 0
    assert watch.stopped == []
    said = net.transcript()
    sent = said.said_by("client")
    assert sent.startswith(b"\x10")
    assert sent.endswith(b"\x00\x05admin\x00\x05*****\xe0\x00")
    assert said.said_by("server") == b"\x20\x02\x00\x00"
    assert [turn.login for turn in said.turns if turn.sender == "client"] == ["pair-1", None]
    assert gateway.doors == set()


async def exchange_over(relay: Any, data: bytes, wanted: int) -> bytes:
    reader, writer = await asyncio.open_connection(relay.host, relay.port)
    writer.write(data)
    heard = await reader.read(wanted)
    writer.close()
    return heard


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data)


async def test_a_long_secret_is_masked_everywhere_even_when_split(
    gateway_with: Make, serve: Any
) -> None:
    async with serve(echo) as service:
        net = gateway_with(vault=VAULT).conversation(service, "test", id="c1", began=0.0)
        login = replace(LOGIN, id="pair-2")
        async with net.relay(service, login=login) as relay:
            relay.hide(relay.secret)
            reader, writer = await asyncio.open_connection(relay.host, relay.port)
            for piece in (b"a correct ho", b"rse, b correct horse"):
                writer.write(piece)
                await reader.readexactly(len(piece))
            writer.close()
    sent = net.transcript().said_by("client")
    assert sent == b"a *************, b *************"


async def test_a_relay_towards_tls_speaks_plain_to_the_client(
    gateway_with: Make, tmp_path: Path
) -> None:
    file = identity(tmp_path, "broker")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = await asyncio.start_server(broker, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    service = Service(Endpoint(ip_address("127.0.0.1"), "tcp", port), "mqtt", tls=True)
    net = gateway_with().conversation(service, "mqtt", id="c1", began=0.0)
    async with net.relay(service) as relay:
        code = await asyncio.to_thread(paho_session, relay.host, relay.port, "u", "p")
    server.close()
    assert code == 0
    said = net.transcript()
    assert said.said_by("client").startswith(b"\x10")
    assert said.channels[0].tls is not None
    assert said.channels[0].tls.version == "TLSv1.3"


async def test_connecting_a_relay_raises_as_connecting_does(
    gateway_with: Make, free_port: int
) -> None:
    service = Service(Endpoint(ip_address("127.0.0.1"), "tcp", free_port), "mqtt")
    net = gateway_with().conversation(service, "mqtt", id="c1", began=0.0)
    with pytest.raises(Refused):
        async with net.relay(service):
            pass


async def test_a_relay_serves_one_client(gateway_with: Make, serve: Any) -> None:
    async with serve(echo) as service:
        net = gateway_with().conversation(service, "test", id="c1", began=0.0)
        async with net.relay(service) as relay:
            reader, writer = await asyncio.open_connection(relay.host, relay.port)
            writer.write(b"one")
            await reader.readexactly(3)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(relay.host, relay.port)
            writer.close()
    assert len(net.transcript().channels) == 1


async def test_an_endless_device_behind_a_relay_is_bounded(gateway_with: Make, serve: Any) -> None:
    async def pours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"A" * 4096)
            await writer.drain()

    async def listen() -> None:
        async with net.relay(service) as relay:
            reader, writer = await asyncio.open_connection(relay.host, relay.port)
            while await reader.read(65_536):
                pass
            writer.close()

    async with serve(pours) as service:
        net = gateway_with(conversation_bytes=20_000).conversation(
            service, "test", id="c1", began=0.0
        )
        with pytest.raises(BudgetSpent):
            await listen()
    assert len(net.transcript().said_by("server")) == 20_000
    assert net.transcript().channels[0].ending is Ending.BUDGET_SPENT


async def test_a_device_that_closes_closes_the_client_and_the_channel_says_so(
    gateway_with: Make, serve: Any
) -> None:
    async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with serve(closes) as service:
        net = gateway_with().conversation(service, "test", id="c1", began=0.0)
        async with net.relay(service) as relay:
            assert await exchange_over(relay, b"hello", 10) == b""
    assert net.transcript().channels[0].ending is Ending.CLOSED


async def test_a_librarys_socket_error_is_the_devices_doing(gateway_with: Make, serve: Any) -> None:
    async with serve(echo) as service:
        net = gateway_with().conversation(service, "test", id="c1", began=0.0)
        with pytest.raises(ConnectionLost):
            async with net.relay(service):
                raise ConnectionResetError("from inside a library")


async def test_a_relay_ends_with_the_conversations_time(gateway_with: Make, serve: Any) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def wait_for_it() -> None:
        async with net.relay(service) as relay:
            assert await exchange_over(relay, b"hello", 10) == b""

    async with serve(silent) as service:
        net = gateway_with(conversation_timeout=0.3).conversation(
            service, "test", id="c1", began=0.0
        )
        with pytest.raises(OutOfTime):
            await wait_for_it()


def coap_device(data: bytes, reply: Reply) -> None:
    """Answers every confirmable GET with 2.05 and "hi" (RFC 7252 section 3)."""
    token = data[4 : 4 + (data[0] & 0x0F)]
    reply(bytes([0x60 | len(token), 0x45]) + data[2:4] + token + b"\xffhi")


async def test_aiocoap_talks_through_the_relay(gateway_with: Make) -> None:
    gateway = gateway_with()
    async with serve_udp(coap_device) as port:  # outside the watch, which would stop its answers
        service = Service(Endpoint(ip_address("127.0.0.1"), "udp", port), "coap")
        net = gateway.conversation(service, "coap", id="c1", began=0.0)
        with gateway.watch() as watch:
            async with net.relay(service) as relay:
                context = await aiocoap.Context.create_client_context()
                message = aiocoap.Message(
                    code=aiocoap.GET, uri=f"coap://{relay.host}:{relay.port}/x"
                )
                response = await context.request(message).response
                await context.shutdown()
    assert response.payload == b"hi"
    assert watch.stopped == []
    said = net.transcript()
    assert [turn.sender for turn in said.turns] == ["client", "server"]
    assert said.turns[1].data.endswith(b"\xffhi")
    assert gateway.doors == set()


async def test_a_udp_relay_says_when_nobody_listens(gateway_with: Make, free_port: int) -> None:
    service = Service(Endpoint(ip_address("127.0.0.1"), "udp", free_port), "coap")
    net = gateway_with().conversation(service, "coap", id="c1", began=0.0)

    async def ask() -> None:
        async with net.relay(service) as relay:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.sendto(b"hello", (relay.host, relay.port))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await asyncio.Event().wait()

    with pytest.raises(Refused):
        await ask()
