"""How the TLS probe takes refusals, silence and peers that mean harm."""

from __future__ import annotations

import importlib
from functools import partial
from ipaddress import ip_address

import pytest

from iotscan import testing
from iotscan.errors import ConnectionLost, Refused, TimedOut
from iotscan.model import Ending, Endpoint, Service, Transcript
from iotscan.probe_api import Probe
from iotscan.testing import (
    HOSTILE,
    Closes,
    Fails,
    FakeNetwork,
    Hears,
    Says,
    Step,
    facts_of,
    on_loopback,
    only_facts,
    serve,
)

PROBE: Probe = importlib.import_module("iotscan.probes.tls").PROBE


service_at = partial(on_loopback, name="https", tls=True)


async def converse(port: int) -> Transcript:
    return await testing.converse(PROBE, service_at(port))


facts = partial(facts_of, PROBE)


def accepted(talk: Transcript) -> dict[object, object]:
    return {one["version"]: one.get("accepted") for one in facts(talk, "tls.version")}


summary = partial(only_facts, PROBE, kind="tls.summary")


SERVICE = service_at(443)
# TLS 1.2 with ECDHE_ECDSA_AES_128_GCM, no extensions, then a fatal handshake_failure.
HELLO = b"\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\x00\xc0\x2b\x00"
GREETS: list[Step] = [
    Hears(None),
    Says(b"\x16\x03\x03" + len(HELLO).to_bytes(2, "big") + HELLO + b"\x15\x03\x03\x00\x02\x02\x28"),
    Closes(),
]
CLOSES: list[Step] = [Hears(None), Closes()]
SILENT: list[Step] = [Hears(None), Fails(TimedOut("read"))]


async def test_closing_without_a_word_counts_only_if_the_device_answers_again() -> None:
    network = FakeNetwork(SERVICE, [GREETS, *[CLOSES] * 7, GREETS])
    talk = await network.play(PROBE)
    assert accepted(talk)["TLS 1.0"] is False
    assert summary(talk)["modern_only"] is True
    dying = FakeNetwork(SERVICE, [GREETS, *[CLOSES] * 7, CLOSES])
    talk = await dying.play(PROBE)
    assert accepted(talk)["TLS 1.0"] is None
    assert "modern_only" not in summary(talk)
    assert summary(talk)["complete"] is False


async def test_a_device_that_falls_silent_is_left_alone() -> None:
    network = FakeNetwork(SERVICE, [GREETS, SILENT, SILENT])
    talk = await network.play(PROBE)
    assert talk.ending is Ending.TIMEOUT
    assert len(talk.channels) == 3
    assert summary(talk)["complete"] is False


async def test_a_device_that_refuses_further_connections_is_left_alone() -> None:
    network = FakeNetwork(SERVICE, [GREETS, Refused("refused")])
    talk = await network.play(PROBE)
    assert talk.ending is Ending.REFUSED
    assert accepted(talk)["TLS 1.2"] is True
    assert summary(talk)["complete"] is False


async def test_a_reset_is_taken_as_a_closed_connection() -> None:
    resets: list[Step] = [Hears(None), Fails(ConnectionLost("reset"))]
    network = FakeNetwork(SERVICE, [GREETS, *[resets] * 7, GREETS])
    assert accepted(await network.play(PROBE))["TLS 1.1"] is False


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_a_hostile_peer_ends_in_the_truth(name: str) -> None:
    async with serve(HOSTILE[name]) as port:
        talk = await converse(port)
    assert not any(one.get("accepted") for one in facts(talk, "tls.version"))
    assert facts(talk, "tls.certificate") == []
    if name in ("SSH greeting", "HTTP answer", "SMTP greeting", "endless bytes", "random bytes"):
        assert talk.ending is Ending.WRONG_PROTOCOL
    for found in facts(talk, "tls.summary"):
        assert "modern_only" not in found


def test_what_is_recognised_and_handled() -> None:
    assert PROBE.recognises(b"\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03")
    assert not PROBE.recognises(b"\x15\x03\x01\x00\x02\x02\x46")
    assert not PROBE.recognises(b"HTTP/1.1 200 OK\r\n")
    assert not PROBE.recognises(b"")
    assert PROBE.handles(service_at(8883))
    assert not PROBE.handles(service_at(80, tls=False))
    udp = Service(Endpoint(ip_address("127.0.0.1"), "udp", 5684), "coap", True)
    assert not PROBE.handles(udp)
