"""The simulated broker, by paho-mqtt as a client of others."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv31, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from iotscan.demo.broker import Broker, matches
from iotscan.testing import serve


@dataclass
class Heard:
    refused: bool = False
    messages: dict[str, bytes] = field(default_factory=dict)


def _use(
    port: int, version: int, name: str | None, password: str | None, wanted: str, enough: int
) -> Heard:
    """Connect and subscribe with a real client; what it was told."""
    heard = Heard()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion(version))
    if name is not None:
        client.username_pw_set(name, password)

    def on_connect(_c: Client, _u: object, _f: object, reason: object, _p: object) -> None:
        heard.refused = getattr(reason, "is_failure", False)
        client.subscribe(wanted)

    def on_message(_c: Client, _u: object, message: MQTTMessage) -> None:
        heard.messages[message.topic] = bytes(message.payload)

    client.on_connect = on_connect
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    for _ in range(50):
        client.loop(0.1)
        if heard.refused or len(heard.messages) >= enough:
            break
    client.disconnect()
    return heard


RETAINED = {"home/lamp": b"on", "home/door/lock": b"shut", "$SYS/broker/version": b"1.0"}


@pytest.mark.parametrize("version", [MQTTv31, MQTTv311, MQTTv5])
async def test_subscribers_get_what_is_retained(version: int) -> None:
    async with serve(Broker(retained=RETAINED).served()) as port:
        heard = await asyncio.to_thread(_use, port, version, None, None, "home/#", 2)
    assert heard == Heard(False, {"home/lamp": b"on", "home/door/lock": b"shut"})


@pytest.mark.parametrize("version", [MQTTv31, MQTTv311, MQTTv5])
async def test_only_the_right_login_is_let_in(version: int) -> None:
    def admits(name: str | None, password: bytes | None) -> bool:
        return (name, password) == ("a", b"b")

    async with serve(Broker(admits, RETAINED).served()) as port:
        assert (await asyncio.to_thread(_use, port, version, None, None, "#", 1)).refused
        assert (await asyncio.to_thread(_use, port, version, "a", "a", "#", 1)).refused
        assert not (await asyncio.to_thread(_use, port, version, "a", "b", "#", 1)).refused


@pytest.mark.parametrize(
    ("pattern", "topic", "covered"),
    [
        ("#", "a/b", True),
        ("#", "$SYS/a", False),
        ("$SYS/#", "$SYS/a", True),
        ("a/#", "a", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("+/b", "a/b", True),
        ("a", "b", False),
        ("a/b", "a", False),
    ],
)
def test_filters_cover_topics_as_the_standard_says(pattern: str, topic: str, covered: bool) -> None:
    assert matches(pattern, topic) is covered


async def test_whoever_does_not_connect_first_is_cut_off() -> None:
    async with serve(Broker().served()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\xc0\x00")
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
