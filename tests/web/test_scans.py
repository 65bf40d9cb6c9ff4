"""A scan that runs beside the page: its state, its watchers, its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from iotscan.errors import UsageError
from iotscan.model import Progress, Report, Scope
from iotscan.settings import Settings
from iotscan.web.scans import HOSTS_SHOWN, Busy, Ended, HostState, Look, Scans

REPORT = Report(1, "0", "", "2026-01-01T00:00:00+00:00", 0.0, "scan", Scope(()), True)
Tell = Callable[[Progress], None]


def looks(act: Callable[[Tell, asyncio.Event], Awaitable[None]]) -> Look:
    """A scan that only does ``act``."""

    async def look(settings: Settings, *, progress: Tell, stop: asyncio.Event) -> Report:
        await act(progress, stop)
        return REPORT

    return cast("Look", look)


def service(address: str, name: str) -> Progress:
    return Progress("probe", "service", address=address, service=name)


def done(address: str) -> Progress:
    return Progress("probe", "done", address=address)


async def test_watchers_see_hosts_appear_and_the_scan_end() -> None:
    async def act(tell: Tell, stop: asyncio.Event) -> None:
        tell(Progress("discover", "start"))
        tell(Progress("discover", "done"))
        for name in ("telnet", "http", "telnet"):
            tell(service("10.0.0.1", name))
        tell(done("10.0.0.1"))
        tell(service("10.0.0.2", "mqtt"))

    kept = []

    def keep(report: Report) -> str:
        kept.append(report)
        return "7"

    scans = Scans(looks(act), keep)
    scans.start(Settings())
    early = [news async for news in scans.watch()]
    late = [news async for news in scans.watch()]
    states = {host.address: host for _, hosts in early for host in hosts}
    assert states == {
        "10.0.0.1": HostState("10.0.0.1", True, ("telnet", "http")),
        "10.0.0.2": HostState("10.0.0.2", False, ("mqtt",)),
    }
    assert late == [("done", tuple(states.values()))], "who comes late sees the same picture"
    assert (early[-1][0], scans.ended, kept) == ("done", Ended(scan="7"), [REPORT])


async def test_a_watcher_hears_of_a_host_again_only_when_it_changed() -> None:
    async def act(tell: Tell, stop: asyncio.Event) -> None:
        tell(service("10.0.0.1", "http"))
        for _ in range(50):
            tell(service("10.0.0.1", "http"))
            await asyncio.sleep(0)

    scans = Scans(looks(act), lambda report: "1")
    scans.start(Settings())
    told = [host for _, hosts in [news async for news in scans.watch()] for host in hosts]
    assert told == [HostState("10.0.0.1", False, ("http",))]


async def test_one_scan_at_a_time_and_it_can_be_stopped() -> None:
    async def act(tell: Tell, stop: asyncio.Event) -> None:
        tell(Progress("discover", "start"))
        await stop.wait()

    scans = Scans(looks(act), lambda report: "1")
    scans.start(Settings())
    with pytest.raises(Busy):
        scans.start(Settings())
    watching = scans.watch()
    await anext(watching)
    while scans.running:
        scans.stop()
        await asyncio.sleep(0)
    assert scans.ended == Ended(scan="1")
    scans.start(Settings())
    assert scans.running
    while scans.running:
        scans.stop()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (UsageError("name a network"), "name a network"),
        (ValueError("x"), "a fault in iotscan itself: ValueError: x"),
    ],
)
async def test_a_scan_that_fails_says_why(fault: Exception, words: str) -> None:
    async def act(tell: Tell, stop: asyncio.Event) -> None:
        raise fault

    scans = Scans(looks(act), lambda report: "1")
    scans.start(Settings())
    await scans.close()
    assert scans.ended == Ended(fault=words)


async def test_a_report_that_cannot_be_stored_is_told() -> None:
    async def act(tell: Tell, stop: asyncio.Event) -> None:
        return

    def keep(report: Report) -> str:
        raise UsageError("the disk is full")

    scans = Scans(looks(act), keep)
    scans.start(Settings())
    await scans.close()
    assert scans.ended == Ended(fault="the disk is full")


async def test_what_is_kept_is_bounded() -> None:
    async def act(tell: Tell, stop: asyncio.Event) -> None:
        for number in range(HOSTS_SHOWN + 500):
            tell(done(str(number)))
        for number in range(100):
            tell(service("0", str(number)))

    scans = Scans(looks(act), lambda report: "1")
    scans.start(Settings())
    await scans.close()
    assert len(scans.hosts) == HOSTS_SHOWN
    assert len(scans.hosts[0].services) == 24
