"""What may leave, what is kept, and what is said where something cannot be done."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from ipaddress import IPv4Address, ip_address, ip_network

import pytest

from iotscan.errors import Forbidden, OutOfScope
from iotscan.model import Impact, Packet, Scope
from iotscan.net import guard, hearing
from iotscan.net.airwaves import Air
from iotscan.net.limits import Governor
from iotscan.probe_api import Attachment
from iotscan.settings import Limits, Settings
from iotscan.testing import Reply, serve_udp

DEVICE, OTHER = IPv4Address("127.20.0.3"), IPv4Address("127.20.0.4")
HOME = ip_network("127.20.0.0/24")
# Rates that no test waits for.
FAST = Limits(packets_per_second=1e6, host_connections_per_second=1e6)


@asynccontextmanager
async def airwaves(
    *deny: str, impact: Impact = Impact.GREET, attached: Sequence[Attachment] = ()
) -> AsyncIterator[Air]:
    scope = Scope((HOME,), tuple(ip_network(text) for text in deny), impact=impact)
    governor = Governor(FAST, time.monotonic)
    packets: list[Packet] = []
    async with Air(scope, Settings(limits=FAST), governor, packets.append, attached) as air:
        yield air
        assert packets == list(air.heard)


@asynccontextmanager
async def responder(
    address: IPv4Address, port: int, answers: Callable[[bytes], Sequence[bytes]]
) -> AsyncIterator[list[bytes]]:
    """Answers every datagram from the same address; gives what it has heard."""
    heard: list[bytes] = []

    def hear(data: bytes, reply: Reply) -> None:
        heard.append(data)
        for said in answers(data):
            reply(said)

    async with serve_udp(hear, str(address), port):
        yield heard


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


async def test_an_answer_is_kept_with_its_sender_and_handed_on_at_once() -> None:
    async with airwaves() as air, responder(DEVICE, 5353, lambda data: [b"re: " + data]):
        await air.ask("mdns", b"who", port=5353, to=DEVICE)
        await until(lambda: bool(air.heard))
        (packet,) = air.heard
        assert (packet.protocol, packet.data, packet.source) == ("mdns", b"re: who", DEVICE)
        assert packet.at >= 0.0


async def test_protocols_do_not_hear_each_others_answers() -> None:
    async with (
        airwaves() as air,
        responder(DEVICE, 5353, lambda _: [b"dns"]),
        responder(DEVICE, 1900, lambda _: [b"http"]),
    ):
        await air.ask("mdns", b"?", port=5353, to=DEVICE)
        await air.ask("ssdp", b"?", port=1900, to=DEVICE)
        await until(lambda: len(air.heard) == 2)
        assert {(p.protocol, p.data) for p in air.heard} == {("mdns", b"dns"), ("ssdp", b"http")}


@pytest.mark.parametrize("target", ["127.21.0.3", "192.0.2.9", "224.0.0.251", "127.20.0.4"])
async def test_nothing_goes_to_an_address_outside_the_scope(target: str) -> None:
    async with airwaves("127.20.0.4/32") as air, responder(OTHER, 5353, lambda _: []) as other:
        with pytest.raises(OutOfScope):
            await air.ask("mdns", b"?", port=5353, to=ip_address(target))
        assert not air.permits(ip_address(target), 5353)
        assert other == []


@pytest.mark.parametrize("group", ["239.1.2.3", "225.0.0.1", "ff0e::1", "127.20.0.3"])
async def test_no_group_beyond_the_site_is_asked_or_heard(group: str) -> None:
    async with airwaves() as air:
        with pytest.raises(OutOfScope):
            await air.ask("x", b"?", port=5353, group=ip_address(group))
        with pytest.raises(OutOfScope):
            air.listen("x", port=5353, group=ip_address(group))


async def test_listening_asks_nothing() -> None:
    async with airwaves(impact=Impact.LISTEN) as air, responder(DEVICE, 5353, lambda _: []) as peer:
        with pytest.raises(Forbidden):
            await air.ask("mdns", b"?", port=5353, to=DEVICE)
        assert not await air.arp("lo", [DEVICE])
        assert peer == []


async def test_answers_from_outside_the_scope_are_counted_and_not_kept() -> None:
    async with airwaves("127.20.0.4/32") as air, responder(DEVICE, 5353, lambda d: [d]):
        await air.ask("mdns", b"?", port=5353, to=DEVICE)
        await until(lambda: bool(air.heard))
        sender = air._ears._askers["mdns", "", 4]
        port = sender.get_extra_info("sockname")[1]
        for source in ("127.20.0.4", "127.99.0.1"):
            with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as stranger:
                stranger.bind((source, 0))
                stranger.sendto(b"I am the router", ("127.0.0.1", port))
        await until(lambda: any("2 announcements from outside" in note for note in air.blind))
        assert [packet.source for packet in air.heard] == [DEVICE]


async def test_a_flood_leaves_room_for_a_quiet_device() -> None:
    async def flood(air: Air) -> None:
        for batch in range(20):
            await air.ask("mdns", b"%d" % batch, port=5353, to=DEVICE)
            await air.pause(0.001)

    async with (
        airwaves() as air,
        responder(DEVICE, 5353, lambda d: [d + b" %d" % i for i in range(100)]),
        responder(OTHER, 5353, lambda _: [b"bulb"]),
    ):
        await flood(air)
        await air.ask("mdns", b"?", port=5353, to=OTHER)
        await until(lambda: any(packet.source == OTHER for packet in air.heard))
        loud = [packet for packet in air.heard if packet.source == DEVICE]
        assert len(loud) <= hearing.PER_SOURCE_PACKETS


async def test_without_an_interface_groups_are_not_asked_and_it_says_so() -> None:
    async with airwaves() as air:
        await air.ask("mdns", b"?", port=5353, group=IPv4Address("224.0.0.251"))
        air.listen("mdns", port=5353, group=IPv4Address("224.0.0.251"))
        (note,) = air.blind
        assert "No attached network in scope can do multicast" in note


async def test_a_network_only_partly_in_scope_is_not_asked_by_multicast() -> None:
    wide = Attachment("lo", None, (IPv4Address("127.20.0.1"),), (16,))
    async with airwaves(attached=[wide]) as air:
        assert air.interfaces == (wide,)
        await air.ask("mdns", b"?", port=5353, group=IPv4Address("224.0.0.251"))
        assert any("Only a part of the network on lo" in note for note in air.blind)
        assert air._ears._askers == {}


async def test_everybody_is_asked_only_where_the_whole_network_is_in_scope() -> None:
    part = Attachment("lo", None, (IPv4Address("127.20.0.1"),), (16,))
    async with airwaves(attached=[part]) as air:
        await air.ask("lamp", b"?", port=9999, broadcast=True)
        assert any("Only a part of the network on lo" in note for note in air.blind)
        assert air._ears._askers == {}


async def test_everybody_is_asked_on_the_interface_that_is_named() -> None:
    home = Attachment("lo", None, (IPv4Address("127.20.0.1"),), (24,))
    async with airwaves(attached=[home]) as air:
        await air.ask("lamp", b"?", port=9999, broadcast=True, interface="other")
        assert air._ears._askers == {}
        await air.ask("lamp", b"?", port=9999, broadcast=True, interface="lo")
        asker = air._ears._askers["lamp", "lo", 4].get_extra_info("socket")
        assert asker.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
        assert air.permits(IPv4Address("127.20.0.255"), 9999)


async def test_what_comes_to_a_port_of_ours_is_heard_whatever_port_asked() -> None:
    home = Attachment("lo", None, (IPv4Address("127.20.0.1"),), (24,))
    async with airwaves(attached=[home]) as air:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as free:
            free.bind(("", 0))
            port = free.getsockname()[1]
        air.listen("lamp", port=port)
        await air.pause(0)
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as device:
            device.bind((str(DEVICE), 0))
            device.sendto(b"here I am", ("127.20.0.1", port))
        await until(lambda: bool(air.heard))
        (packet,) = air.heard
        assert (packet.protocol, packet.data, packet.source) == ("lamp", b"here I am", DEVICE)


async def test_the_guard_lets_through_what_discovery_may_send_and_nothing_else() -> None:
    async with airwaves() as air, responder(DEVICE, 5353, lambda d: [d]):
        with guard.watching(air.permits) as watch:
            await air.ask("mdns", b"?", port=5353, to=DEVICE)
            await until(lambda: bool(air.heard))
            with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as library:
                for target in (("127.21.0.1", 5353), (str(DEVICE), 9999)):
                    with pytest.raises(OutOfScope):
                        library.sendto(b"?", target)
        assert len(watch.stopped) == 2


async def test_seconds_are_waited_and_patience_is_the_setting() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    governor = Governor(FAST, time.monotonic, sleep)
    settings = Settings(discovery_time=7.5)
    async with Air(Scope((HOME,)), settings, governor, lambda _: None, ()) as air:
        await air.ask("x", b"?", port=5353, to=DEVICE, seconds=2.5)
        assert waited == [2.5]
        assert air.patience == 7.5


async def test_leaving_closes_every_socket() -> None:
    async with airwaves() as air:
        await air.ask("mdns", b"?", port=5353, to=DEVICE)
        asker = air._ears._askers["mdns", "", 4].get_extra_info("socket")
        assert asker.fileno() >= 0
    assert asker.fileno() == -1


async def test_a_nudge_goes_only_to_hosts_on_a_link() -> None:
    async with airwaves() as air, responder(DEVICE, 9, lambda _: []) as peer:
        await air.nudge([DEVICE, IPv4Address("192.0.2.77")])
        await air.pause(0)
        assert peer == []
