"""The engine against small devices on loopback: what it does, leaves alone and writes down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

import iotscan
from iotscan.capture.recording import load
from iotscan.codec import encode
from iotscan.engine.scan import Engine
from iotscan.errors import UsageError
from iotscan.model import Ending, Impact, Packet, Progress, Report
from iotscan.settings import Limits, Settings
from iotscan.testing import Handler, serve

HOME, NEIGHBOUR = "127.31.0.5", "127.31.0.6"
QUICK = Limits(
    connect_timeout=0.3, read_timeout=0.4, conversation_timeout=4.0, login_pause=0.0,
    host_connections_per_second=1000.0,
)  # fmt: skip


def settings(*ports: int, **others: Any) -> Settings:
    return Settings(targets=(HOME,), ports=ports, limits=QUICK, discovery_time=0.05, **others)


@contextlib.asynccontextmanager
async def device(handler: Handler) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A TCP device at HOME; its port and every chunk that it got."""
    got: list[bytes] = []

    async def listening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        noted = _Noting(reader, got)
        await handler(noted, writer)  # type: ignore[arg-type]  # reads are all it takes

    async with serve(listening, HOME) as port:
        yield port, got


class _Noting:
    def __init__(self, reader: asyncio.StreamReader, got: list[bytes]) -> None:
        self._reader, self._got = reader, got

    async def read(self, limit: int = -1) -> bytes:
        data = await self._reader.read(4096)
        self._got.append(data)
        return data


def telnet(then: Callable[[], Awaitable[None]] | None = None) -> Handler:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\xfd\x18\r\nrouter login: ")
        await writer.drain()
        if then is not None:
            await then()
        while await reader.read(100):
            pass

    return talk


async def test_a_service_is_recognised_by_what_it_says_on_any_port() -> None:
    async with device(telnet()) as (port, _):
        report = await iotscan.scan(settings(port, impact=Impact.GREET))
    (found,) = report.devices
    assert [(s.endpoint.port, s.name) for s in found.services] == [(port, "telnet")]
    assert [finding.rule for finding in report.findings] == ["telnet-exposed"]


async def test_impact_listen_connects_to_nothing() -> None:
    async with device(telnet()) as (port, got):
        report = await iotscan.scan(settings(port, impact=Impact.LISTEN))
    assert got == []
    assert (report.devices, report.findings) == ((), ())


async def test_impact_greet_sends_no_password() -> None:
    async with device(telnet()) as (port, got):
        await iotscan.scan(settings(port, impact=Impact.GREET))
    assert b"root" not in b"".join(got)


async def test_an_address_where_nothing_answers_is_told_as_looked_at(tmp_path: Path) -> None:
    record = tmp_path / "scan.jsonl"
    report = await iotscan.scan(settings(9, record=str(record)))
    assert report.devices == ()
    (sweep,) = load(record).sweeps
    assert (str(sweep.address), sweep.closed, sweep.alive) == (HOME, 1, False)


async def test_a_device_that_dies_is_left_alone_and_named() -> None:
    stopped = asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        servers: list[asyncio.Server] = []

        async def dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for server in servers:
                server.close()
            stopped.set()
            writer.transport.abort()

        server = await asyncio.start_server(dies, HOME, 0)
        servers.append(server)
        stack.push_async_callback(server.wait_closed)
        port = server.sockets[0].getsockname()[1]
        # The sweep is the first connection, and the last this device survives.
        report = await iotscan.scan(settings(port))
    assert stopped.is_set()
    reasons = [gap.reason for gap in report.gaps if gap.what == "the device"]
    assert reasons
    assert "stopped answering" in reasons[0]
    assert report.complete is False
    assert report.findings == ()


async def test_stopping_keeps_what_is_known_and_says_so(tmp_path: Path) -> None:
    stop = asyncio.Event()
    record = tmp_path / "scan.jsonl"

    async def stop_now() -> None:
        stop.set()

    async with device(telnet(stop_now)) as (port, _):
        report = await iotscan.scan(settings(port, record=str(record)), stop=stop)
    recording = load(record)
    assert recording.footer is not None
    assert (recording.footer.complete, recording.footer.reason) == (False, "stopped by the user")
    assert report.complete is False
    assert encode(iotscan.replay([record])) == encode(report)


async def test_live_and_replay_agree_to_the_byte(tmp_path: Path) -> None:
    record = tmp_path / "scan.jsonl"
    async with device(telnet()) as (port, _):
        live = await iotscan.scan(settings(port, record=str(record)))
    again = iotscan.replay([record])
    assert encode(again) == encode(live)
    assert live.findings


async def test_progress_tells_of_hosts_services_and_conversations() -> None:
    seen: list[Progress] = []
    async with device(telnet()) as (port, _):
        await iotscan.scan(settings(port, impact=Impact.GREET), progress=seen.append)
    assert {(p.stage, p.what) for p in seen} >= {
        ("discover", "start"),
        ("sweep", "host"),
        ("probe", "service"),
        ("probe", "conversation"),
        ("probe", "done"),
    }


async def test_a_bug_in_a_probe_is_a_gap_and_never_the_end(tmp_path: Path) -> None:
    """A probe of the user's own that raises: the fence notes it, the others go on."""
    from iotscan import plugins

    class Broken:
        name, openings, impact, emits = "broken", (), Impact.GREET, ()

        def recognises(self, heard: bytes) -> bool:
            return False

        def handles(self, service: object) -> bool:
            return True

        async def converse(self, *_: object) -> None:
            raise ZeroDivisionError("a bug of ours")

        def read(self, talk: object) -> list[object]:
            return []

    known = plugins.probes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("iotscan.api.probes", lambda: (Broken(), *known))
        async with device(telnet()) as (port, _):
            report = await iotscan.scan(settings(port, impact=Impact.GREET))
    assert [note.ending for note in report.conversations if note.probe == "broken"] == [Ending.BUG]
    assert [finding.rule for finding in report.findings] == ["telnet-exposed"]
    assert report.complete is False


def test_conversations_that_ended_survive_kill_9(tmp_path: Path) -> None:
    """The recording is the journal: what had ended when the process was killed can be replayed."""
    record = tmp_path / "scan.jsonl"
    program = (
        "import asyncio, iotscan, tests_device as d\n"
        f"asyncio.run(d.scan_for_ever({str(record)!r}))\n"
    )
    (tmp_path / "tests_device.py").write_text(DEVICE, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "one conversation has ended\n"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    report = iotscan.replay([record])
    assert [finding.rule for finding in report.findings] == ["telnet-exposed"]
    assert report.complete is False


DEVICE = f"""
import asyncio, iotscan
from iotscan.model import Impact
from iotscan.settings import Limits, Settings

async def greet(reader, writer):
    writer.write(b"\\xff\\xfd\\x18\\r\\nrouter login: ")
    await reader.read(-1)

async def hang(reader, writer):
    await asyncio.sleep(600)

def tell(progress):
    if progress.what == "conversation" and "telnet" in progress.subject:
        print("one conversation has ended", flush=True)

async def scan_for_ever(record):
    quick = await asyncio.start_server(greet, "{HOME}", 0)
    slow = await asyncio.start_server(hang, "{HOME}", 0)
    ports = tuple(s.sockets[0].getsockname()[1] for s in (quick, slow))
    limits = Limits(read_timeout=1.0, connect_timeout=0.5)
    await iotscan.scan(Settings(targets=("{HOME}",), ports=ports, record=record, limits=limits,
                                impact=Impact.GREET, discovery_time=0.05), progress=tell)
"""


async def test_a_public_target_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    record = tmp_path / "scan.jsonl"
    with pytest.raises(UsageError, match="authoris"):
        await iotscan.scan(Settings(targets=("203.0.113.7",), record=str(record)))
    assert not record.exists()


def rules(report: Report) -> list[str]:
    return [finding.rule for finding in report.findings]


async def test_nmap_as_the_sweep_engine_finds_the_same(tmp_path: Path) -> None:
    import shutil

    if shutil.which("nmap") is None:
        pytest.skip("nmap is not installed")
    async with device(telnet()) as (port, _):
        own = await iotscan.scan(settings(port, impact=Impact.GREET))
        other = await iotscan.scan(settings(port, impact=Impact.GREET, sweep="nmap"))
    assert rules(own) == rules(other) == ["telnet-exposed"]
    assert [d.addresses for d in other.devices] == [(ip_address(HOME),)]


async def test_a_scan_that_was_stopped_says_too_what_it_cannot_see() -> None:
    stop = asyncio.Event()
    stop.set()
    report = await iotscan.scan(settings(9), stop=stop)
    assert any("UDP service that does not answer" in spot for spot in report.blind_spots)


def alive(port: int) -> bytes:
    """An SSDP announcement of a page at HOME."""
    return (
        "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\n"
        f"LOCATION: http://{HOME}:{port}/device.xml\r\nNT: upnp:rootdevice\r\n"
        "NTS: ssdp:alive\r\nUSN: uuid:1::upnp:rootdevice\r\n\r\n"
    ).encode()


async def test_a_device_that_announces_without_end_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("iotscan.engine.host.MOST_LEADS", 2)

    class Watched(Engine):
        async def _discover(self, air: Any) -> None:
            for port in range(5):
                self.hear(Packet("", 0.0, "ssdp", alive(port + 1), ip_address(HOME)))
            await super()._discover(air)

    monkeypatch.setattr("iotscan.api.Engine", Watched)
    async with device(telnet()) as (port, _):
        report = await iotscan.scan(settings(port, impact=Impact.GREET))
    told = [gap.reason for gap in report.gaps if gap.ending is Ending.BUDGET_SPENT]
    assert told == ["it announced more than 2 services, of which the first were kept"]
    assert report.complete is False


async def test_what_a_device_announces_when_it_was_looked_at_is_looked_at_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engines: list[Engine] = []

    class Watched(Engine):
        def __init__(self, *words: Any) -> None:
            super().__init__(*words)
            engines.append(self)

    monkeypatch.setattr("iotscan.api.Engine", Watched)
    looked_at = asyncio.Event()

    def watch(step: Progress) -> None:
        if (step.stage, step.what, step.subject) == ("probe", "done", HOME):
            looked_at.set()

    async with device(telnet()) as (late, got):

        async def announces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await looked_at.wait()
            if not got:
                engines[0].hear(Packet("", 0.0, "ssdp", alive(late), ip_address(HOME)))
            writer.close()

        async with device(telnet()) as (port, _), serve(announces, NEIGHBOUR) as other:
            wanted = settings(port, other, impact=Impact.GREET)
            wanted = replace(wanted, targets=(HOME, NEIGHBOUR))
            report = await iotscan.scan(wanted, progress=watch)
    assert got
    services = {str(s.endpoint): s.name for d in report.devices for s in d.services}
    assert services[f"{HOME}:{late}/tcp"] == "telnet"
