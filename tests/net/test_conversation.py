"""What was said is recorded truly, secrets masked, within bounds; the ending tells the truth."""

from __future__ import annotations

import asyncio
import itertools
import time
import tracemalloc
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.errors import (
    BudgetSpent,
    ConnectionLost,
    Malformed,
    NetworkError,
    OutOfTime,
    Refused,
    TimedOut,
)
from iotscan.model import Ending, Endpoint, Outcome, Service, Turn
from iotscan.net.conversation import Conversation
from iotscan.net.gateway import Gateway
from iotscan.net.record import MOST_TURNS
from iotscan.probe_api import Login
from iotscan.testing import HOSTILE, NOISE

ROOT = Login("pair-1", "root", "system")
VAULT = {"pair-1": b"xc3511"}
Make = Callable[..., Gateway]


def talk(gateway: Gateway, service: Service, began: float = 0.0) -> Conversation:
    return gateway.conversation(service, "test", id="c7", began=began)


def words(turns: Iterable[Turn]) -> list[tuple[str, bytes]]:
    return [(turn.sender, turn.data) for turn in turns]


async def echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"login: ")
    while data := await reader.read(100):
        writer.write(data)


async def read_until(stream: Any, wanted: bytes) -> bytes:
    heard = b""
    while wanted not in heard:
        heard += await stream.read()
    return heard


async def test_a_talk_is_recorded_with_times_channels_and_endings(
    gateway_with: Make, serve: Any, fake_clock: Any
) -> None:
    async with serve(echoing) as service:
        net = talk(gateway_with(clock=fake_clock), service, began=12.3456789)
        async with net.tcp(service) as stream:
            await stream.read()
            fake_clock.now += 1.5
            await stream.write(b"one")
            await read_until(stream, b"one")
        fake_clock.now += 0.25
        async with net.tcp(service) as stream:
            await stream.read()
    said = net.transcript(Ending.COMPLETE)
    assert (said.id, said.probe, said.began, said.service) == ("c7", "test", 12.345679, service)
    assert words(turn for _, turn in said.turns_of(0)[:3]) == [
        ("server", b"login: "),
        ("client", b"one"),
        ("server", b"one"),
    ]
    assert [turn.at for turn in said.turns] == [12.345679, 13.845679, 13.845679, 14.095679]
    assert [turn.channel for turn in said.turns] == [0, 0, 0, 1]
    assert [channel.opened for channel in said.channels] == [12.345679, 14.095679]
    assert {channel.ending for channel in said.channels} == {Ending.COMPLETE}
    assert {channel.endpoint for channel in said.channels} == {service.endpoint}


async def test_the_secret_and_its_echo_are_masked_but_the_probe_hears_all(
    gateway_with: Make, serve: Any
) -> None:
    async with serve(echoing) as service:
        net = talk(gateway_with(vault=VAULT), service)
        async with net.tcp(service, login=ROOT) as stream:
            await stream.read()
            await stream.write(b"user xc3511 pass " + stream.secret + b"\r", hide=stream.secret)
            heard = await read_until(stream, b"\r")
            await stream.write(b"id")
            await read_until(stream, b"id")
        net.outcome(ROOT, Outcome.ACCEPTED)
    said = net.transcript()
    assert heard == b"user xc3511 pass xc3511\r"
    assert said.said_by("client") == b"user xc3511 pass ******\rid"
    assert said.turns[1].login == "pair-1"
    assert [turn.login for turn in said.turns if turn.data == b"id"] == [None, None]
    assert (said.channels[0].login, said.channels[0].outcome) == ("pair-1", Outcome.ACCEPTED)


@pytest.mark.parametrize(
    "pieces", [[b"xc3511\r\n"], [b"x", b"c35", b"11", b"\r\n"], [b"\r\nxc3511"]]
)
async def test_an_echo_of_the_password_is_masked_however_it_comes(
    gateway_with: Make, serve: Any, pieces: list[bytes]
) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        for piece in pieces:
            writer.write(piece)
            await reader.read(1)

    async with serve(handler) as service:
        net = talk(gateway_with(vault=VAULT), service)
        async with net.tcp(service, login=ROOT) as stream:
            await stream.write(stream.secret + b"\r", hide=stream.secret)
            for _ in pieces:
                await stream.read()
                stream._socket.send(b".")
    heard = net.transcript().said_by("server")
    assert heard == b"".join(pieces).replace(b"xc3511", b"******")


async def test_what_is_to_be_hidden_must_be_there(gateway_with: Make, serve: Any) -> None:
    async with serve(echoing) as service:
        net = talk(gateway_with(vault=VAULT), service)
        async with net.tcp(service, login=ROOT) as stream:
            with pytest.raises(ValueError, match="hidden"):
                await stream.write(b"no secret here", hide=stream.secret)
    assert net.transcript().said_by("client") == b""


async def test_an_outcome_belongs_to_a_login_that_was_tried(gateway_with: Make, serve: Any) -> None:
    async with serve(echoing) as service:
        with pytest.raises(LookupError):
            talk(gateway_with(vault=VAULT), service).outcome(ROOT, Outcome.ACCEPTED)


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (Malformed("not telnet"), Ending.WRONG_PROTOCOL),
        (ConnectionLost("gone"), Ending.CLOSED),
        (TimedOut("read"), Ending.TIMEOUT),
        (ZeroDivisionError(), Ending.BUG),
    ],
)
async def test_a_channel_ends_as_the_error_says(
    gateway_with: Make, serve: Any, error: Exception, ending: Ending
) -> None:
    async with serve(echoing) as service:
        net = talk(gateway_with(), service)
        with pytest.raises(type(error)):
            async with net.tcp(service):
                raise error
    assert net.transcript().channels[0].ending is ending


async def test_a_device_that_closes_is_told_from_one_that_we_leave(
    gateway_with: Make, serve: Any
) -> None:
    async with serve(HOSTILE["closes at once"]) as service:
        net = talk(gateway_with(), service)
        async with net.tcp(service) as stream:
            assert await stream.read() == b""
    assert net.transcript().channels[0].ending is Ending.CLOSED


async def test_nobody_there_is_refused_and_recorded(gateway_with: Make, free_port: int) -> None:

    service = Service(Endpoint(ip_address("127.0.0.1"), "tcp", free_port))
    net = talk(gateway_with(), service)
    with pytest.raises(Refused):
        async with net.tcp(service):
            pass
    said = net.transcript(Ending.REFUSED, "nobody there")
    assert said.channels[0].ending is Ending.REFUSED
    assert (said.turns, said.ending, said.note) == ((), Ending.REFUSED, "nobody there")


async def drain(net: Conversation, service: Service) -> bytes:
    """Read and answer until the device or the gateway has enough."""
    heard = b""
    async with net.tcp(service) as stream:
        await stream.write(b"\r\n")
        while data := await stream.read():
            heard += data
    return heard


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("silent", TimedOut),
        ("closes at once", None),
        ("resets mid-reply", None),
        ("one byte a second", TimedOut),
        ("endless bytes", BudgetSpent),
        ("endless negotiation", BudgetSpent),
        ("endless lines", BudgetSpent),
        ("random bytes", TimedOut),
        ("TLS alert", TimedOut),
        ("half a packet", TimedOut),
    ],
)
async def test_hostile_peers_end_with_the_truth_in_bounded_bytes(
    gateway_with: Make, serve: Any, peer: str, expected: type[NetworkError] | None
) -> None:
    async with serve(HOSTILE[peer]) as service:
        net = talk(gateway_with(conversation_bytes=50_000), service)
        try:
            await drain(net, service)
            error = None
        except ConnectionLost:
            error = None
        except NetworkError as raised:
            error = type(raised)
    assert error is expected
    said = net.transcript()
    assert sum(len(turn.data) for turn in said.turns) <= 50_000
    if error is None:
        assert said.channels[0].ending is Ending.CLOSED


async def test_an_endless_peer_costs_little_memory_and_time(gateway_with: Make, serve: Any) -> None:
    tracemalloc.start()
    try:
        async with serve(HOSTILE["endless bytes"]) as service:
            net = talk(gateway_with(), service)
            with pytest.raises(BudgetSpent):
                await drain(net, service)
            assert len(net.transcript().said_by("server")) <= 262_144
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


async def test_the_conversation_ends_when_its_time_is_up(
    gateway_with: Make, serve: Any, fake_clock: Any
) -> None:
    """A peer that always says a little more is stopped by the conversation's time, not a read's."""

    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in itertools.cycle(b"login: "):
            writer.write(bytes([byte]))
            if not await reader.read(1):
                return  # else, since reading at the end never waits, nobody else ever would

    async with serve(drips) as service:
        net = talk(gateway_with(clock=fake_clock, conversation_timeout=60.0), service)

        async def listen() -> None:
            async with net.tcp(service) as stream:
                while True:
                    await stream.read()
                    fake_clock.now += 1.0
                    stream._socket.send(b".")

        with pytest.raises(OutOfTime):
            await listen()
        with pytest.raises(OutOfTime):
            async with net.tcp(service):
                pass
    assert 55 <= len(net.transcript().said_by("server")) <= 61


async def test_single_bytes_become_turns_only_so_many_times(gateway_with: Make, serve: Any) -> None:
    count = MOST_TURNS + 500

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * count)
        await reader.read(1)

    async with serve(handler) as service:
        net = talk(gateway_with(), service)
        async with net.tcp(service) as stream:
            for _ in range(count):
                await stream.read(1)
    said = net.transcript()
    assert len(said.turns) == MOST_TURNS
    assert said.said_by("server") == b"x" * count


async def test_an_endless_ping_pong_is_stopped(gateway_with: Make, serve: Any) -> None:
    async with serve(echoing) as service:
        net = talk(gateway_with(conversation_timeout=60.0), service)

        async def play() -> None:
            async with net.tcp(service) as stream:
                while True:
                    await stream.write(b".")
                    await stream.read()

        with pytest.raises(BudgetSpent, match="turns"):
            await play()
    assert len(net.transcript().turns) == 2 * MOST_TURNS


async def test_bytes_we_send_count_too(gateway_with: Make, serve: Any) -> None:
    async with serve(HOSTILE["silent"]) as service:
        net = talk(gateway_with(conversation_bytes=1000), service)
        async with net.tcp(service) as stream:
            await stream.write(NOISE * 3)
            with pytest.raises(BudgetSpent, match="bytes"):
                await stream.write(NOISE)


async def test_a_conversation_has_only_so_many_connections(gateway_with: Make, serve: Any) -> None:
    async with serve(echoing) as service:
        net = talk(gateway_with(conversation_connections=2), service)
        for _ in range(2):
            async with net.tcp(service):
                pass
        with pytest.raises(BudgetSpent, match="connections"):
            async with net.tcp(service):
                pass


async def test_waiting_for_a_place_ends_with_the_conversations_time(
    gateway_with: Make, serve: Any
) -> None:
    """A probe that holds a connection and waits for another must not hang for ever."""
    held: list[float] = []

    def clock() -> float:
        return time.monotonic() - held[0] if held else 0.0

    async with serve(echoing) as service:
        gateway = gateway_with(clock=clock, connections_per_host=1, conversation_timeout=0.2)
        net = talk(gateway, service)
        async with net.tcp(service):
            held.append(time.monotonic())
            with pytest.raises(OutOfTime):
                async with net.tcp(service):
                    pass
        assert net._gateway.governor.slots.taken(service.endpoint.address) == 0


async def test_a_pause_stays_within_the_conversation(
    gateway_with: Make, serve: Any, fake_clock: Any
) -> None:
    async with serve(echoing) as service:
        gateway = gateway_with(clock=fake_clock, sleep=fake_clock.sleep, conversation_timeout=60.0)
        net = talk(gateway, service)
        start = fake_clock()
        await net.pause(20.0)
        assert fake_clock() - start == 20.0
        with pytest.raises(OutOfTime):
            await net.pause(100.0)
        assert fake_clock() - start == 60.0


async def test_a_cancelled_talk_keeps_what_was_said_and_gives_its_place_back(
    gateway_with: Make, serve: Any
) -> None:
    async with serve(echoing) as service:
        gateway = gateway_with(read_timeout=5.0)
        net = talk(gateway, service)
        heard = asyncio.Event()

        async def probe() -> None:
            async with net.tcp(service) as stream:
                await stream.read()
                heard.set()
                await stream.read()

        task = asyncio.ensure_future(probe())
        await heard.wait()
        task.cancel()
        await asyncio.wait({task})
    said = net.transcript(Ending.TIMEOUT)
    assert said.said_by("server") == b"login: "
    assert said.channels[0].ending is Ending.TIMEOUT
    assert gateway.governor.slots.taken(service.endpoint.address) == 0


async def test_a_peer_that_never_reads_does_not_hang_the_writer(
    gateway_with: Make, serve: Any
) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()
        await asyncio.sleep(5)

    async with serve(deaf) as service:
        net = talk(gateway_with(conversation_bytes=1 << 26, read_timeout=0.2), service)
        with pytest.raises(TimedOut):
            async with net.tcp(service) as stream:
                await stream.write(bytes(1 << 25))
