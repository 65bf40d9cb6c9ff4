"""How probes hear an answer out, whole or from a device that closes, drips or never ends."""

from __future__ import annotations

import pytest

from iotscan.errors import BudgetSpent, ConnectionLost, Malformed, TimedOut
from iotscan.probe_api import Greeted, fits, hear, hear_out, hear_whole
from iotscan.testing import Closes, Fails, FakeNetwork, Says, Step, on_loopback

SERVICE = on_loopback(7, "lines")
UDP = on_loopback(7, "lines", "udp")


def line(heard: bytes) -> bytes | None:
    """The first line; None while it is not whole."""
    if heard.startswith(b"\0"):
        raise Malformed("not text")
    return heard.partition(b"\n")[0] if b"\n" in heard else None


@pytest.mark.parametrize(
    ("said", "known"), [(b"220 here\n", True), (b"220 he", False), (b"\0", False)]
)
def test_what_a_parser_takes_is_known_and_nothing_else(said: bytes, known: bool) -> None:
    assert fits(line, said) is known


async def heard(*script: Step, whole: bool = False, most: int = 64) -> bytes | None:
    network = FakeNetwork(SERVICE, [script])
    async with network.tcp(SERVICE) as stream:
        if whole:
            return await hear_whole(stream, line, most=most)
        return await hear(stream, line, at_end=lambda rest: rest + b" (cut)", most=most)


async def test_an_answer_is_put_together_from_its_pieces() -> None:
    assert await heard(Says(b"SSH"), Says(b"-2.0"), Says(b"\nmore")) == b"SSH-2.0"
    assert await heard(Says(b"SSH"), Says(b"-2.0\n"), whole=True) == b"SSH-2.0"


async def test_nothing_is_read_behind_the_answer() -> None:
    assert await heard(Says(b"SSH-2.0\n"), Fails(TimedOut("read"))) == b"SSH-2.0"


async def test_what_a_device_said_before_it_closed_is_judged_at_its_end() -> None:
    assert await heard(Says(b"SSH"), Closes()) == b"SSH (cut)"
    assert await heard(Closes()) is None, "there is nothing to judge"


@pytest.mark.parametrize("said", [[], [Says(b"SSH")]], ids=["no word", "half a word"])
async def test_an_answer_that_says_where_it_ends_must_come_whole(said: list[Step]) -> None:
    with pytest.raises(ConnectionLost):
        await heard(*said, Closes(), whole=True)


async def test_an_answer_without_an_end_is_given_up() -> None:
    with pytest.raises(Malformed, match="much is said"):
        await heard(*[Says(b"x" * 10)] * 9)
    assert await heard(*[Says(b"x" * 10)] * 6, Says(b"1234\n")) == b"x" * 60 + b"1234"


async def test_an_answer_in_crumbs_is_given_up() -> None:
    with pytest.raises(BudgetSpent):
        await heard(*[Says(b"x")] * 300, most=1000)


async def test_another_protocol_is_told_at_once() -> None:
    with pytest.raises(Malformed, match="not text"):
        await heard(Says(b"\0"), whole=True)


async def test_datagrams_are_heard_until_a_silence_or_a_bound() -> None:
    network = FakeNetwork(UDP, [[Says(b"1"), Says(b"2"), Fails(TimedOut("read")), Says(b"late")]])
    async with network.udp(UDP) as datagrams:
        await hear_out(datagrams, most=9, quiet=0.1)
    assert [turn.data for turn in network.turns] == [b"1", b"2"]
    flood = FakeNetwork(UDP, [[Says(b"x")] * 20])
    async with flood.udp(UDP) as datagrams:
        await hear_out(datagrams, most=9, quiet=0.1)
    assert len(flood.turns) == 9


async def test_the_first_datagram_must_come() -> None:
    network = FakeNetwork(UDP, [[Fails(TimedOut("read"))]])
    async with network.udp(UDP) as datagrams:
        with pytest.raises(TimedOut):
            await hear_out(datagrams, most=9, quiet=0.1)


async def test_what_was_greeted_is_not_talked_to_again() -> None:
    probe, network = Greeted(), FakeNetwork(SERVICE, [])
    assert not probe.handles(SERVICE)
    await probe.converse(SERVICE, network, ())
    assert network.channels == []
