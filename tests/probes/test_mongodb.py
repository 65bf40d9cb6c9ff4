"""The MongoDB probe: old and new servers, with and without logins."""

from __future__ import annotations

import struct
from dataclasses import replace
from ipaddress import ip_address

import pytest

from iotscan.model import Ending, Endpoint, Fact, Service, Transcript
from iotscan.plugins import probes
from iotscan.protocols.databases import mongodb
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "mongodb")
SERVICE = Service(Endpoint(ip_address("127.9.0.8"), "tcp", 27017), "mongodb")
HELLO, VERSION, LIST = 0x696F, 0x6970, 0x6971


def document(*elements: bytes) -> bytes:
    body = b"".join(elements) + b"\0"
    return struct.pack("<i", len(body) + 4) + body


def text(name: str, value: str) -> bytes:
    raw = value.encode() + b"\0"
    return b"\x02" + name.encode() + b"\0" + struct.pack("<i", len(raw)) + raw


def answer(to: int, *elements: bytes, old: bool = False) -> bytes:
    head = struct.pack("<iqii", 8, 0, 0, 1) if old else struct.pack("<iB", 0, 0)
    body = head + document(*elements)
    return struct.pack("<iiii", 16 + len(body), 1, to, 1 if old else 2013) + body


def greeting(wire: int) -> bytes:
    number = b"\x10maxWireVersion\0" + struct.pack("<i", wire)
    return answer(HELLO, b"\x08ismaster\0\x01", number, OK, old=True)


OK = b"\x01ok\0" + struct.pack("<d", 1.0)
NAMES = b"\x04databases\0" + document(b"\x030\0" + document(text("name", "admin")))
REFUSED = b"\x10code\0" + struct.pack("<i", 13) + text("errmsg", "requires authentication")


def facts(talk: Transcript) -> list[dict[str, Fact]]:
    return [dict(seen.facts) for seen in PROBE.read(talk)]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([NAMES, OK], {"open": True, "databases": 1}),
        ([REFUSED], {"open": False}),
        ([text("errmsg", "not primary")], {}),
    ],
)
async def test_the_list_tells_whether_it_is_open(
    told: list[bytes], expected: dict[str, Fact]
) -> None:
    script: list[Step] = [
        *(Hears(mongodb.old_command(HELLO, "isMaster")), Says(greeting(21))),
        *(Hears(mongodb.command(VERSION, "buildInfo")),),
        *(Says(answer(VERSION, text("version", "7.0.5"), OK)[:30]),),
        *(Says(answer(VERSION, text("version", "7.0.5"), OK)[30:]),),
        *(Hears(mongodb.command(LIST, "listDatabases", nameOnly=True)),),
        *(Says(answer(LIST, *told)),),
    ]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    known: dict[str, Fact] = {"product": "MongoDB", "version": "7.0.5", "encrypted": False}
    assert facts(talk) == [known | expected]
    assert facts(replace(talk, client=SERVICE.endpoint)) == []


async def test_an_old_server_is_asked_in_its_own_words() -> None:
    script: list[Step] = [
        *(Hears(), Says(greeting(4))),
        *(Hears(mongodb.old_command(VERSION, "buildInfo")), Says(answer(VERSION, OK, old=True))),
        *(Hears(mongodb.old_command(LIST, "listDatabases")),),
        *(Says(answer(LIST, text("errmsg", "unauthorized"), old=True)),),
    ]
    (found,) = facts(await FakeNetwork(SERVICE, [script]).play(PROBE))
    assert found["open"] is False


async def test_a_server_that_stops_answering_is_not_judged() -> None:
    script: list[Step] = [Hears(), Says(greeting(21)), Hears(), Closes()]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.CLOSED
    assert facts(talk) == [{"product": "MongoDB", "encrypted": False}]


def test_only_the_answer_to_our_greeting_is_recognised() -> None:
    assert PROBE.recognises(greeting(21))
    assert not PROBE.recognises(answer(99, b"\x08ismaster\0\x01", OK, old=True))
    assert not PROBE.recognises(answer(HELLO, OK, old=True))
    assert not PROBE.recognises(greeting(21)[:-1])
