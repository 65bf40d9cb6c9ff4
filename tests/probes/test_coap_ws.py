"""CoAP over WebSocket: an independent server, scripted ones, and what is no such thing."""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from iotscan.model import Endpoint, Scope, Service, TlsFacts
from iotscan.net.gateway import Gateway
from iotscan.plugins import probes
from iotscan.protocols.coap.codec import CONTENT, Message, csm
from iotscan.protocols.coap.web import PATH, SUBPROTOCOL, decode_web, encode_web
from iotscan.protocols.http import websocket
from iotscan.settings import Limits
from iotscan.testing import Closes, FakeNetwork, Hears, Says

PROBE: Any = next(probe for probe in probes() if probe.name == "coap_ws")
SERVICE = Service(Endpoint(ip_address("192.0.2.9"), "tcp", 8683), "coap_ws")
AGREED = websocket.upgrade_answer(websocket.KEY, SUBPROTOCOL)
LISTED = Message(CONTENT, None, token=b"iotscan", payload=b"</light>,</door>")


def framed(message: Message) -> bytes:
    return websocket.encode_frame(encode_web(message))


async def facts(*script: Any, tls: TlsFacts | None = None) -> list[dict[str, Any]]:
    net = FakeNetwork(SERVICE, [script], tls=tls)
    talk = await net.play(PROBE)
    return [dict(seen.facts) for seen in PROBE.read(talk)]


async def test_a_server_that_lists_its_resources() -> None:
    found = await facts(
        Hears(lambda said: said.startswith(f"GET {PATH} HTTP/1.1".encode())),
        Says(AGREED),
        Hears(),
        Hears(),
        Says(framed(csm(1152)) + framed(LISTED)),
    )
    assert found == [{"cleartext": True, "answered": True, "open": True, "resources": 2}]


async def test_a_server_that_keeps_its_list() -> None:
    refused = Message(0x81, None, token=b"iotscan")
    found = await facts(Hears(), Says(AGREED), Hears(), Hears(), Says(framed(refused)))
    assert found == [{"cleartext": True, "answered": True, "open": False}]


async def test_an_opened_socket_without_a_word_of_coap_is_no_answer() -> None:
    found = await facts(Hears(), Says(AGREED), Hears(), Hears(), Closes())
    assert found == [{"cleartext": True, "answered": False}]


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        websocket.upgrade_answer(websocket.KEY, "mqtt"),
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"\xff\xfd\x18login: ",
        b"",
    ],
)
async def test_others_are_not_taken_for_it(said: bytes) -> None:
    assert not PROBE.recognises(said)
    script = [Hears(), Says(said) if said else Closes()]
    assert await facts(*script) == []


@pytest.mark.parametrize("size", [0, 1, 12, 13, 268, 269, 700])
def test_messages_survive_their_frames(size: int) -> None:
    message = Message(CONTENT, None, token=b"ab", payload=b"x" * size)
    again = decode_web(encode_web(message))
    assert (again.code, again.token, again.payload) == (CONTENT, b"ab", b"x" * size)


async def test_an_independent_server_answers() -> None:
    """aiocoap's own server, which listens for WebSockets 3,000 ports above the one it is given."""
    aiocoap = pytest.importorskip("aiocoap")
    resource = pytest.importorskip("aiocoap.resource")
    site = resource.Site()
    site.add_resource(
        [".well-known", "core"], resource.WKCResource(site.get_resources_as_linkheader)
    )
    context = await aiocoap.Context.create_server_context(
        site, bind=("127.0.0.1", 21_683), transports=["ws"]
    )
    try:
        endpoint = Endpoint(ip_address("127.0.0.1"), "tcp", 24_683)
        scope = Scope((ip_network("127.0.0.0/8"),))
        gateway = Gateway(scope, Limits(read_timeout=1.0), clock=time.monotonic)
        service = Service(endpoint, "coap_ws")
        door = gateway.conversation(service, "coap_ws", id="c1", began=0.0)
        await PROBE.converse(service, door, ())
        (seen,) = PROBE.read(door.transcript())
    finally:
        await context.shutdown()
    assert (seen.facts["answered"], seen.facts["open"]) == (True, True)
