"""rlogin, rsh and rexec: signs of them on their ports, without a byte being sent."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from iotscan.model import Channel, Ending, Endpoint, Fact, Service, Transcript
from iotscan.plugins import probes
from iotscan.testing import Closes, FakeNetwork, Says, captured

PROBE = next(probe for probe in probes() if probe.name == "rlogin")


def service(port: int, name: str | None = None) -> Service:
    return Service(Endpoint(ip_address("192.0.2.7"), "tcp", port), name)


def quiet(port: int, ending: Ending) -> list[dict[str, Fact]]:
    """What is read from a connection on which nothing was said."""
    endpoint = service(port).endpoint
    talk = Transcript(
        "c1", service(port), "rlogin", 0.0, channels=(Channel(endpoint, ending=ending),)
    )
    return [dict(seen.facts) for seen in PROBE.read(talk)]


@pytest.mark.parametrize(("port", "name"), [(513, "rlogin"), (514, "rsh")])
def test_hanging_up_on_an_ordinary_port_is_a_sign(port: int, name: str) -> None:
    assert quiet(port, Ending.CLOSED) == [{"service": name, "sign": "hangs up"}]


@pytest.mark.parametrize(
    ("port", "ending"),
    [(512, Ending.CLOSED), (515, Ending.CLOSED), (513, Ending.TIMEOUT), (514, Ending.COMPLETE)],
)
def test_other_ports_and_other_endings_are_none(port: int, ending: Ending) -> None:
    assert quiet(port, ending) == []


@pytest.mark.parametrize(
    "words", [b"\x01rlogind: Permission denied.\r\n", b"rshd: Where are you?\r\n"]
)
async def test_a_daemon_that_names_itself_is_one(words: bytes) -> None:
    assert PROBE.recognises(words)
    net = FakeNetwork(service(5514, "rlogin"), [[Says(words), Closes()]])
    talk = await net.play(PROBE)
    assert talk.said_by("client") == b""
    (seen,) = PROBE.read(talk)
    assert seen.facts["sign"] == "words"
    assert str(seen.facts["words"]) in words.decode()


@pytest.mark.parametrize("heard", [b"", b"\x01", b"login: ", b"220 rsh: x\r\n", b"rshd: half"])
def test_other_words_are_not_theirs(heard: bytes) -> None:
    assert not PROBE.recognises(heard)


def test_it_looks_at_what_said_nothing_on_its_ports_alone() -> None:
    assert PROBE.handles(service(513))
    assert PROBE.handles(service(40_000, "rlogin"))
    assert not PROBE.handles(service(512))
    assert not PROBE.handles(service(513, "http"))
    assert not PROBE.handles(replace(service(514), tls=True))
    udp = Service(Endpoint(ip_address("192.0.2.7"), "udp", 514))
    assert not PROBE.handles(udp)


def test_nothing_is_read_from_conversations_of_others() -> None:
    talk = captured([], 514)
    closed = replace(talk, channels=(Channel(talk.service.endpoint, ending=Ending.CLOSED),))
    assert list(PROBE.read(closed)) == []
