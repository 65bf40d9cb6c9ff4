"""CoAP over WebSocket: an independent server, scripted ones, and what is no such thing."""

from __future__ import annotations

from typing import Any

import pytest

from iotscan.model import TlsFacts
from iotscan.plugins import probes
from iotscan.protocols.coap.codec import CONTENT, Message, csm
from iotscan.protocols.coap.web import PATH, SUBPROTOCOL, decode_web, encode_web
from iotscan.protocols.http import websocket
from iotscan.testing import Closes, FakeNetwork, Hears, Says, converse, on_loopback

PROBE: Any = next(probe for probe in probes() if probe.name == "coap_ws")
SERVICE = on_loopback(8683, "coap_ws")

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
        talk = await converse(PROBE, on_loopback(24_683, "coap_ws"))
    finally:
        await context.shutdown()
    (seen,) = PROBE.read(talk)
    assert (seen.facts["answered"], seen.facts["open"]) == (True, True)
