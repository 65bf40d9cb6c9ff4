"""The SMB probe: which versions a file server takes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from iotscan.errors import ConnectionLost, NetworkError
from iotscan.model import Channel, Ending, Endpoint, Fact, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.smb import V1, V2, negotiate_1, negotiate_2
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "smb")
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 445), "smb")
ASK_1, ASK_2 = negotiate_1("NT LM 0.12"), negotiate_2()


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def old(index: int) -> bytes:
    head = V1 + b"\x72" + bytes(4) + b"\x98" + bytes(22)
    return framed(head + b"\x11" + struct.pack("<HB", index, 3) + bytes(33))


NEW = framed(
    V2
    + struct.pack("<HHIHHI", 64, 0, 0, 0, 1, 1)
    + bytes(44)
    + struct.pack("<HHHH", 65, 3, 0x0300, 0)
    + bytes(56)
)


async def play(*connections: Sequence[Step] | NetworkError) -> list[dict[str, Fact]]:
    talk = await FakeNetwork(SERVICE, connections).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    return [dict(seen.facts) for seen in PROBE.read(talk)]


async def test_a_server_that_takes_both_is_told() -> None:
    (found,) = await play(
        [Hears(ASK_2), Says(NEW[:50]), Says(NEW[50:])], [Hears(ASK_1), Says(old(0))]
    )
    assert found == {"version_1": True, "dialect": "3.0", "signing_required": False}


async def test_a_server_that_takes_none_of_version_1_is_told() -> None:
    (found,) = await play([Hears(ASK_2), Says(NEW)], [Hears(ASK_1), Says(old(0xFFFF))])
    assert (found["version_1"], found["dialect"], found["signing_required"]) == (
        False,
        "3.0",
        True,
    )


async def test_an_old_server_answers_only_the_old_question() -> None:
    (found,) = await play([Hears(ASK_2), Closes()], [Hears(ASK_1), Says(old(0))])
    assert found == {"version_1": True, "signing_required": False}


def talk(ending: Ending) -> Transcript:
    """A server that answers version 2 and ends the connection for version 1 in some way."""
    turns = (
        Turn("client", 0.0, ASK_2, 0),
        Turn("server", 0.1, NEW, 0),
        Turn("client", 0.2, ASK_1, 1),
    )
    channels = (Channel(SERVICE.endpoint), Channel(SERVICE.endpoint, ending=ending))
    return Transcript("c1", SERVICE, "smb", 0.0, turns, channels)


@pytest.mark.parametrize(("ending", "version_1"), [(Ending.CLOSED, False), (Ending.TIMEOUT, None)])
def test_hanging_up_is_an_answer_and_silence_is_none(
    ending: Ending, version_1: bool | None
) -> None:
    (seen,) = PROBE.read(talk(ending))
    assert seen.facts.get("version_1") is version_1


async def test_nothing_is_said_of_a_stranger() -> None:
    assert await play(ConnectionLost("x"), [Hears(ASK_1), Closes()]) == []


@pytest.mark.parametrize(
    ("heard", "known"),
    [(NEW, True), (old(0), True), (NEW[:40], False), (b"HTTP/1.1 400\r\n\r\n", False)],
)
def test_an_answer_is_recognised(heard: bytes, known: bool) -> None:
    assert PROBE.recognises(heard) is known
