"""SIP asked what it can do: one question, over UDP and TCP."""

from __future__ import annotations

import importlib
from ipaddress import ip_address

from iotscan.errors import Malformed
from iotscan.model import Endpoint, Fact, Service, Transcript, Transport
from iotscan.probe_api import Probe
from iotscan.protocols import sip
from iotscan.testing import FakeNetwork, Hears, Says, Step

PROBE: Probe = importlib.import_module("iotscan.probes.sip").PROBE
ANSWER = (
    b"SIP/2.0 200 OK\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nServer: Door 2.1\r\n"
    b"Allow: INVITE, ACK\r\nContent-Length: 0\r\n\r\n"
)


def service(transport: Transport) -> Service:
    return Service(Endpoint(ip_address("192.0.2.7"), transport, 5060), "sip")


def facts(talk: Transcript) -> list[dict[str, Fact]]:
    return [dict(one.facts) for one in PROBE.read(talk)]


SAID = {"status": 200, "encrypted": False, "server": "Door 2.1", "methods": ("INVITE", "ACK")}


async def test_over_udp_and_tcp_it_says_what_it_is() -> None:
    udp = FakeNetwork(service("udp"), [[Hears(sip.options("udp")), Says(ANSWER)]])
    assert facts(await udp.play(PROBE)) == [SAID]
    script: list[Step] = [Hears(sip.options("tcp")), Says(ANSWER[:30]), Says(ANSWER[30:])]
    tcp = FakeNetwork(service("tcp"), [script])
    assert facts(await tcp.play(PROBE)) == [SAID]


async def test_what_is_no_sip_is_called_so() -> None:
    net = FakeNetwork(service("tcp"), [[Hears(None), Says(b"HTTP/1.1 400 x\r\n\r\n")]])
    try:
        await PROBE.converse(net.service, net, ())
    except Malformed:
        assert facts(net.transcript("sip")) == []
        return
    raise AssertionError("an HTTP answer was taken for SIP")


def test_only_sip_answers_are_recognised() -> None:
    assert PROBE.recognises(ANSWER)
    assert not PROBE.recognises(sip.options("udp"))
    assert not PROBE.recognises(b"RTSP/1.0 200 OK\r\n\r\n")
