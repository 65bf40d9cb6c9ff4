"""Debuggers: recognised by the answer to one question each, and attached to by none of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import pytest
from daemons import free_port

from iotscan.errors import Malformed
from iotscan.model import Endpoint, Scope, Service, Transcript, Transport
from iotscan.net.gateway import Gateway
from iotscan.net.ports import default_ports
from iotscan.plugins import probes
from iotscan.probe_api import Probe
from iotscan.protocols import debuggers
from iotscan.settings import Limits
from iotscan.testing import FakeNetwork, Hears, Says, Step, captured

NAMED = {probe.name: probe for probe in probes()}
JDWP, WDB, GDB = NAMED["jdwp"], NAMED["wdb"], NAMED["gdbserver"]
WDB_ANSWER = bytes.fromhex("696f7364 00000001 00000000 00000000 00000000 00000000")
# The beginning and the end of what gdbserver 13.1 answers; OpenOCD, J-Link and QEMU list less.
GDB_ANSWER = b"+" + debuggers.gdb_packet(b"PacketSize=47ff;QPassSignals+;qXfer:auxv:read+;swbreak+")
QEMU_ANSWER = b"+" + debuggers.gdb_packet(b"PacketSize=1000;qXfer:features:read+;vContSupported+")


async def heard(probe: Probe, port: int, transport: Transport, *pieces: bytes) -> Transcript:
    """The conversation in which a service was recognised by its first opening."""
    service = Service(Endpoint(ip_address("192.0.2.7"), transport, port), probe.name)
    steps: list[Step] = [Hears(probe.openings[0].says), *map(Says, pieces)]
    network = FakeNetwork(service, [steps])
    async with network.tcp(service) as stream:
        await stream.write(probe.openings[0].says)
        for _ in pieces:
            await stream.read()
    await probe.converse(service, network, ())
    assert len(network.channels) == 1, "nothing more is asked"
    return network.transcript("recognise")


@pytest.mark.parametrize(
    ("probe", "port", "transport", "answer", "product"),
    [
        (JDWP, 5005, "tcp", b"JDWP-Handshake", "Java debugger (JDWP)"),
        (WDB, 17_185, "udp", WDB_ANSWER, "VxWorks debug agent (WDB)"),
        (GDB, 2345, "tcp", GDB_ANSWER, "GDB stub"),
        (GDB, 1234, "tcp", QEMU_ANSWER, "GDB stub"),
    ],
)
async def test_an_open_debugger_is_told_with_its_proof(
    probe: Probe, port: int, transport: Transport, answer: bytes, product: str
) -> None:
    assert probe.recognises(answer)
    (seen,) = probe.read(await heard(probe, port, transport, answer))
    assert dict(seen.facts) == {"product": product, "open": True, "encrypted": False}
    assert (seen.kind, seen.proofs[0].turns) == ("debugger.access", (1,))


async def test_a_list_of_features_may_come_in_pieces() -> None:
    (seen,) = GDB.read(await heard(GDB, 2345, "tcp", GDB_ANSWER[:1], GDB_ANSWER[1:]))
    assert seen.proofs[0].turns == (2,)


@pytest.mark.parametrize(
    ("probe", "answer"),
    [
        (JDWP, b"JDWP-Handshak"),
        (JDWP, b"JDWP-Handshake\n"),
        (JDWP, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (GDB, b"+"),
        (GDB, b"+$#00"),
        (GDB, b"$OK#9a"),
        (GDB, GDB_ANSWER[:-1] + b"0"),
        (GDB, GDB_ANSWER[:-1]),
        (GDB, debuggers.gdb_packet(b"SessionSize=12")),
        (WDB, WDB_ANSWER[:-4]),
        (WDB, WDB_ANSWER[:3] + b"e" + WDB_ANSWER[4:]),
        # "program unavailable": a host with RPC on that port, and no debugger
        (WDB, WDB_ANSWER[:-1] + b"\1"),
        (WDB, bytes.fromhex("696f7364 00000001 00000001 00000001 00000001")),
    ],
)
def test_nothing_else_is_taken_for_one(probe: Probe, answer: bytes) -> None:
    assert not probe.recognises(answer)


def test_the_agent_answers_whatever_it_says_to_the_call() -> None:
    assert WDB.recognises(WDB_ANSWER[:-1] + b"\3"), "no such procedure: the program is there"


def test_an_endless_packet_is_given_up() -> None:
    with pytest.raises(Malformed):
        debuggers.gdb_features(b"$" + b"a" * 5000)


@pytest.mark.parametrize("probe", [JDWP, GDB])
def test_sessions_of_others_are_left_to_them(probe: Probe) -> None:
    said = captured([("client", probe.openings[0].says), ("server", b"JDWP-Handshake")], 5005)
    assert list(probe.read(said)) == []


def test_no_port_is_swept_where_connecting_alone_does_harm() -> None:
    assert set(GDB.openings[0].ports).isdisjoint(default_ports())
    assert set(JDWP.openings[0].ports) <= set(default_ports())


@pytest.fixture
def gdbserver() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A real gdbserver on loopback with a program that waits; its port and process."""
    if shutil.which("gdbserver") is None:
        pytest.skip("gdbserver is not installed")
    port = free_port()
    process = subprocess.Popen(
        ["gdbserver", f"127.0.0.1:{port}", "/bin/sleep", "60"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "Listening" in line:
            break
    yield port, process
    process.kill()  # what it traces dies with it (PTRACE_O_EXITKILL)
    process.wait()
    process.stderr.close()


async def test_a_real_gdbserver_is_recognised_and_goes_on(
    gdbserver: tuple[int, subprocess.Popen[str]],
) -> None:
    port, process = gdbserver
    scope = Scope((ip_network("127.0.0.0/8"),))
    gateway = Gateway(scope, Limits(read_timeout=20.0), clock=time.monotonic)
    service = Service(Endpoint(ip_address("127.0.0.1"), "tcp", port))
    door = gateway.conversation(service, "recognise", id="c1", began=0.0)
    async with door.tcp(Service(service.endpoint, "gdbserver")) as stream:
        await stream.write(GDB.openings[0].says)
        answer = await stream.read(4096)
        while not GDB.recognises(answer):
            answer += await stream.read(4096)
    assert re.match(rb"\+\$PacketSize=[0-9a-f]+;", answer)
    assert process.poll() is None, "it waits for the next debugger"
