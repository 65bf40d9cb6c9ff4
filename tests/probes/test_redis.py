"""The Redis probe: open, closed, and of something else."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from iotscan.model import Channel, Ending, Endpoint, Fact, Service, TlsFacts, Transcript, Turn
from iotscan.plugins import probes
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "redis")
SERVICE = Service(Endpoint(ip_address("127.9.0.6"), "tcp", 6379), "redis")
INFO = b"# Server\r\nredis_version:7.0.15\r\nos:Linux 6.1\x1b[2J x86_64\r\n"


def facts(talk: Transcript) -> list[dict[str, Fact]]:
    return [dict(seen.facts) for seen in PROBE.read(talk)]


async def test_a_server_without_a_password_tells_of_itself() -> None:
    answer = b"$%d\r\n%s\r\n" % (len(INFO), INFO)
    script: list[Step] = [Hears(b"INFO server\r\n"), Says(answer[:9]), Says(answer[9:])]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert facts(talk) == [
        {
            "product": "Redis",
            "version": "7.0.15",
            "system": "Linux 6.1 [2J x86_64",
            "open": True,
            "encrypted": False,
        }
    ]


async def test_a_server_with_a_password_is_closed() -> None:
    script: list[Step] = [Hears(), Says(b"-NOAUTH Authentication required.\r\n")]
    (found,) = facts(await FakeNetwork(SERVICE, [script]).play(PROBE))
    assert found["open"] is False


async def test_a_connection_closed_early_proves_nothing() -> None:
    script: list[Step] = [Hears(), Says(b"$500\r\n# Ser"), Closes()]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.CLOSED
    assert facts(talk) == []


def recognised(heard: bytes, tls: TlsFacts | None = None) -> Transcript:
    turns = (Turn("client", 0.0, b"PING\r\n"), Turn("server", 0.1, heard))
    channels = (Channel(SERVICE.endpoint, tls=tls),)
    return Transcript("c1", SERVICE, "recognise", 0.0, turns, channels)


@pytest.mark.parametrize(
    ("heard", "is_open"), [(b"+PONG\r\n", True), (b"-NOAUTH Authentication required.\r\n", False)]
)
def test_its_greeting_tells_whether_it_is_open(heard: bytes, is_open: bool) -> None:
    assert PROBE.recognises(heard)
    (found,) = facts(recognised(heard, TlsFacts("TLSv1.3")))
    assert (found["open"], found["encrypted"]) == (is_open, True)


def test_other_greetings_and_other_peoples_talk_prove_nothing() -> None:
    assert not PROBE.recognises(b"-ERR unknown command\r\n")
    assert facts(recognised(b"HTTP/1.1 400 Bad Request\r\n\r\n")) == []
    assert facts(replace(recognised(b"+PONG\r\n"), client=SERVICE.endpoint)) == []
