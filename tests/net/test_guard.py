"""The second line: whatever dials past the gateway is stopped, and nothing of the host program."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from ipaddress import ip_address

import aiocoap
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from iotscan.errors import OutOfScope
from iotscan.model import Address
from iotscan.net import guard
from iotscan.net.gateway import Gateway


def nothing(address: Address, port: int) -> bool:
    return False


def dial(host: str, port: int, family: socket.AddressFamily = socket.AF_INET) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            sock.connect((host, port))


@pytest.mark.parametrize(
    ("family", "host"),
    [
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET6, "::1"),
        (socket.AF_INET6, "::ffff:127.0.0.1"),
        (socket.AF_INET, "localhost"),
    ],
)
def test_every_way_of_dialling_is_stopped(
    family: socket.AddressFamily, host: str, free_port: int
) -> None:
    with guard.watching(nothing) as watch:
        with pytest.raises(OutOfScope):
            dial(host, free_port, family)
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            with pytest.raises(OutOfScope):
                sock.sendto(b"x", (host, free_port))
            with pytest.raises(OutOfScope):
                sock.sendto(b"x", 0, (host, free_port))
            with pytest.raises(OutOfScope):
                sock.sendmsg([b"x"], [], 0, (host, free_port))
        with socket.socket(family) as sock, pytest.raises(OutOfScope):
            sock.connect_ex((host, free_port))
    assert len(watch.stopped) == 5
    dial("127.0.0.1", free_port)


def test_a_mapped_address_is_judged_as_the_ipv4_address_it_is(free_port: int) -> None:
    asked: list[tuple[Address, int]] = []

    def permit(address: Address, port: int) -> bool:
        asked.append((address, port))
        return True

    with guard.watching(permit), contextlib.suppress(OSError):
        dial("::ffff:127.0.0.1", free_port, socket.AF_INET6)
    assert asked == [(ip_address("127.0.0.1"), free_port)]


def test_raw_and_packet_sockets_are_stopped_unless_asked_for() -> None:
    families = [(socket.AF_INET, socket.SOCK_RAW)]
    if hasattr(socket, "AF_PACKET"):
        families.append((socket.AF_PACKET, socket.SOCK_RAW))
    for family, kind in families:
        with guard.watching(nothing) as watch, pytest.raises(OutOfScope):
            socket.socket(family, kind, socket.IPPROTO_ICMP)
        assert watch.stopped == ["a raw socket"]
        with guard.watching(nothing, frames=True), contextlib.suppress(PermissionError):
            socket.socket(family, kind, socket.IPPROTO_ICMP).close()


FRAME = """
import socket, sys
from iotscan.net import guard
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sock:
    with guard.watching(lambda address, port: True) as watch:
        try:
            sock.sendto(b"x", ("lo", 0x0800))
        except guard.Stopped:
            sys.exit(watch.stopped != ["a raw frame on lo"])
    sys.exit(2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="packet sockets are Linux's")
def test_a_frame_on_a_packet_socket_from_outside_is_stopped() -> None:
    """In a process of its own: the suite's hook forbids such a frame before the guard sees it."""
    if os.geteuid() != 0:
        pytest.skip("packet sockets need root")
    assert subprocess.run([sys.executable, "-c", FRAME], check=False).returncode == 0


def test_local_sockets_and_socket_pairs_of_libraries_pass() -> None:
    with guard.watching(nothing) as watch:
        left, right = socket.socketpair()
        mqtt.Client(CallbackAPIVersion.VERSION2)._reset_sockets()  # makes a pair over loopback
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            with socket.create_connection(listener.getsockname()):
                listener.accept()[0].close()
    left.close()
    right.close()
    assert watch.stopped == []


async def test_tasks_and_worker_threads_are_watched(free_port: int) -> None:
    async def inside() -> None:
        dial("127.0.0.1", free_port)

    with guard.watching(nothing) as watch:
        task = asyncio.get_running_loop().create_task(inside())
        with pytest.raises(OutOfScope):
            await asyncio.to_thread(dial, "127.0.0.1", free_port)
    with pytest.raises(OutOfScope):
        await task
    assert len(watch.stopped) == 2


def test_a_thread_that_a_library_starts_is_watched(free_port: int) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            dial("127.0.0.1", free_port)
        except OutOfScope as error:
            errors.append(error)

    with guard.watching(nothing):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(errors) == 1


async def test_the_host_program_is_never_touched(free_port: int) -> None:
    """Other tasks and threads dial as they like while a scan is watched."""
    leave = threading.Event()
    entered = threading.Event()

    def scan() -> None:
        with guard.watching(nothing):
            entered.set()
            leave.wait(5)

    other = threading.Thread(target=scan)
    other.start()
    entered.wait(5)
    dial("127.0.0.1", free_port)
    await asyncio.to_thread(dial, "127.0.0.1", free_port)
    leave.set()
    other.join()


async def test_a_pool_worker_started_by_a_scan_serves_the_host_program_freely(
    free_port: int,
) -> None:
    loop = asyncio.get_running_loop()
    with guard.watching(nothing):
        await loop.run_in_executor(None, int)
    await loop.run_in_executor(None, dial, "127.0.0.1", free_port)


def test_what_was_stopped_is_kept_within_bounds(free_port: int) -> None:
    with guard.watching(nothing) as watch:
        for _ in range(500):
            with pytest.raises(OutOfScope):
                dial("127.0.0.1", free_port)
    assert len(watch.stopped) == 100


def test_paho_that_dials_by_itself_is_stopped(
    gateway_with: Callable[..., Gateway], free_port: int
) -> None:
    gateway = gateway_with()
    with gateway.watch() as watch:
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        with pytest.raises(OutOfScope):
            client.connect("127.0.0.1", free_port)
    assert watch.stopped == [f"a dial to 127.0.0.1 port {free_port}"]


async def test_aiocoap_that_dials_by_itself_is_stopped(
    gateway_with: Callable[..., Gateway], free_port: int
) -> None:
    """aiocoap swallows errors of its transport: what counts is that nothing arrives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", 0))
        device.setblocking(False)
        port = device.getsockname()[1]
        with gateway_with().watch() as watch:
            context = await aiocoap.Context.create_client_context()
            request = aiocoap.Message(code=aiocoap.GET, uri=f"coap://127.0.0.1:{port}/x")
            asking = asyncio.ensure_future(context.request(request).response)
            while not watch.stopped and not asking.done():
                await asyncio.sleep(0)
            asking.cancel()
            with contextlib.suppress(aiocoap.error.Error, OutOfScope, asyncio.CancelledError):
                await asking
            await context.shutdown()
        with pytest.raises(BlockingIOError):
            device.recv(100)
    assert watch.stopped


def test_dials_of_the_network_floor_itself_are_held_to_the_scope(
    gateway_with: Callable[..., Gateway], free_port: int
) -> None:
    gateway = gateway_with(deny=("127.0.0.9/32",))
    with gateway.watch():
        with guard.ours():
            dial("127.0.0.1", free_port)
            with pytest.raises(OutOfScope):
                dial("127.0.0.9", free_port)
        with pytest.raises(OutOfScope):
            dial("127.0.0.1", free_port)
