"""Every receiver hears of every change, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from paper import TELNET, Thing, report

from iotscan.store import Store
from iotscan.watch.telling import MOST, Teller

LAMP = Thing("192.0.2.8", "00:00:5e:00:53:02", "lamp")
CAMERA = Thing("192.0.2.7", "00:00:5e:00:53:01", "hallway", doors=(TELNET,))


class Screen:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.noted: list[str] = []
        self.aside: list[str] = []

    def teller(self, *posts: Any) -> Teller:
        return Teller(posts, self.said.append, self.noted.append, self.aside.append)


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def scan(store: Store) -> Callable[..., int]:
    """Store the next day's scan."""
    days = iter(range(1, 400))

    def add(*things: Thing, **more: Any) -> int:
        return store.add(report(*things, day=next(days), **more))

    return add


async def test_first_scan_is_a_summary_and_later_only_changes_are_told(
    store: Store, scan: Callable[..., int], screen: Screen, post: Any
) -> None:
    teller = screen.teller(post)
    assert await teller.tell(store, scan(LAMP))
    assert [message.title for message in post.taken] == ["iotscan: watching 1 device"]
    assert screen.said[0].startswith("Scan 1, the first of this network.")
    screen.said.clear()
    assert await teller.tell(store, scan(LAMP))
    assert (len(post.taken), screen.said) == (1, [])
    assert (screen.noted, screen.aside) == ([], ["Scan 2: nothing changed."])
    assert await teller.tell(store, scan(LAMP, CAMERA))
    assert [message.title for message in post.taken[1:]] == ["iotscan: 1 new finding, 1 new device"]
    assert screen.said == [
        "2026-01-04 at 08:00 UTC: 1 new finding, 1 new device (iotscan diff 2 3)",
        "  New finding: Old remote control is open (telnet) (high): hallway (192.0.2.7), 23/tcp",
        "  New device: hallway (192.0.2.7)",
    ]


async def test_what_could_not_be_delivered_is_told_after_the_next_scan(
    store: Store, scan: Callable[..., int], screen: Screen, post: Any
) -> None:
    await screen.teller(post).tell(store, scan(LAMP))
    post.fault = "no answer"
    assert not await screen.teller(post).tell(store, scan(LAMP, CAMERA))
    assert screen.noted == [
        "receiver 1 (Paper) was not told of scan 2: no answer. It is tried again after the next "
        "scan."
    ]
    post.fault = ""
    # The camera came and went: each of the two is told, in a process that knows of neither.
    assert await screen.teller(post).tell(store, scan(LAMP))
    assert [message.title for message in post.taken[1:]] == [
        "iotscan: 1 new finding, 1 new device",
        "iotscan: 1 not seen any more",
    ]


async def test_first_message_that_failed_is_a_summary_of_the_scan_after(
    store: Store, scan: Callable[..., int], screen: Screen, post: Any
) -> None:
    post.fault = "no answer"
    await screen.teller(post).tell(store, scan(LAMP))
    post.fault = ""
    await screen.teller(post).tell(store, scan(LAMP, CAMERA))
    assert [message.title for message in post.taken] == ["iotscan: watching 2 devices"]


async def test_one_receiver_that_fails_costs_the_others_nothing(
    store: Store, scan: Callable[..., int], screen: Screen, new_post: Any
) -> None:
    broken, good = new_post(fault="full"), new_post("receiver 2 (Paper)", "two")
    assert not await screen.teller(broken, good).tell(store, scan(LAMP))
    assert not await screen.teller(broken, good).tell(store, scan(CAMERA, LAMP))
    assert [message.title for message in good.taken] == [
        "iotscan: watching 1 device",
        "iotscan: 1 new finding, 1 new device",
    ]
    assert broken.taken == []


async def test_scans_by_hand_in_between_are_told_too_and_those_of_other_networks_are_not(
    store: Store, scan: Callable[..., int], screen: Screen, post: Any
) -> None:
    teller = screen.teller(post)
    await teller.tell(store, scan(LAMP))
    scan(LAMP, CAMERA)
    scan(network="198.51.100.0/24")
    await teller.tell(store, scan(LAMP, CAMERA))
    assert [message.title for message in post.taken[1:]] == ["iotscan: 1 new finding, 1 new device"]


async def test_receiver_is_told_of_each_network_by_itself(
    store: Store, scan: Callable[..., int], screen: Screen, post: Any
) -> None:
    teller = screen.teller(post)
    await teller.tell(store, scan(LAMP))
    await teller.tell(store, scan(CAMERA, network="198.51.100.0/24"))
    titles = [message.title for message in post.taken]
    assert titles == ["iotscan: watching 1 device"] * 2


async def test_scan_that_was_forgotten_loses_no_more_than_itself(
    store: Store, scan: Callable[..., int], screen: Screen, post: Any
) -> None:
    teller = screen.teller(post)
    await teller.tell(store, scan(LAMP))
    scan(LAMP)
    store.prune(keep_scans=1)
    assert await teller.tell(store, scan(LAMP, CAMERA))
    assert [message.title for message in post.taken[1:]] == ["iotscan: 1 new finding, 1 new device"]


async def test_receiver_that_was_away_for_long_gets_so_many_messages_and_no_more(
    store: Store, scan: Callable[..., int], screen: Screen, post: Any
) -> None:
    teller = screen.teller(post)
    await teller.tell(store, scan(LAMP))
    for number in range(MOST + 5):
        scan(LAMP, *([CAMERA] if number % 2 else []))
    assert await teller.tell(store, scan(LAMP))
    assert 1 < len(post.taken) - 1 <= MOST
    store_knows = len(post.taken)
    assert await teller.tell(store, scan(LAMP))
    assert len(post.taken) == store_knows


async def test_failures_in_a_row_are_told_once_and_again_after_a_scan(
    store: Store, scan: Callable[..., int], screen: Screen, new_post: Any
) -> None:
    post, broken = new_post(), new_post("receiver 2 (Paper)", "two", fault="full")
    teller = screen.teller(post, broken)
    await teller.failed("no network")
    await teller.failed("no network")
    assert [message.body for message in post.taken] == ["no network"]
    assert screen.noted == [
        "This time nothing can be told: no network",
        "receiver 2 (Paper) was not told: full.",
        "This time nothing can be told: no network",
    ]
    await teller.tell(store, scan(LAMP))
    await teller.failed("no network")
    assert [message.tone for message in post.taken] == ["failure", "info", "failure"]


async def test_hostile_name_reaches_the_screen_clean(
    store: Store, scan: Callable[..., int], screen: Screen, post: Any
) -> None:
    teller = screen.teller(post)
    await teller.tell(store, scan(LAMP))
    await teller.tell(store, scan(LAMP, replace(CAMERA, name="\x1b[2J<script>\n@everyone\u202e")))
    assert all(line.isprintable() for line in screen.said)
    assert "＜script＞ ＠everyone" in post.taken[1].body
