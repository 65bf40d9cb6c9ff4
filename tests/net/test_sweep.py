"""The sweep on real sockets: what is open is found, nothing is said, limits hold."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from iotscan.errors import Forbidden, OutOfScope
from iotscan.model import Impact, Scope, Sweep
from iotscan.net import sweep as sweep_module
from iotscan.net.gateway import Gateway
from iotscan.net.sweep import sweep_host, sweep_many
from iotscan.settings import Limits

Make = Callable[..., Gateway]
HOME = [ip_address(f"127.0.0.{last}") for last in range(1, 40)]


@contextmanager
def listeners(*hosts: str) -> Iterator[list[socket.socket]]:
    opened = [socket.create_server((host, 0)) for host in hosts]
    try:
        yield opened
    finally:
        for sock in opened:
            sock.close()


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


async def test_open_and_closed_ports_of_a_host(gateway_with: Make, free_port: int) -> None:
    with listeners("127.0.0.1", "127.0.0.1") as opened:
        ports = [*map(port_of, opened), free_port]
        found = await sweep_host(HOME[0], ports, gateway_with(), id="s3", at=1.25)
        assert [endpoint.port for endpoint in found.open] == sorted(map(port_of, opened))
        assert (found.closed, found.silent, found.unswept) == (1, 0, 0)
        assert (found.id, found.at, found.alive) == ("s3", 1.25, True)
        for sock in opened:
            client, _ = sock.accept()
            with client:
                client.settimeout(60)
                assert client.recv(10) == b"", "a sweep says nothing and closes"


async def test_many_hosts_are_told_one_by_one_and_the_living_are_returned(
    gateway_with: Make,
) -> None:
    told: list[Sweep] = []

    async def on_host(sweep: Sweep) -> None:
        told.append(sweep)

    numbers = iter(range(1, 100))
    with listeners("127.0.0.7", "127.0.0.9") as opened:
        alive = await sweep_many(
            HOME, list(map(port_of, opened)), gateway_with(), on_host,
            number=lambda: f"s{next(numbers)}",
        )  # fmt: skip
    assert sorted(str(sweep.address) for sweep in alive) == ["127.0.0.7", "127.0.0.9"]
    assert {sweep.address for sweep in told} == set(HOME)
    assert len({sweep.id for sweep in told}) == len(HOME)
    assert sum(len(sweep.open) for sweep in told) == 2
    assert sum(sweep.closed for sweep in told) == 2 * len(HOME) - 2


async def test_ipv6_is_swept_too(gateway_with: Make) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as sock:
        port = port_of(sock)
        found = await sweep_host(ip_address("::1"), [port], gateway_with(), id="s1", at=0.0)
    assert [endpoint.port for endpoint in found.open] == [port]


async def test_what_is_out_of_scope_is_refused_before_any_system_call(
    gateway_with: Make, system_calls: list[Any]
) -> None:
    with pytest.raises(OutOfScope):
        await sweep_host(ip_address("192.168.1.7"), [80], gateway_with(), id="s1", at=0.0)
    with pytest.raises(OutOfScope):
        await sweep_many([ip_address("127.0.0.9")], [80], gateway_with(deny=("127.0.0.9/32",)))
    with pytest.raises(Forbidden):
        await sweep_many(HOME, [80], gateway_with(impact=Impact.LISTEN))
    assert system_calls == []


async def test_a_sweep_passes_the_guard_and_nothing_else_does(
    gateway_with: Make, free_port: int
) -> None:
    gateway = gateway_with()
    with gateway.watch() as watch:
        await sweep_many(HOME, [free_port], gateway)
    assert watch.stopped == []


async def test_no_more_connections_are_under_way_than_the_host_bears(
    gateway_with: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 0
    gateway = gateway_with(connections_per_host=3)
    slots = gateway.governor.slots
    take = slots.try_take

    def counted(key: Any, limit: int) -> bool:
        nonlocal most
        taken = take(key, limit)
        most = max(most, slots.taken(key))
        return taken

    monkeypatch.setattr(slots, "try_take", counted)
    await sweep_host(HOME[0], range(2000, 2100), gateway, id="s1", at=0.0)
    assert 1 <= most <= 3
    assert slots.taken(HOME[0]) == 0


async def test_slots_that_conversations_hold_are_waited_for(
    gateway_with: Make, free_port: int
) -> None:
    gateway = gateway_with(connections_per_host=1)
    async with gateway.governor.connection(HOME[0]):
        task = asyncio.ensure_future(sweep_host(HOME[0], [free_port], gateway, id="s1", at=0.0))
        await asyncio.sleep(0.05)
        assert not task.done()
    assert (await task).closed == 1


async def test_the_rates_pace_a_sweep(gateway_with: Make) -> None:
    """Counted on the gateway's clock: starting a connection takes its token there."""
    gateway = gateway_with(host_connections_per_second=200.0)
    start = gateway.clock()
    await sweep_host(HOME[0], range(2000, 2060), gateway, id="s1", at=0.0)
    assert gateway.clock() - start >= (60 - 20) / 200.0


async def test_a_connection_that_meets_itself_is_no_open_port(
    gateway_with: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Echo(socket.socket):
        """Binds itself to the port it is going to connect to."""

        def connect_ex(self, address: Any) -> int:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind(address)
            return super().connect_ex(address)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = port_of(free)
    monkeypatch.setattr(socket, "socket", Echo)
    found = await sweep_host(HOME[0], [port], gateway_with(), id="s1", at=0.0)
    assert (found.open, found.closed) == ((), 1)


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EAGAIN, errno.EMFILE])
async def test_running_out_of_ports_is_not_read_as_closed(
    gateway_with: Make, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    tries = 0

    class Poor(socket.socket):
        def connect_ex(self, address: Any) -> int:
            nonlocal tries
            tries += 1
            return number if tries <= 3 else super().connect_ex(address)

    monkeypatch.setattr(socket, "socket", Poor)
    monkeypatch.setattr(sweep_module, "_RECOVERY", 0.0)
    with listeners("127.0.0.1") as (sock,):
        port = port_of(sock)
        found = await sweep_host(HOME[0], [port], gateway_with(), id="s1", at=0.0)
    assert [endpoint.port for endpoint in found.open] == [port], "it came free again"


async def test_a_lasting_lack_of_ports_is_told_as_unswept(
    gateway_with: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Poor(socket.socket):
        def connect_ex(self, address: Any) -> int:
            return errno.EADDRNOTAVAIL

    monkeypatch.setattr(socket, "socket", Poor)
    monkeypatch.setattr(sweep_module, "_RECOVERY", 0.0)
    found = await sweep_host(HOME[0], [80, 81, 82], gateway_with(), id="s1", at=0.0)
    assert (found.unswept, found.closed, found.alive) == (3, 0, False)
    assert "ran out of ports" in found.why


async def test_no_route_is_unswept_with_its_reason(
    gateway_with: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost(socket.socket):
        def connect_ex(self, address: Any) -> int:
            return errno.ENETUNREACH

    monkeypatch.setattr(socket, "socket", Lost)
    found = await sweep_host(HOME[0], [80, 81], gateway_with(), id="s1", at=0.0)
    assert (found.unswept, found.silent) == (2, 0)
    assert "no way leads there" in found.why


async def test_a_cancelled_sweep_closes_its_sockets_and_gives_its_places_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Against a port whose backlog is full: connections stay under way."""
    scope = Scope((ip_network("127.0.0.0/8"),))
    gateway = Gateway(scope, Limits(connect_timeout=30.0), clock=lambda: 0.0)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fill = [socket.socket() for _ in range(3)]
        for sock in fill:
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        task = asyncio.ensure_future(sweep_host(HOME[0], [port_of(full)], gateway, id="s1", at=0.0))
        while not gateway.governor.slots.taken(HOME[0]):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        for sock in fill:
            sock.close()
    assert gateway.governor.slots.taken(HOME[0]) == 0


async def test_sweeping_no_ports_or_no_hosts_ends_at_once(gateway_with: Make) -> None:
    assert await sweep_many([], [80], gateway_with()) == []
    found = await sweep_host(HOME[0], [], gateway_with(), id="s1", at=0.0)
    assert (found.open, found.closed, found.silent, found.alive) == ((), 0, 0, False)


SCRIPT = Path(__file__).parent / "sweep_in_a_namespace.py"


def netns(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def two_spaces() -> Iterator[tuple[str, str]]:
    """A scanner (10.77.5.1) and a device (10.77.5.2) that drops port 81; nobody at 10.77.5.3."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need Linux, root and ip")
    near, far = f"iots{os.getpid()}a", f"iots{os.getpid()}b"
    try:
        for space in (near, far):
            netns("netns", "add", space)
            netns("-n", space, "link", "set", "lo", "up")
        netns("-n", near, "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", far)
        netns("-n", near, "addr", "add", "10.77.5.1/24", "dev", "v0")
        netns("-n", far, "addr", "add", "10.77.5.2/24", "dev", "v0")
        for space in (near, far):
            netns("-n", space, "link", "set", "v0", "up")
        # The local table is asked first by default; behind a rule for port 81, that port is lost.
        rule = ("-n", far, "rule")
        netns(*rule, "add", "pref", "10", "ipproto", "tcp", "dport", "81", "blackhole")
        netns(*rule, "add", "pref", "100", "lookup", "local")
        netns(*rule, "del", "pref", "0")
        # A neighbour that does not exist but is known by MAC: packets to it vanish.
        netns("-n", near, "neigh", "add", "10.77.5.3", "lladdr", "02:00:00:00:00:03", "dev", "v0")
        yield near, far
    finally:
        for space in (near, far):
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)


LISTEN = """
import socket, sys
with socket.create_server(("10.77.5.2", 80)):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_silent_closed_and_open_on_a_network(two_spaces: tuple[str, str]) -> None:
    near, far = two_spaces
    within = ("ip", "netns", "exec")
    with subprocess.Popen(
        [*within, far, sys.executable, "-c", LISTEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as device:
        assert device.stdin is not None
        assert device.stdout is not None
        assert device.stdout.readline() == b"ready\n"
        done = subprocess.run(
            [*within, near, sys.executable, str(SCRIPT)],
            check=True,
            capture_output=True,
        )
        device.stdin.close()
    found = json.loads(done.stdout)
    assert found["10.77.5.2"] == {
        "open": [80], "closed": 2, "silent": 1, "unswept": 0, "why": "", "alive": True,
    }  # fmt: skip
    assert found["10.77.5.3"] == {
        "open": [], "closed": 0, "silent": 4, "unswept": 0, "why": "", "alive": False,
    }  # fmt: skip
    unreached = found["10.99.0.1"]
    assert (unreached["unswept"], unreached["alive"]) == (4, False)
    assert "no way leads there" in unreached["why"]
