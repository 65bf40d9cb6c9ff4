"""Rates and numbers hold on any clock, for any order of events, in bounded memory."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.net.limits import Governor, Slots, TokenBucket
from iotscan.settings import Limits

HOST = ip_address("192.168.1.7")


@given(
    gaps=st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
    rate=st.floats(1, 1000),
    burst=st.integers(1, 20),
)
def test_no_window_of_time_sees_more_than_rate_and_burst(
    gaps: list[float], rate: float, burst: int
) -> None:
    now = 0.0
    bucket = TokenBucket(rate, burst, lambda: now)
    used: list[float] = []
    for gap in gaps:
        now += gap
        used.append(now + bucket.reserve())
    assert used == sorted(used)
    for i, start in enumerate(used):
        for j, end in enumerate(used[i:], start=i):
            assert j - i + 1 <= burst + rate * (end - start) + 1e-6 * (j + 1)


def test_due_tells_the_wait_and_takes_nothing() -> None:
    now = 0.0
    bucket = TokenBucket(10, 1, lambda: now)
    assert bucket.reserve() == 0.0
    assert bucket.due() == bucket.due() == pytest.approx(0.1)
    assert not bucket.idle()
    now = 0.1
    assert bucket.due() == 0.0
    assert bucket.idle()


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (5, 0.5)])
def test_a_rate_that_would_never_or_always_let_pass_is_refused(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        TokenBucket(rate, burst, lambda: 0.0)


async def test_packets_go_at_the_rate_of_the_host_and_of_the_whole(fake_clock: Any) -> None:
    governor = Governor(
        Limits(packets_per_second=100, host_connections_per_second=10),
        fake_clock,
        fake_clock.sleep,
    )
    start = fake_clock()
    for _ in range(21):
        await governor.packet(HOST)
    assert fake_clock() - start == pytest.approx(2.0)
    start = fake_clock()
    for number in range(210):
        await governor.packet(IPv4Address("10.0.0.0") + number)
    assert fake_clock() - start == pytest.approx(2.0, abs=0.15)


async def test_mapped_and_plain_addresses_are_one_host(fake_clock: Any) -> None:
    governor = Governor(Limits(connections_per_host=1), fake_clock, fake_clock.sleep)
    async with governor.connection(ip_address("::ffff:192.168.1.7")):
        assert governor.slots.taken(HOST) == 1


async def test_no_more_connections_at_a_time_than_a_host_bears(fake_clock: Any) -> None:
    governor = Governor(Limits(connections_per_host=3), fake_clock, fake_clock.sleep)
    at_once = most = 0
    leave = asyncio.Event()

    async def connect() -> None:
        nonlocal at_once, most
        async with governor.connection(HOST):
            at_once += 1
            most = max(most, at_once)
            await leave.wait()
            at_once -= 1

    tasks = [asyncio.ensure_future(connect()) for _ in range(10)]
    for _ in range(50):
        await asyncio.sleep(0)
    assert at_once == 3
    leave.set()
    await asyncio.gather(*tasks)
    assert most == 3
    assert governor.slots.taken(HOST) == 0


async def test_who_waits_longest_comes_next_and_who_gives_up_takes_no_place() -> None:
    slots = Slots()
    order: list[int] = []

    async def wait(number: int) -> None:
        await slots.take("key", 1)
        order.append(number)

    await slots.take("key", 1)
    tasks = [asyncio.ensure_future(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    assert not slots.try_take("key", 2), "a newcomer overtook those who wait"
    tasks[0].cancel()
    await asyncio.sleep(0)
    slots.give("key")
    await asyncio.sleep(0)
    assert order == [1]
    slots.give("key")
    await asyncio.sleep(0)
    assert order == [1, 2]
    slots.give("key")
    assert slots.taken("key") == 0


async def test_a_slot_given_to_a_task_that_is_being_cancelled_is_not_lost() -> None:
    slots = Slots()
    await slots.take("key", 1)
    waiting = asyncio.ensure_future(slots.take("key", 1))
    await asyncio.sleep(0)
    slots.give("key")
    waiting.cancel()
    await asyncio.wait({waiting})
    assert slots.try_take("key", 1)


async def test_memory_stays_bounded_over_many_hosts(fake_clock: Any) -> None:
    governor = Governor(Limits(packets_per_second=1e6), fake_clock, fake_clock.sleep)
    for number in range(20_000):
        fake_clock.now += 0.05
        await governor.packet(IPv4Address("10.0.0.0") + number)
    assert governor.hosts_remembered <= 1024


async def test_a_busy_host_is_never_forgotten(fake_clock: Any) -> None:
    governor = Governor(
        Limits(packets_per_second=1e6, host_connections_per_second=1),
        fake_clock,
        fake_clock.sleep,
    )
    for number in range(3000):
        assert governor.try_connection(IPv4Address("10.0.0.0") + number, 3) == 0.0
        governor.done(IPv4Address("10.0.0.0") + number)
    assert governor.try_connection(IPv4Address("10.0.0.0"), 3) == pytest.approx(1.0)


async def test_trying_without_waiting_tells_when_to_ask_again(fake_clock: Any) -> None:
    governor = Governor(
        Limits(host_connections_per_second=10, connections_per_second=1000), fake_clock
    )
    assert governor.try_connection(HOST, 1) == 0.0
    assert governor.try_connection(HOST, 1) == pytest.approx(0.1)
    fake_clock.now += 0.2
    assert governor.try_connection(HOST, 1) == float("inf")
    governor.done(HOST)
    assert governor.try_connection(HOST, 1) == 0.0
