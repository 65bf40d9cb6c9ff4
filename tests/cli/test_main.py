"""The entrance: quick help, one clear message for each failure, the exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from iotscan.cli.exits import of_report
from iotscan.cli.root import COMMANDS
from iotscan.errors import (
    IotscanError,
    RecordingError,
    RuleError,
    RulePackError,
    TimedOut,
    UsageError,
)
from iotscan.model import Severity
from iotscan.store import open_store

HEAVY = (
    *("scapy", "asyncio", "msgspec", "rich", "zeroconf", "aiocoap", "paho", "cryptography"),
    *("yaml", "nmap", "psutil", "defusedxml", "platformdirs", "tomllib"),
    *("iotscan.net", "iotscan.assess", "iotscan.report"),
)
# A help page needs 124 modules on Python 3.11, and appears in 70 ms on one slow core.
MOST_MODULES = 200


# What talks, reads captures or judges: nothing that lists or compares kept scans needs it.
WORKING = (
    *("scapy", "zeroconf", "aiocoap", "paho", "cryptography", "alembic", "iotscan.net.gateway"),
    *(
        "iotscan.engine.scan",
        "iotscan.plugins",
        "iotscan.assess.pipeline",
        "iotscan.capture.reader",
    ),
)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["-h"], []])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    modules = _imported_by(arguments)
    assert not set(HEAVY) & modules
    assert len(modules) < MOST_MODULES


@pytest.mark.parametrize("arguments", [["history"], ["devices"], ["diff"]])
def test_commands_of_the_history_import_nothing_that_looks_or_judges(
    arguments: list[str], tmp_path: Path
) -> None:
    store = str(tmp_path / "history.sqlite")
    open_store(store).close()
    assert not set(WORKING) & _imported_by([*arguments, "--store", store])


def _imported_by(arguments: list[str]) -> set[str]:
    code = (
        "import json, sys\n"
        "from iotscan.cli import main\n"
        f"main({arguments!r})\n"
        "sys.stdout.flush(); sys.stderr.write('\\n' + json.dumps(list(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stderr.splitlines()[-1]))


def test_module_and_command_are_the_same() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "iotscan", "--help"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("Usage: iotscan ")
    assert all(f"\n  {name} " in ran.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, command: Callable[..., Any]) -> None:
    ran = command(name, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: iotscan {name} ")


@pytest.mark.parametrize(
    "arguments", [["sacn"], ["scan", "--colour"], ["replay"], [], ["rules", "draw"]]
)
def test_wrong_use_is_exit_2(arguments: list[str], command: Callable[..., Any]) -> None:
    ran = command(*arguments)
    assert ran.code == 2
    assert "Usage: iotscan" in ran.err


@pytest.mark.parametrize("name", ["devices", "accepted", "feeds", "principles", "rules", "token"])
def test_what_a_command_of_a_group_does_is_told_whole(
    name: str, command: Callable[..., Any]
) -> None:
    assert not re.search(r"\.\.\.$", command(name, "--help").out.split("Commands:")[1], re.M)


def test_a_command_that_is_nearly_right_is_named(command: Callable[..., Any]) -> None:
    assert "Did you mean 'replay'?" in command("repla", "home.pcap").err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("name what to scan"), 2, "iotscan: name what to scan\n"),
        (RecordingError("home.jsonl", 7, "is cut"), 2, "iotscan: home.jsonl:7: is cut\n"),
        (RulePackError([RuleError("a.yaml", 1, "x"), RuleError("b.yaml", 2, "y")]), 2, "b.yaml:2"),
        (IotscanError("no way in"), 3, "iotscan: no way in\n"),
        (PermissionError(13, "Permission denied", "/root/x"), 2, "iotscan: /root/x: Permission de"),
        (TimedOut("read"), 3, "no answer in time"),
        (ExceptionGroup("g", [UsageError("one"), UsageError("two")]), 2, "one\niotscan: two\n"),
        (ExceptionGroup("g", [UsageError("one"), TimedOut("read")]), 3, "iotscan: one\n"),
    ],
)
def test_failure_on_purpose_is_one_message_without_traceback(
    error: Exception, code: int, said: str, library: Any, command: Callable[..., Any]
) -> None:
    library.error = error
    ran = command("scan", "127.0.0.1")
    assert ran.code == code
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    "error", [ValueError("odd"), ExceptionGroup("g", [UsageError("x"), ValueError("odd")])]
)
def test_fault_of_our_own_says_how_to_report_it(
    error: Exception, library: Any, command: Callable[..., Any]
) -> None:
    library.error = error
    ran = command("scan", "127.0.0.1")
    assert ran.code == 70
    assert "a fault in iotscan itself" in ran.err
    assert "iotscan --debug" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("kind", [UsageError, ValueError])
def test_words_of_a_failure_are_shown_and_never_obeyed(
    kind: type[Exception], library: Any, command: Callable[..., Any]
) -> None:
    library.error = kind("bad \x1b[2J\u202ename\n  of a line")
    ran = command("--debug", "scan", "127.0.0.1")
    assert not set(ran.err) & set("\x1b\u202e")
    assert "bad [2J\\u202ename\n  of a line" in ran.err


def test_debug_shows_where_the_fault_is(library: Any, command: Callable[..., Any]) -> None:
    library.error = ValueError("odd")
    ran = command("--debug", "scan", "127.0.0.1")
    assert ran.code == 70
    assert "Traceback" in ran.err
    assert "ValueError: odd" in ran.err


def test_interrupt_outside_a_scan_is_told_and_130(
    library: Any, command: Callable[..., Any]
) -> None:
    library.error = KeyboardInterrupt()
    ran = command("replay", "home.jsonl")
    assert ran.code == 130
    assert "there is no report" in ran.err


@pytest.mark.parametrize(
    ("worst", "complete", "fail_on", "code"),
    [
        (None, True, Severity.INFO, 0),
        (None, False, Severity.INFO, 3),
        (Severity.LOW, True, Severity.LOW, 1),
        (Severity.LOW, True, Severity.MEDIUM, 0),
        (Severity.LOW, False, Severity.LOW, 1),
        (Severity.LOW, False, Severity.MEDIUM, 3),
        (Severity.CRITICAL, False, Severity.CRITICAL, 1),
    ],
)
def test_exit_code_of_a_report(
    worst: Severity | None, complete: bool, fail_on: Severity, code: int, samples: Any
) -> None:
    found = [replace(samples.findings()[0], severity=worst)] if worst else []
    report = replace(samples.home(), findings=tuple(found), complete=complete)
    assert of_report(report, fail_on) == code


def test_old_consoles_show_a_mark_for_what_they_lack(stage: Callable[..., list[str]]) -> None:
    program = stage("library.replay = lambda *_, **__: samples.home()", "replay", "x")
    ran = subprocess.run(
        program, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False
    )
    assert ran.returncode == 1, ran.stderr
    assert b"K?chenlampe" in ran.stdout
    assert b'under "What could not be seen"' in b" ".join(ran.stdout.split())
