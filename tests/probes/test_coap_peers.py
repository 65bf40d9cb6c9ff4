"""The CoAP probe against libcoap, aiocoap and peers that mean harm, over UDP and TCP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import aiocoap
import aiocoap.resource
import pytest
from daemons import free_port, libcoap

from iotscan import plugins, testing
from iotscan.model import Ending, Transport
from iotscan.protocols.coap import codec as coap
from iotscan.protocols.coap.codec import Message, Type, decode, encode, get
from iotscan.protocols.coap.tcp import encode_tcp
from iotscan.settings import Limits
from iotscan.testing import (
    HOSTILE,
    Answerer,
    Handler,
    Reply,
    facts_of,
    on_loopback,
    serve,
    serve_udp,
)

PROBE = next(probe for probe in plugins.probes() if probe.name == "coap")
QUICK = Limits(read_timeout=0.2, connect_timeout=0.5, host_connections_per_second=1000.0)


service = partial(on_loopback, name="coap", transport="udp")
converse = partial(testing.converse, PROBE, limits=QUICK)
facts = partial(facts_of, PROBE)


def _echo(data: bytes, reply: Reply) -> None:
    reply(data)


def _flood(data: bytes, reply: Reply) -> None:
    for i in range(200):
        reply(encode(Message(coap.CONTENT, Type.NON, i, b"other", (), b"x" * 900)))


def _questions(data: bytes, reply: Reply) -> None:
    for i in range(40):
        reply(encode(get("/you", i, b"q")))


def _says(payload: bytes) -> Answerer:
    return lambda data, reply: reply(payload)


HOSTILE_UDP = {
    "silent": (lambda data, reply: None, Ending.TIMEOUT),
    "echo": (_echo, Ending.TIMEOUT),
    "flood of foreign answers": (_flood, Ending.WRONG_PROTOCOL),
    "questions back": (_questions, Ending.WRONG_PROTOCOL),
    "empty datagrams": (_says(b""), Ending.TIMEOUT),
    "another protocol": (_says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Ending.TIMEOUT),
    "largest datagram": (_says(b"\x60\x45" + b"A" * 60_000), Ending.TIMEOUT),
    "noise": (_says(bytes(range(256))), Ending.TIMEOUT),
}


@pytest.mark.parametrize("name", HOSTILE_UDP)
async def test_hostile_udp_peers_end_in_time_with_the_truth(name: str) -> None:
    answer, ending = HOSTILE_UDP[name]
    began = time.monotonic()
    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert time.monotonic() - began < 30
    assert talk.ending is ending
    assert not [seen for seen in PROBE.read(talk) if seen.facts.get("answered")]


async def test_a_peer_that_rejects_everything_is_still_a_coap_service() -> None:
    def answer(data: bytes, reply: Reply) -> None:
        reply(encode(Message(coap.EMPTY, Type.RST, decode(data).mid)))

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert talk.ending is Ending.COMPLETE
    assert [seen.kind for seen in PROBE.read(talk)] == ["coap.service"]
    assert facts(talk, "coap.service")[0]["answered"] is True


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_tcp_peers_end_in_time_without_an_observation(name: str) -> None:
    began = time.monotonic()
    async with serve(HOSTILE[name]) as port:
        talk = await converse(service(port, transport="tcp"))
    assert time.monotonic() - began < 30
    assert talk.ending is not Ending.COMPLETE
    assert list(PROBE.read(talk)) == []


def _coap_tcp(*answers: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        for answer in answers:
            writer.write(answer)
        await writer.drain()
        await reader.read(-1)

    return handler


@pytest.mark.parametrize(
    ("answers", "ending"),
    [
        (
            (encode_tcp(coap.csm(1152)), encode_tcp(Message(coap.PING, None)) * 40),
            Ending.WRONG_PROTOCOL,
        ),
        ((encode_tcp(coap.csm(1152)), encode_tcp(Message(coap.ABORT, None))), Ending.CLOSED),
        ((encode_tcp(coap.csm(1152)), b"\xf0\xff\xff\xff\xff\x45"), Ending.WRONG_PROTOCOL),
        ((b"\x00\x00" * 500,), Ending.WRONG_PROTOCOL),
    ],
)
async def test_hostile_coap_over_tcp_ends_with_the_truth(
    answers: tuple[bytes, ...], ending: Ending
) -> None:
    async with serve(_coap_tcp(*answers)) as port:
        talk = await converse(service(port, transport="tcp"))
    assert talk.ending is ending
    assert facts(talk, "coap.discovery") == []


class Big(aiocoap.resource.Resource):  # type: ignore[misc]  # it has no types
    """A resource of many blocks, served by an independent implementation."""

    async def render_get(self, request: object) -> object:
        return aiocoap.Message(payload=b"x" * 5000)


@asynccontextmanager
async def aiocoap_server() -> AsyncIterator[int]:
    port = free_port()
    site = aiocoap.resource.Site()
    site.add_resource(
        [".well-known", "core"], aiocoap.resource.WKCResource(site.get_resources_as_linkheader)
    )
    for i in range(120):
        site.add_resource(["sensors", f"number-{i:04d}"], Big())
    context = await aiocoap.Context.create_server_context(
        site, bind=("127.0.0.1", port), transports=["simple6", "simplesocketserver"]
    )
    try:
        yield port
    finally:
        await context.shutdown()


async def test_aiocoap_as_a_server_is_read_in_blocks() -> None:
    async with aiocoap_server() as port:
        talk = await converse(service(port))
    assert talk.ending is Ending.COMPLETE
    (found,) = facts(talk, "coap.discovery")
    assert (found["open"], found["complete"]) == (True, True)
    # The list itself, the sensors, and a link to the implementation.
    assert found["resources"] == 122
    assert str(found["implementation"]).startswith("https://christian.amsuess.com/tools/aiocoap")
    assert len(facts(talk, "coap.resource")) == 12
    (amplified,) = facts(talk, "coap.amplification")
    assert amplified["block_size"] == 1024
    assert isinstance(amplified["ratio"], float)
    assert amplified["ratio"] > 20


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_libcoap_over_udp_and_tcp(transport: Transport) -> None:
    with libcoap("notls") as port:
        talk = await converse(service(port, transport=transport))
    assert talk.ending is Ending.COMPLETE
    assert facts(talk, "coap.service") == [
        {"transport": transport, "cleartext": True, "role": "server", "answered": True}
    ]
    (found,) = facts(talk, "coap.discovery")
    assert (found["open"], found["resources"]) == (True, 4)
    assert found["paths"] == ("/", "/time", "/async", "/example_data")
    readable = {str(f["path"]) for f in facts(talk, "coap.resource") if f.get("readable")}
    assert {"/", "/time", "/example_data"} <= readable
    assert facts(talk, "coap.observe") == [{"path": "/time", "granted": True}]
    amplified = facts(talk, "coap.amplification")
    assert [a["block_size"] for a in amplified] == ([1024] if transport == "udp" else [])
    for seen in PROBE.read(talk):
        assert all(index < len(talk.turns) for index in seen.proofs[0].turns)
