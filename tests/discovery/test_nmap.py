"""nmap as the sweep's engine: a real one on loopback, a missing one, one that will not end."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan.discovery.nmap import MISSING, nmap_sweep, read_xml
from iotscan.model import Endpoint, Sweep
from iotscan.settings import Limits

HOST = ip_address("127.20.0.9")
needs_nmap = pytest.mark.skipif(shutil.which("nmap") is None, reason="not installed: nmap")


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server((str(HOST), 0)) as server:
        yield server.getsockname()[1]


@needs_nmap
async def test_open_and_closed_ports_are_told_apart(port: int) -> None:
    other = ip_address("127.20.0.10")
    found, empty = await nmap_sweep([HOST, other], [port, 1, 2], limits=Limits())
    assert found == Sweep("", 0.0, HOST, (Endpoint(HOST, "tcp", port),), closed=2, alive=True)
    # On loopback our own kernel sends the refusals, which is no sign of a device.
    assert empty == Sweep("", 0.0, other, (), closed=3, alive=False)


@needs_nmap
async def test_summed_up_ports_are_counted(port: int) -> None:
    (found,) = await nmap_sweep([HOST], [port, *range(1, 90)])
    assert (len(found.open), found.closed, found.unswept) == (1, 89, 0)


@needs_nmap
async def test_both_ip_versions_come_back_in_their_order() -> None:
    addresses = [ip_address("::1"), HOST, ip_address("::1")]
    assert [sweep.address for sweep in await nmap_sweep(addresses, [1])] == addresses


@needs_nmap
async def test_what_nmap_refuses_is_unswept_with_its_words() -> None:
    (found,) = await nmap_sweep([HOST], [99_999])
    assert (found.unswept, found.alive) == (1, False)
    assert "Ports specified" in found.why


async def test_a_missing_nmap_is_said_and_nothing_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (found,) = await nmap_sweep([HOST], [1, 2])
    assert found == Sweep("", 0.0, HOST, unswept=2, why=MISSING)
    assert "apt install nmap" in found.why


async def test_a_cancelled_sweep_leaves_no_nmap_behind(tmp_path: Path) -> None:
    ready, fake = tmp_path / "pid", tmp_path / "nmap"
    fake.write_text(f"#!/bin/sh\necho $$ > {ready}.new; mv {ready}.new {ready}; exec sleep 600\n")
    fake.chmod(0o755)
    sweep = asyncio.ensure_future(nmap_sweep([HOST], [1], str(fake)))
    while not ready.exists():
        await asyncio.sleep(0.01)
    sweep.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweep
    assert not Path(f"/proc/{int(ready.read_text())}").exists()


async def test_targets_and_limits_are_separate_arguments(tmp_path: Path) -> None:
    said, fake = tmp_path / "said", tmp_path / "nmap"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {said}\n')
    fake.chmod(0o755)
    limits = Limits(connections_per_host=2, host_connections_per_second=7)
    await nmap_sweep([ip_address("10.0.0.1"), ip_address("10.0.0.2")], [23, 80], str(fake), limits)
    argv = said.read_text().split("\n")
    assert argv[-3:-1] == ["10.0.0.1", "10.0.0.2"]
    assert argv[argv.index("--max-parallelism") + 1] == "2"
    assert argv[argv.index("--max-rate") + 1] == "7"
    assert argv[argv.index("-p") + 1] == "23,80"


REPORT = b"""<?xml version="1.0"?><!DOCTYPE nmaprun><nmaprun args="nmap"><host>
<status state="up" reason="user-set"/><address addr="10.0.0.1" addrtype="ipv4"/>
<address addr="A4:2B:B0:00:00:01" addrtype="mac"/>
<ports><extraports state="filtered" count="3"/>
<port protocol="tcp" portid="23"><state state="open" reason="syn-ack"/></port>
<port protocol="tcp" portid="80"><state state="closed" reason="conn-refused"/></port></ports>
</host><runstats><finished timestr="x" elapsed="1"/><hosts up="1" down="0" total="1"/></runstats>
</nmaprun>"""


def test_a_report_is_read_and_what_it_leaves_out_is_unswept() -> None:
    here, away = ip_address("10.0.0.1"), ip_address("10.0.0.2")
    found = read_xml(REPORT, [here, away], [1, 2, 3, 23, 80, 81])
    assert found[here] == Sweep(
        "",
        0.0,
        here,
        (Endpoint(here, "tcp", 23),),
        closed=1,
        silent=3,
        unswept=1,
        why="nmap did not report on these ports",
        alive=True,
    )
    assert found[away] == Sweep("", 0.0, away, unswept=6, why="nmap did not report on this address")


@pytest.mark.parametrize(
    "output",
    [
        b"",
        b"<nmaprun></nmaprun>",
        b"<html/>",
        REPORT[:-30],
        REPORT.replace(b"<!DOCTYPE nmaprun>", b'<!DOCTYPE n [<!ENTITY a "b">]>'),
        REPORT.replace(b'portid="23"', b'portid="x"'),
    ],
    ids=["empty", "no-stats", "html", "cut", "entity", "no-port"],
)
def test_a_report_that_cannot_be_read_proves_nothing(output: bytes) -> None:
    here = ip_address("10.0.0.1")
    (sweep,) = read_xml(output, [here], [23]).values()
    assert (sweep.unswept, sweep.open, sweep.alive) == (1, (), False)
    assert "could not be read" in sweep.why
