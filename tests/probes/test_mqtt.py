"""The MQTT probe by the script: versions, logins, and what the engine asks with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from brokers import LOGINS, OVER_WEBSOCKET, PLAIN, PROBE, VAULT, read, service_at

from iotscan.errors import (
    LockedOut,
    Malformed,
    NetworkError,
    OutOfTime,
    Refused,
    TimedOut,
    TlsFailed,
)
from iotscan.model import Ending, Impact, Outcome
from iotscan.protocols.http import websocket
from iotscan.protocols.mqtt import codec as mqtt
from iotscan.protocols.mqtt import packets
from iotscan.testing import Closes, Fails, FakeNetwork, Hears, Says, Step


def answers(packet: packets.Packet, version: int = 4) -> Says:
    return Says(mqtt.encode(packet, version))


def hello(version: int) -> Hears:
    def fits(data: bytes) -> bool:
        splitter = mqtt.Splitter()
        splitter.receive(data)
        frame = splitter.next()
        said = mqtt.decode(frame) if frame else None
        return (
            isinstance(said, packets.Connect)
            and said.version == version
            and said.clean
            and said.will is None
            and not splitter.pending
        )

    return Hears(fits)


def refused(version: int, code: int = 5) -> list[Step]:
    return [hello(version), answers(packets.Connack(code), version)]


def network(
    *connections: Sequence[Step] | NetworkError, impact: Impact = Impact.LOGIN
) -> FakeNetwork:
    return FakeNetwork(service_at(1883), connections, dict(VAULT), impact)


@pytest.mark.parametrize(
    "answer", [packets.Pingresp(), packets.Publish("a", b"b")], ids=["ping", "message"]
)
async def test_a_broker_that_does_not_begin_with_connack_is_none(answer: packets.Packet) -> None:
    net = network([hello(4), answers(answer)])
    with pytest.raises(Malformed):
        await PROBE.converse(net.service, net, ())
    assert read(net.transcript("mqtt", Ending.WRONG_PROTOCOL)) == {}


async def test_a_broker_of_the_first_version_is_asked_in_its_own() -> None:
    net = network([hello(4), answers(packets.Connack(1))], [hello(5), Closes()], refused(3, code=5))
    found = read(await net.play(PROBE))
    assert [(s["version"], s["code"]) for s in found["mqtt.session"] if "code" in s] == [
        ("3.1.1", 1),
        ("3.1", 5),
    ]


async def test_a_broker_that_hangs_up_on_every_version_is_unknown() -> None:
    closing: list[list[Step]] = [[hello(version), Closes()] for version in (4, 5, 3)]
    net = network(*closing)
    talk = await net.play(PROBE)
    assert talk.ending is Ending.CLOSED
    assert read(talk) == {}


async def test_silence_on_version_5_does_not_hide_what_3_1_1_said() -> None:
    net = network(refused(4), [hello(5), Fails(TimedOut("read"))])
    talk = await net.play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert read(talk)["mqtt.session"][0]["code"] == 5


async def test_what_takes_any_pair_is_told_apart_from_a_default_login() -> None:
    taken: list[Step] = [Hears(), answers(packets.Connack(0)), Hears()]
    net = network(refused(4), refused(5, 0x87), taken, taken)
    talk = await net.play(PROBE, LOGINS)
    login = read(talk)["mqtt.login"][0]
    assert login["accepts_anything"] is login["control_accepted"] is True
    assert net.outcomes == {"mqtt-admin": Outcome.ACCEPTED, "control": Outcome.ACCEPTED}


async def test_a_login_that_hangs_is_a_sign_of_throttling() -> None:
    net = network(refused(4), refused(5, 0x87), [Hears(), Fails(TimedOut("read"))])
    talk = await net.play(PROBE, LOGINS)
    assert talk.ending is Ending.LOCKED_OUT
    assert read(talk)["mqtt.login"][0] == {"attempts": 1, "locked_out": True, "encrypted": False}


async def test_the_end_of_our_own_time_is_no_sign_of_throttling() -> None:
    net = network(refused(4), refused(5, 0x87), [Hears(), Fails(OutOfTime())])
    talk = await net.play(PROBE, LOGINS)
    assert talk.ending is Ending.TIMEOUT
    assert net.outcomes == {}
    assert read(talk)["mqtt.login"][0] == {"attempts": 1, "locked_out": False, "encrypted": False}


async def test_a_ban_ends_the_logins() -> None:
    net = network(refused(4, 1), refused(5, 0x87), refused(5, 0x8A))
    talk = await net.play(PROBE, LOGINS)
    assert talk.ending is Ending.LOCKED_OUT
    assert net.outcomes == {"mqtt-admin": Outcome.LOCKED}


async def test_a_close_instead_of_an_answer_is_unclear_and_the_next_pair_is_tried() -> None:
    closed: list[Step] = [Hears(), Closes()]
    net = network(refused(4), refused(5, 0x87), closed, refused_login())
    talk = await net.play(PROBE, LOGINS)
    assert net.outcomes == {"mqtt-admin": Outcome.UNCLEAR, "mqtt-guest": Outcome.REFUSED}
    assert "accepted" not in read(talk)["mqtt.login"][0]


def refused_login() -> list[Step]:
    return [Hears(), answers(packets.Connack(4))]


@pytest.mark.parametrize("code", [2, 3, 0x88, 0x9D])
async def test_logins_are_not_tried_where_none_was_asked_for(code: int) -> None:
    net = network(refused(4, code), refused(5, code))
    await net.play(PROBE, LOGINS)
    assert net.outcomes == {}


@pytest.mark.parametrize(
    "error", [Refused("no"), TimedOut("connect"), TlsFailed("bad"), LockedOut("stop")]
)
async def test_what_keeps_the_first_connection_from_being_made_is_how_it_ends(
    error: NetworkError,
) -> None:
    talk = await network(error).play(PROBE)
    assert talk.ending is error.ending
    assert read(talk) == {}


async def test_a_websocket_that_is_not_agreed_to_is_malformed() -> None:
    net = FakeNetwork(
        service_at(8083, hint=OVER_WEBSOCKET),
        [[Hears(), Says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]],
    )
    with pytest.raises(Malformed):
        await PROBE.converse(net.service, net, ())


@pytest.mark.parametrize("opening", PROBE.openings, ids=lambda opening: opening.name)
async def test_openings_are_answered_by_what_they_recognise(opening: Any) -> None:
    if opening.name.startswith("websocket"):
        reply = websocket.upgrade_answer(websocket.KEY, "mqtt")
        assert b"Sec-WebSocket-Protocol: mqtt" in opening.says
    else:
        reply = mqtt.encode(packets.Connack(5))
        splitter = mqtt.Splitter()
        splitter.receive(opening.says)
        frame = splitter.next()
        assert frame is not None
        said = mqtt.decode(frame)
        assert isinstance(said, packets.Connect)
        assert said.anonymous
        assert said.clean
        assert said.will is None
    assert PROBE.recognises(reply)
    assert set(opening.tls) <= set(opening.ports)


def test_one_opening_may_be_said_anywhere_and_it_is_the_plain_connect() -> None:
    assert [opening.name for opening in PROBE.openings if opening.anywhere] == [PLAIN]


@pytest.mark.parametrize(
    "heard",
    [
        b"",
        b"\x20\x02",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        websocket.upgrade_answer(websocket.KEY, "chat"),
        b"SSH-2.0-x\r\n",
        b"\xff\xfd\x18",
        b"HTTP/1.1 101 Switching",
    ],
)
def test_other_greetings_are_not_recognised(heard: bytes) -> None:
    assert not PROBE.recognises(heard)


def test_services_that_are_handled() -> None:
    assert PROBE.handles(service_at(23))
    assert not PROBE.handles(service_at(1883, name="telnet"))
    assert not PROBE.handles(service_at(1883, name=None))
    assert PROBE.handles(service_at(8883, name=None, tls=True))
    assert not PROBE.handles(service_at(8443, name=None, tls=True))
