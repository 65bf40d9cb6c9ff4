"""The probe of Google Cast: receivers that tell their state, and what is none."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from iotscan.errors import TimedOut
from iotscan.model import Ending, Endpoint, Fact, Service, Transcript
from iotscan.plugins import probes
from iotscan.protocols.makers import cast
from iotscan.protocols.makers.cast import Message
from iotscan.testing import Closes, Fails, FakeNetwork, Hears, Says, Step, captured

PROBE = next(probe for probe in probes() if probe.name == "cast")
SERVICE = Service(Endpoint(ip_address("127.9.0.3"), "tcp", 8009), "cast", tls=True)
RECEIVER = "urn:x-cast:com.google.cast.receiver"


def said(text: str, namespace: str = RECEIVER) -> bytes:
    return Message("receiver-0", "sender-0", namespace, text).encode()


STATUS = said(
    '{"requestId":1,"type":"RECEIVER_STATUS","status":{"applications":'
    '[{"displayName":"Spotify","statusText":"Casting: Song"}]}}'
)
PING = said('{"type":"PING"}', "urn:x-cast:com.google.cast.tp.heartbeat")


async def met(*steps: Step) -> tuple[Transcript, list[dict[str, Fact]]]:
    script: list[Step] = [Hears(cast.question()), *steps]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    return talk, [dict(seen.facts) for seen in PROBE.read(talk)]


@pytest.mark.parametrize("answer", [STATUS, PING + STATUS])
async def test_a_receiver_tells_its_state_to_anybody(answer: bytes) -> None:
    talk, (facts,) = await met(Says(answer[:9]), Says(answer[9:]))
    assert talk.ending is Ending.COMPLETE
    assert facts == {
        "open": True,
        "applications": ("Spotify",),
        "shows": ("Casting: Song",),
        "encrypted": True,
    }
    assert talk.said_by("client") == cast.question()


@pytest.mark.parametrize(
    ("steps", "ending"),
    [
        ([Closes()], Ending.CLOSED),
        ([Says(PING), Closes()], Ending.CLOSED),
        ([Says(PING * 5)], Ending.WRONG_PROTOCOL),
        ([Says(b"HTTP/1.1 400 Bad Request\r\n")], Ending.WRONG_PROTOCOL),
        ([Fails(TimedOut("read"))], Ending.TIMEOUT),
    ],
)
async def test_without_a_state_nothing_is_claimed(steps: list[Step], ending: Ending) -> None:
    talk, facts = await met(*steps)
    assert talk.ending is ending
    assert facts == []


def test_only_messages_of_cast_are_recognised() -> None:
    assert PROBE.recognises(STATUS)
    assert PROBE.recognises(PING)
    for other in (STATUS[:50], b"", b"\x00\x00\x00\x05hello", b"HTTP/1.1 400 Bad Request\r\n"):
        assert not PROBE.recognises(other)


def test_conversations_of_others_are_not_read() -> None:
    assert list(PROBE.read(captured([("client", cast.question()), ("server", STATUS)], 8009))) == []
