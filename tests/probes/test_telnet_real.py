"""The telnet probe against real telnetd and shells, a device that locks, and hostile peers."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from terminals import ADMIN, CONTROL, EMPTY, PROBE, ROOT, SECRETS, facts_of

from iotscan import credentials
from iotscan.model import Ending, Transcript
from iotscan.probe_api import Login
from iotscan.settings import Limits
from iotscan.testing import HOSTILE, converse, on_loopback, serve

QUICK = Limits(read_timeout=0.3, login_pause=0.0, conversation_timeout=5.0)
HOME = ip_address("127.0.0.1")


async def _converse(
    port: int,
    logins: Sequence[Login] = (),
    limits: Limits = QUICK,
    vault: Mapping[str, bytes] = SECRETS,
) -> tuple[Transcript, float]:
    """What the engine would record of a talk with a loopback port, and how long it took."""
    began = time.monotonic()
    service = on_loopback(port, "telnet")
    talk = await converse(PROBE, service, logins, vault=vault, limits=limits)
    return talk, time.monotonic() - began


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_a_hostile_peer_costs_little_and_proves_nothing(name: str) -> None:
    async with serve(HOSTILE[name]) as port:
        talk, seconds = await _converse(port, [ROOT, ADMIN, CONTROL])
    assert seconds < 6 * QUICK.conversation_timeout
    assert sum(len(turn.data) for turn in talk.turns) <= QUICK.conversation_bytes * 2
    assert talk.ending is not Ending.BUG
    seen = list(PROBE.read(talk))
    assert not [one for one in seen if one.facts.get("accepted") or one.facts.get("open_shell")]
    if name not in ("resets mid-reply", "one byte a second", "endless negotiation"):
        assert talk.ending is not Ending.COMPLETE
        assert seen == []


@asynccontextmanager
async def inetd(*argv: str) -> AsyncIterator[int]:
    """Runs a program per connection with the socket as its standard streams; gives the port."""
    server = socket.create_server((str(HOME), 0))
    server.setblocking(False)
    started: list[subprocess.Popen[bytes]] = []

    async def accept() -> None:
        while True:
            peer, _ = await asyncio.get_running_loop().sock_accept(server)
            with peer:
                fd = peer.fileno()
                started.append(subprocess.Popen(argv, stdin=fd, stdout=fd, stderr=fd))

    accepting = asyncio.create_task(accept())
    try:
        yield server.getsockname()[1]
    finally:
        accepting.cancel()
        server.close()
        for process in started:
            process.kill()
            process.wait()


LOGIN_PROGRAM = """\
import getpass, os, sys
print("CamOS 2.1", flush=True)
while True:
    name = input("cam login: ")
    password = getpass.getpass("Password: ")
    with open({log!r}, "a") as log:
        log.write(name + "\\n")
    if {accepts}:
        os.execv("/bin/sh", ["sh", "-i"])
    print("Login incorrect", flush=True)
"""


@pytest.fixture
def real_telnetd(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """The argv of inetutils telnetd with a login program that accepts by the given expression."""
    telnetd = shutil.which("telnetd", path="/usr/sbin:/usr/bin")
    if telnetd is None:
        pytest.skip("telnetd of inetutils is not installed")
    if os.geteuid() != 0:
        pytest.skip("telnetd needs root to make a terminal")

    def make(accepts: str) -> tuple[str, ...]:
        script = tmp_path / "login.py"
        source = LOGIN_PROGRAM.format(log=str(tmp_path / "tries"), accepts=accepts)
        script.write_text(f"#!{sys.executable}\n{source}")
        script.chmod(0o755)
        return (telnetd, "-h", "-E", str(script))

    return make


async def test_a_default_login_on_a_real_telnetd(
    real_telnetd: Callable[[str], tuple[str, ...]], tmp_path: Path
) -> None:
    limits = Limits(login_pause=0.0)
    async with inetd(*real_telnetd("(name, password) == ('admin', 'admin')")) as port:
        talk, _ = await _converse(port, [ROOT, ADMIN, EMPTY, CONTROL], limits)
    assert talk.ending is Ending.COMPLETE, talk.note
    facts = facts_of(talk, "telnet.login")
    assert (facts["accepted"], facts["login"]) == (True, ADMIN.id)
    assert (facts["attempts"], facts["refused"], facts["control_accepted"]) == (2, 1, False)
    assert (tmp_path / "tries").read_text().split() == ["root", "admin", "qzx"]
    service = facts_of(talk, "telnet.service")
    assert service["encryption_offered"] is True
    assert service["start_tls_offered"] is False
    assert isinstance(service["options"], tuple)
    assert "TERMINAL-TYPE" in service["options"]
    assert not [turn for turn in talk.turns if b"xc3511" in turn.data]


async def test_a_real_telnetd_that_takes_anything(
    real_telnetd: Callable[[str], tuple[str, ...]],
) -> None:
    async with inetd(*real_telnetd("True")) as port:
        talk, _ = await _converse(port, [ROOT, ADMIN, CONTROL], Limits(login_pause=0.0))
    facts = facts_of(talk, "telnet.login")
    assert (facts["accepts_anything"], facts["attempts"]) == (True, 1)


async def test_a_real_telnetd_that_refuses_all(
    real_telnetd: Callable[[str], tuple[str, ...]],
) -> None:
    async with inetd(*real_telnetd("False")) as port:
        talk, _ = await _converse(port, [ROOT, ADMIN, CONTROL], Limits(login_pause=0.0))
    facts = facts_of(talk, "telnet.login")
    assert (facts["accepted"], facts["attempts"], facts["refused"]) == (False, 2, 2)


async def test_a_real_shell_without_login(tmp_path: Path) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed")
    async with inetd(busybox, "telnetd", "-i", "-l", "/bin/sh") as port:
        talk, _ = await _converse(port, [ROOT, CONTROL], Limits(login_pause=0.0))
    facts = facts_of(talk, "telnet.service")
    assert (facts["open_shell"], facts["login_required"]) == (True, False)
    assert len(talk.channels) == 1


async def test_a_device_that_locks_at_the_fifth_failure_is_not_locked() -> None:
    failures: Counter[bytes] = Counter()

    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\r\ngate login: ")
        name = await _line(reader)
        if not name:
            return
        writer.write(b"Password: ")
        await _line(reader)
        failures[name] += 1
        writer.write(b"\r\nLogin incorrect\r\ngate login: ")
        await reader.read(-1)

    known = credentials.load()
    logins, secrets = known.choose(
        "telnet", "", QUICK.logins_per_service, QUICK.logins_per_account, random.Random(1)
    )
    async with serve(device) as port:
        talk, _ = await _converse(port, logins, vault=known.vault() | secrets)
    assert talk.ending is Ending.COMPLETE, talk.note
    assert failures.total() == QUICK.logins_per_service < 5
    assert max(failures.values()) <= QUICK.logins_per_account
    assert facts_of(talk, "telnet.login")["attempts"] == QUICK.logins_per_service


async def _line(reader: asyncio.StreamReader) -> bytes:
    """A line from the client, b"" when it is gone."""
    line = b""
    while not line.endswith(b"\r"):
        byte = await reader.read(1)
        if not byte:
            return b""
        line += byte
    return line
