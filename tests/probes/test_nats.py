"""The NATS probe: hears the greeting and says nothing."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from iotscan.errors import ConnectionLost
from iotscan.model import Ending, Endpoint, Fact, Service, Transcript
from iotscan.plugins import probes
from iotscan.testing import Closes, FakeNetwork, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "nats")
SERVICE = Service(Endpoint(ip_address("127.9.0.7"), "tcp", 4222), "nats")


def greeting(*fields: bytes) -> bytes:
    head = b'INFO {"server_id":"NBQX","version":"2.9.10"'
    return head + b"".join(b"," + field for field in fields) + b"} \r\n"


def facts(talk: Transcript) -> list[dict[str, Fact]]:
    return [dict(seen.facts) for seen in PROBE.read(talk)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], {"open": True}),
        ([b'"auth_required":true'], {"open": False}),
        ([b'"tls_required":true'], {}),
        ([b'"tls_required":true', b'"auth_required":true'], {"open": False}),
    ],
)
async def test_the_greeting_tells_whether_it_is_open(
    fields: list[bytes], expected: dict[str, Fact]
) -> None:
    heard = greeting(*fields)
    script: list[Step] = [Says(heard[:20]), Says(heard[20:])]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert talk.said_by("client") == b""
    known: dict[str, Fact] = {"product": "NATS", "version": "2.9.10", "encrypted": False}
    assert facts(talk) == [known | expected]
    assert facts(replace(talk, client=SERVICE.endpoint)) == []


async def test_half_a_greeting_proves_nothing() -> None:
    script: list[Step] = [Says(greeting()[:30]), Closes()]
    network = FakeNetwork(SERVICE, [script])
    with pytest.raises(ConnectionLost):
        await PROBE.converse(SERVICE, network, ())
    assert facts(network.transcript("nats")) == []


def test_only_its_own_greeting_is_recognised() -> None:
    assert PROBE.recognises(greeting())
    assert PROBE.recognises(greeting()[:30])
    assert not PROBE.recognises(b"INFO: ready\r\n")
    assert not PROBE.recognises(b"")
