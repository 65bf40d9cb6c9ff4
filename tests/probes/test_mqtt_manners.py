"""The MQTT probe and brokers of odd manners: those that hang up, pour or mean harm."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence

import pytest
from brokers import LIMITS, LOGINS, OVER_WEBSOCKET, PLAIN, PROBE, converse, read, service_at

from iotscan.model import Ending
from iotscan.net.gateway import Gateway
from iotscan.protocols.mqtt import codec as mqtt
from iotscan.protocols.mqtt import packets
from iotscan.protocols.mqtt.reader import Sample
from iotscan.settings import Limits
from iotscan.testing import HOSTILE, LOOPBACK, Handler, serve


def manners(
    *,
    admits: Callable[[int, int], int] = lambda number, version: 0,
    hangs_up_at: Sequence[str] = (),
    silent_at: Sequence[str] = (),
    asked: Callable[[str], None] = lambda name: None,
    codes: Mapping[str, int] | None = None,
) -> Handler:
    """A broker that hangs up at some filters, says nothing to some, and answers the others with
    ``codes``.

    ``admits``: the CONNACK code for the how-many-eth connection and its version. ``asked``: is told
    of each filter before it is answered.
    """
    connections = itertools.count(1)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter, version = mqtt.Splitter(), 4
        while data := await reader.read(4096):
            splitter.receive(data)
            while (frame := splitter.next()) is not None:
                packet = mqtt.decode(frame, version)
                answer: packets.Packet | None = None
                match packet:
                    case packets.Connect():
                        version = packet.version
                        answer = packets.Connack(admits(next(connections), version))
                    case packets.Pingreq():
                        answer = packets.Pingresp()
                    case packets.Subscribe(number, ((name, _),)):
                        asked(name)
                        if name in hangs_up_at:
                            return
                        if name in silent_at:
                            continue
                        answer = packets.Suback(number, ((codes or {}).get(name, 0),))
                    case _:
                        continue
                writer.write(mqtt.encode(answer, version))
                await writer.drain()

    return handler


async def test_filters_that_are_refused_are_refused() -> None:
    async with serve(manners(codes={"#": 0x87, "$SYS/#": 0x80})) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert [(s["filter"], s["granted"], s["code"]) for s in found["mqtt.subscribe"]] == [
        ("$SYS/#", False, 0x80),
        ("#", False, 0x87),
    ]
    assert "mqtt.traffic" not in found
    assert talk.ending is Ending.COMPLETE


async def test_a_broker_that_hangs_up_at_one_filter_is_asked_the_other_one_anew() -> None:
    async with serve(manners(hangs_up_at=["$SYS/#"])) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert [(s["filter"], s["granted"]) for s in found["mqtt.subscribe"]] == [("#", True)]
    # What was not answered is not known, and the ending says so.
    assert talk.ending is Ending.CLOSED
    assert "$SYS/#" in talk.note


async def test_a_broker_that_says_nothing_to_a_filter_did_not_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("iotscan.probes._mqtt_listening._HANDSHAKE_SECONDS", 0.4)
    async with serve(manners(silent_at=["#"])) as port:
        talk = await converse(service_at(port))
    assert [(s["filter"], s["granted"]) for s in read(talk)["mqtt.subscribe"]] == [("$SYS/#", True)]
    assert talk.ending is Ending.TIMEOUT
    assert "#" in talk.note


async def test_what_a_broker_answered_while_we_were_busy_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Busy for longer than a broker is given: time in which we did not listen is not its time."""
    monkeypatch.setattr("iotscan.probes._mqtt_listening._HANDSHAKE_SECONDS", 0.4)

    def busy(name: str) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + 1.0
        while loop.time() < until:
            pass

    async with serve(manners(asked=busy)) as port:
        talk = await converse(service_at(port))
    assert [(s["filter"], s["granted"]) for s in read(talk)["mqtt.subscribe"]] == [
        ("$SYS/#", True),
        ("#", True),
    ]
    assert talk.ending is Ending.COMPLETE


async def test_a_broker_that_only_lets_connect_is_not_called_readable() -> None:
    async with serve(manners(hangs_up_at=["$SYS/#", "#"])) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert {"mqtt.subscribe", "mqtt.traffic"}.isdisjoint(found)
    assert talk.ending is Ending.CLOSED


async def test_a_broker_without_version_5_is_listened_to_in_3_1_1() -> None:
    async with serve(manners(admits=lambda number, version: 1 if version == 5 else 0)) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert [(s["version"], s["code"]) for s in found["mqtt.session"]] == [("3.1.1", 0), ("5.0", 1)]
    assert [s["granted"] for s in found["mqtt.subscribe"]] == [True, True]
    assert "mqtt.limits" not in found
    assert talk.ending is Ending.COMPLETE


async def test_a_broker_that_admits_nobody_any_more_was_not_listened_to() -> None:
    async with serve(manners(admits=lambda number, version: 0x97 if number > 2 else 0)) as port:
        talk = await converse(service_at(port))
    assert {"mqtt.subscribe", "mqtt.traffic"}.isdisjoint(read(talk))
    assert talk.ending is Ending.CLOSED
    assert "$SYS/# and #" in talk.note


async def test_bytes_spent_before_a_filter_was_answered_are_a_failure() -> None:
    async def pours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frame = bytes.fromhex("30060003612f6278")
        await reader.read(1024)
        writer.write(mqtt.encode(packets.Connack(0)) + frame * 4_000)
        await writer.drain()
        await reader.read(-1)

    narrow = Limits(read_timeout=1.0, conversation_bytes=16_384)
    async with serve(pours) as port:
        talk = await converse(service_at(port), limits=narrow)
    assert talk.ending is Ending.BUDGET_SPENT
    assert "mqtt.subscribe" not in read(talk)


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("hint", [PLAIN, OVER_WEBSOCKET])
async def test_a_hostile_peer_proves_nothing_and_costs_little(name: str, hint: str) -> None:
    limits = Limits(read_timeout=0.3, connect_timeout=1.0, conversation_timeout=3.0)
    async with serve(HOSTILE[name]) as port:
        began = time.monotonic()
        talk = await converse(service_at(port, hint=hint), logins=LOGINS, limits=limits)
    assert time.monotonic() - began < 30
    assert talk.ending in (
        Ending.TIMEOUT,
        Ending.CLOSED,
        Ending.WRONG_PROTOCOL,
        Ending.BUDGET_SPENT,
    )
    assert talk.note
    assert read(talk) == {}
    assert sum(len(turn.data) for turn in talk.turns) <= limits.conversation_bytes


@pytest.mark.parametrize(
    "behaviour",
    [
        b"\x20\x02\x00\x00" + b"\xff" * 64,
        b"\x20\x02\x00\x00" + b"\x30\xff\xff\xff\x7f",
        b"\x20\x02\x00\x00" + b"\xe0\x00",
        b"\x20\x02\x00\x00",
    ],
    ids=["garbage", "endless message", "farewell", "hangs up"],
)
async def test_a_broker_that_accepts_and_then_misbehaves_gives_no_access(behaviour: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(behaviour)
        await writer.drain()

    async with serve(handler) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert talk.ending is Ending.CLOSED
    assert {"mqtt.subscribe", "mqtt.traffic", "mqtt.login"}.isdisjoint(found)
    assert not any(session.get("usable") for session in found["mqtt.session"])


async def test_being_cancelled_while_listening_ends_at_once() -> None:
    async with serve(manners()) as port:
        service = service_at(port)
        gateway = Gateway(LOOPBACK, LIMITS, clock=time.monotonic)
        conversation = gateway.conversation(service, "mqtt", id="c1", began=0.0)
        listening = asyncio.ensure_future(
            type(PROBE)(Sample(seconds=600.0)).converse(service, conversation, ())
        )

        def granted() -> int:
            found = read(conversation.transcript(Ending.TIMEOUT))
            return sum(one.get("granted") is True for one in found.get("mqtt.subscribe", []))

        while granted() < 2:
            await asyncio.wait({listening}, timeout=0.05)
            assert not listening.done()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
    assert granted() == 2
