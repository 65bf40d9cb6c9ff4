"""The AMQP probe: brokers that let nobody in particular in, and brokers that do not."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from iotscan.errors import Malformed
from iotscan.model import Ending, Endpoint, Fact, Service, Transcript
from iotscan.plugins import probes
from iotscan.protocols.amqp_start import HEADER, anonymous_start_ok
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "amqp")
SERVICE = Service(Endpoint(ip_address("127.9.0.11"), "tcp", 5672), "amqp")


def long(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def frame(number: int, arguments: bytes = b"") -> bytes:
    payload = (10).to_bytes(2, "big") + number.to_bytes(2, "big") + arguments
    return b"\x01\x00\x00" + long(payload) + b"\xce"


def start(mechanisms: bytes) -> bytes:
    fields = ((b"product", b"RabbitMQ"), (b"version", b"3.10.8\x1b[1m"))
    table = b"".join(bytes([len(n)]) + n + b"S" + long(v) for n, v in fields)
    return frame(10, b"\x00\x09" + long(table) + long(mechanisms) + long(b"en_US"))


TUNE, CLOSE = frame(30, bytes(8)), frame(50, b"\x01\x93\x00\x00\x00\x00\x00")


def facts(talk: Transcript) -> list[dict[str, Fact]]:
    return [dict(seen.facts) for seen in PROBE.read(talk)]


@pytest.mark.parametrize(
    ("second", "expected"),
    [(Says(TUNE), {"open": True}), (Says(CLOSE), {"open": False}), (Closes(), {})],
)
async def test_nobodys_login_is_tried_where_it_is_offered(
    second: Step, expected: dict[str, Fact]
) -> None:
    greeting = start(b"ANONYMOUS PLAIN")
    script: list[Step] = [
        Hears(HEADER),
        Says(greeting[:20]),
        Says(greeting[20:]),
        Hears(anonymous_start_ok()),
        second,
    ]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    known: dict[str, Fact] = {"product": "RabbitMQ", "version": "3.10.8 [1m", "encrypted": False}
    assert facts(talk) == [known | expected]


async def test_a_broker_that_asks_for_a_login_is_asked_nothing_more() -> None:
    script: list[Step] = [Hears(HEADER), Says(start(b"PLAIN AMQPLAIN"))]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert facts(talk)[0]["open"] is False


async def test_a_broker_of_another_version_is_recognised_and_not_judged() -> None:
    other = b"AMQP\x00\x01\x00\x00"
    assert PROBE.recognises(other)
    talk = await FakeNetwork(SERVICE, [[Hears(), Says(other), Closes()]]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert facts(talk) == []


async def test_what_is_no_broker_is_called_so() -> None:
    network = FakeNetwork(SERVICE, [[Hears(), Says(b"HTTP/1.1 400 Bad Request\r\n\r\n")]])
    with pytest.raises(Malformed):
        await PROBE.converse(SERVICE, network, ())  # type: ignore[arg-type]
    assert facts(network.transcript("amqp")) == []


def test_only_brokers_are_recognised() -> None:
    assert PROBE.recognises(start(b"PLAIN"))
    assert not PROBE.recognises(start(b"PLAIN")[:-1])
    assert not PROBE.recognises(frame(30, bytes(8)))
    assert not PROBE.recognises(b"AMQP\x09\x09\x09\x09")
    assert not PROBE.recognises(b"")
