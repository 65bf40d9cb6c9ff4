"""``iotscan scan`` and ``replay``: flags to settings, consent, Ctrl-C, progress."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from iotscan.cli import consent, main
from iotscan.cli.progress import shown
from iotscan.model import Impact, Progress, Scope, Severity
from iotscan.probe_api import Attachment
from iotscan.report.plan import plan
from iotscan.settings import Limits, Settings

STEPS = (
    Progress("discover", "start", total=3),
    Progress("sweep", "host", "192.168.1.20", 2),
    Progress("probe", "service", "192.168.1.20:23/tcp \x1b[31m telnet"),
    Progress("probe", "conversation", "telnet 192.168.1.20:23/tcp"),
    Progress("probe", "done", "192.168.1.20\x1b[2J"),
    Progress("discover", "done", done=1),
)


def test_every_flag_reaches_its_setting(library: Any, command: Callable[..., Any]) -> None:
    Path("rules").mkdir()
    ran = command(
        *("scan", "192.168.1.0/24,192.168.2.1", "lamp.local", "--impact", "greet"),
        *("--ports", "23,8000-8002", "--exclude", "192.168.1.9", "--exclude", "192.168.1.1"),
        *("--rate", "50", "--timeout", "0.5", "--interface", "eth7", "--sweep", "nmap"),
        *("--discovery-time", "1", "--authorisation", "who.toml", "--output", "terminal"),
        *("--output", "json:a,b.json", "--record", "home.jsonl", "--fail-on", "critical"),
        *("--show-passwords", "--rules", "rules", "--quiet"),
    )
    assert ran.code == 1, ran.err
    assert library.asked == [
        Settings(
            targets=("192.168.1.0/24", "192.168.2.1", "lamp.local"),
            exclude=("192.168.1.9", "192.168.1.1"),
            interfaces=("eth7",),
            impact=Impact.GREET,
            ports=(23, 8000, 8001, 8002),
            sweep="nmap",
            authorisation="who.toml",
            discovery_time=1.0,
            record="home.jsonl",
            outputs=("terminal", "json:a,b.json"),
            fail_on=Severity.CRITICAL,
            show_passwords=True,
            rule_folders=("rules",),
            limits=Limits(
                packets_per_second=50.0,
                connections_per_second=50.0,
                connect_timeout=0.5,
                read_timeout=0.5,
            ),
        )
    ]


def test_settings_file_is_used_and_flags_win(library: Any, command: Callable[..., Any]) -> None:
    Path("mine.toml").write_text('impact = "listen"\nsweep = "nmap"\nfail_on = "critical"\n')
    command("scan", "127.0.0.1", "--config", "mine.toml", "--impact", "greet")
    assert library.asked[0].impact is Impact.GREET
    assert library.asked[0].sweep == "nmap"


def test_every_wrong_flag_is_told_at_once_and_nothing_is_scanned(
    library: Any, command: Callable[..., Any]
) -> None:
    ran = command("scan", "127.0.0.1", "--rate", "0", "--impact", "hard", "--config", "none.toml")
    assert ran.code == 2
    told = [line.removeprefix("iotscan: ").split(":")[0] for line in ran.err.splitlines()]
    assert sorted(told) == ["--impact", "--rate", "none.toml"]
    assert library.asked == []


def test_report_is_on_standard_output_and_nothing_else(
    library: Any, command: Callable[..., Any]
) -> None:
    library.steps = STEPS
    ran = command("scan", "127.0.0.1")
    assert ran.out.startswith("Of 5 devices, 2 need attention now")
    assert "Looking for devices" in ran.err
    assert "\x1b" not in ran.err + ran.out


def test_replay_hands_on_files_and_settings(library: Any, command: Callable[..., Any]) -> None:
    ran = command("replay", "a.jsonl", "b.jsonl", "--rules", "mine", "--output", "json")
    assert ran.code == 1
    assert library.files == ["a.jsonl", "b.jsonl"]
    assert library.asked[0].rule_folders == ("mine",)
    assert ran.out.startswith("{")


ATTACHED = [Attachment("eth7", None, (ip_address("192.168.1.5"),), (24,))]
SCOPE = Scope((ip_network("192.168.1.0/24"), ip_network("fe80::/64")), interfaces=("eth7",))


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """One attached network; ``scopes`` is what resolving gives, the last one again and again."""
    found = SimpleNamespace(scopes=[SCOPE])

    def resolve(settings: Settings, attached: object) -> SimpleNamespace:
        scope = found.scopes.pop(0) if len(found.scopes) > 1 else found.scopes[0]
        return SimpleNamespace(scope=scope)

    monkeypatch.setattr(consent, "attachments", lambda: ATTACHED)
    monkeypatch.setattr(consent, "resolve_targets", resolve)
    return found


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Terminal]:
    """Someone at a terminal who types this; returns what standard error shows."""

    def someone(types: str) -> Terminal:
        screen = Terminal()
        monkeypatch.setattr(sys, "stdin", Terminal(types))
        monkeypatch.setattr(sys, "stderr", screen)
        return screen

    return someone


@pytest.mark.usefixtures("network")
def test_nobody_to_ask_is_an_error_that_says_so(library: Any, command: Callable[..., Any]) -> None:
    ran = command("scan")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert library.asked == []


@pytest.mark.usefixtures("network")
def test_yes_scans_the_attached_networks_after_showing_them(
    library: Any, command: Callable[..., Any]
) -> None:
    ran = command("scan", "--yes", "--exclude", "192.168.1.1")
    assert ran.code == 1
    assert library.asked[0].targets == ()
    assert "eth7: 192.168.1.0/24 (256 addresses)" in ran.err
    assert "tries at most 3 publicly known passwords an account" in ran.err


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("types", "code", "scans"), [("y\n", 1, 1), ("n\n", 130, 0), ("\n", 130, 0), ("", 130, 0)]
)
def test_answer_at_the_terminal_decides(
    types: str, code: int, scans: int, library: Any, terminal: Callable[[str], Terminal]
) -> None:
    screen = terminal(types)
    assert main(["scan", "--quiet"]) == code
    assert len(library.asked) == scans
    assert "yours to scan" in screen.getvalue()


def test_networks_that_changed_while_asking_are_not_scanned(
    network: SimpleNamespace, library: Any, terminal: Callable[[str], Terminal]
) -> None:
    network.scopes = [SCOPE, replace(SCOPE, allow=SCOPE.allow[:1])]
    screen = terminal("y\n")
    assert main(["scan"]) == 2
    assert "changed meanwhile" in screen.getvalue()
    assert library.asked == []


@pytest.mark.parametrize("impact", Impact)
def test_plan_says_what_each_impact_does(impact: Impact) -> None:
    lines = list(plan(Settings(impact=impact), SCOPE.allow, SCOPE.allow[1:], ATTACHED))
    assert "elsewhere: fe80::/64 (only devices that show themselves)" in lines[2]
    assert "Never touched: fe80::/64" in lines
    assert ("passwords" in lines[-1]) == (impact is Impact.LOGIN)
    assert ("greets" in lines[-1]) == (impact is not Impact.LISTEN)


def test_quiet_shows_nothing(
    library: Any, command: Callable[..., Any], terminal: Callable[[str], Terminal]
) -> None:
    library.steps = STEPS
    assert command("scan", "127.0.0.1", "--quiet").err == ""
    screen = terminal("")
    main(["scan", "127.0.0.1", "--quiet"])
    assert screen.getvalue() == ""


def test_terminal_shows_a_live_line_of_what_was_done(terminal: Callable[[str], Terminal]) -> None:
    screen = terminal("")
    with shown(quiet=False) as progress:
        for step in STEPS:
            progress(step)
    assert "Checking devices: 1 of 1 done, 1 service, 1 conversation" in screen.getvalue()


WAITS = """
async def scan(settings, *, progress, stop):
    print("ready", file=sys.stderr, flush=True)
    await stop.wait()
    return samples.{report}()
library.scan = scan
"""
STUBBORN = """
async def scan(settings, *, progress, stop):
    print("ready", file=sys.stderr, flush=True)
    while True:
        await asyncio.sleep(3600)
library.scan = scan
"""


def started(program: list[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "ready\n"
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently on Windows")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_interrupt_ends_with_the_report_of_what_is_known(
    number: signal.Signals, stage: Callable[..., list[str]]
) -> None:
    process = started(stage(WAITS.format(report="home"), "scan", "127.0.0.1", "--quiet"))
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == 1
    assert "INCOMPLETE" in out
    assert "Stopping." in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently on Windows")
def test_second_interrupt_leaves_at_once(stage: Callable[..., list[str]], tmp_path: Path) -> None:
    process = started(stage(STUBBORN, "scan", "127.0.0.1", "--output", "json:out.json"))
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    while "Stopping." not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    assert process.returncode == 130
    assert out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stage.py"]
