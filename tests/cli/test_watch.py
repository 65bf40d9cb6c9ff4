"""``iotscan watch``, over a library that answers with reports made by hand."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from paper import TELNET, Thing, report

from iotscan.cli import clock, main
from iotscan.errors import UsageError
from iotscan.model import Report
from iotscan.probe_api import Attachment
from iotscan.settings import Settings
from iotscan.store import open_store

# Some of what Apprise's plug-ins import is out of date in Python 3.11.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
LAMP = Thing("192.0.2.8", "00:00:5e:00:53:02", "lamp")
CAMERA = Thing("192.0.2.7", "00:00:5e:00:53:01", "hall\x1b[31mway", doors=(TELNET,))
SECRET = "s3cr3t-w0rd"


@dataclass
class Library:
    """Answers one scan after another with these; an exception is raised."""

    answers: list[Report | Exception]
    asked: list[Settings] = field(default_factory=list)
    stopped: bool = False

    def rules(self, settings: Settings) -> None:
        if settings.rule_folders:
            raise UsageError("these rules are broken")

    async def scan(self, settings: Settings, *, progress: Any, stop: asyncio.Event) -> Report:
        self.asked.append(settings)
        answer = self.answers.pop(0)
        if not self.answers:
            if self.stopped:
                stop.set()
            else:
                asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    found = Library([])
    monkeypatch.setitem(sys.modules, "iotscan.api", found)
    return found


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """A clock on which waiting takes no time: when each wait ended."""
    ended: list[datetime] = [datetime(2026, 1, 10, 12, tzinfo=UTC)]

    async def wait(self: object, stop: asyncio.Event, seconds: float) -> None:
        ended.append(ended[-1] + timedelta(seconds=seconds))
        await asyncio.sleep(0)

    monkeypatch.setattr(clock.WallClock, "now", lambda self: ended[-1])
    monkeypatch.setattr(clock.WallClock, "wait", wait)
    return ended


def once(library: Library, *things: Thing, day: int = 1) -> None:
    # The answer after it is never asked for: nobody is to send a signal.
    library.answers = [report(*things, day=day), KeyError()]


def test_once_tells_what_there_is_and_then_only_changes(
    library: Library, command: Callable[..., Any]
) -> None:
    once(library, LAMP)
    ran = command("watch", "192.168.7.0/24", "--once", "--store", "h.db")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "Scan 1, the first of this network. From now on only changes are told.",
        "  1 device in 192.0.2.0/24, 0 findings.",
    ]
    once(library, LAMP, day=2)
    ran = command("watch", "192.168.7.0/24", "--once", "--store", "h.db")
    assert (ran.code, ran.out, ran.err) == (0, "", "Scan 2: nothing changed.\n")
    once(library, LAMP, CAMERA, day=3)
    ran = command("watch", "192.168.7.0/24", "--once", "--store", "h.db")
    assert ran.out.splitlines() == [
        "2026-01-04 at 08:00 UTC: 1 new finding, 1 new device (iotscan diff 2 3)",
        "  New finding: Old remote control is open (telnet) (high): "
        "hall [31mway (192.0.2.7), 23/tcp",
        "  New device: hall [31mway (192.0.2.7)",
    ]


def test_watch_goes_on_until_it_is_interrupted_and_survives_a_scan_that_fails(
    library: Library, command: Callable[..., Any], waits: list[datetime]
) -> None:
    library.answers = [
        report(LAMP),
        UsageError("lamp.local is unknown"),
        report(LAMP, CAMERA, day=2),
    ]
    ran = command("watch", "192.168.7.0/24", "--every", "6h", "--store", "h.db")
    assert ran.code == 0
    assert "This time nothing can be told: lamp.local is unknown" in ran.err
    assert ran.err.count("The next scan begins on") == 3
    assert "A scan that is not finished is not kept. Ctrl-C again leaves at once." in ran.err
    assert "1 new finding, 1 new device (iotscan diff 1 2)" in ran.out
    assert waits[-1] - waits[0] >= timedelta(hours=12)
    with open_store("h.db") as store:
        assert len(store.scans()) == 2


def test_scan_that_was_stopped_is_not_kept(library: Library, command: Callable[..., Any]) -> None:
    library.answers, library.stopped = [report(complete=False)], True
    ran = command("watch", "192.168.7.0/24", "--once", "--store", "h.db")
    assert (ran.code, ran.out) == (3, "")
    with open_store("h.db") as store:
        assert store.scans() == []


def test_scan_that_fails_with_once_is_an_error(
    library: Library, command: Callable[..., Any]
) -> None:
    library.answers = [UsageError("lamp.local is unknown"), KeyError()]
    ran = command("watch", "192.168.7.0/24", "--once", "--store", "h.db")
    assert (ran.code, ran.err) == (2, "iotscan: lamp.local is unknown\n")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--every", "1h", "--once"), "exclude each other"),
        (("--at", "03:00", "--every", "1h"), "exclude each other"),
        (("--every", "soon"), "--every takes"),
        (("--at", "25:00"), "--at takes"),
        (("--store", "none"), "to watch is to compare"),
        (("--store", "/dev/null/h.db"), "cannot be opened"),
        (("--rules", "mine"), "these rules are broken"),
        (("--notify", f"nonsense://{SECRET}"), "Apprise cannot use address 1"),
    ],
)
def test_what_cannot_be_used_is_told_before_the_first_scan(
    flags: tuple[str, ...], words: str, library: Library, command: Callable[..., Any]
) -> None:
    ran = command("watch", "192.168.7.0/24", *flags)
    assert ran.code == 2
    assert words in ran.err
    assert SECRET not in ran.err
    assert library.asked == []


def test_second_watch_of_the_same_is_refused(
    library: Library, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    once(library, LAMP)
    outcomes: list[int] = []

    async def scan(settings: Settings, *, progress: Any, stop: asyncio.Event) -> Report:
        if not outcomes:
            for more in ((), ("--store", "other.db"), ("192.168.9.0/24",)):
                outcomes.append(-1)
                arguments = ["watch", "192.168.7.0/24", "--once", "--store", "h.db", *more]
                outcomes[-1] = await asyncio.to_thread(_in_another_process, arguments)
        return report(LAMP)

    monkeypatch.setattr(library, "scan", scan)
    assert command("watch", "192.168.7.0/24", "--once", "--store", "h.db").code == 0
    assert outcomes == [2, 0, 0]


def _in_another_process(arguments: list[str]) -> int:
    """The exit code of the command over a library that finds nothing."""
    lab, data = Path(__file__).parent.parent / "lab", platformdirs.user_data_path("iotscan")
    script = f"""
import pathlib, sys, types
sys.path.insert(0, {str(lab)!r})
from paper import report
library = types.ModuleType("iotscan.api")
async def scan(settings, *, progress, stop): return report()
library.scan, library.rules = scan, lambda settings: None
sys.modules["iotscan.api"] = library
import platformdirs
platformdirs.user_data_path = lambda name: pathlib.Path({str(data)!r})
from iotscan.cli import main
sys.exit(main({arguments!r}))
"""
    return subprocess.run([sys.executable, "-c", script], capture_output=True).returncode


def test_networks_that_were_agreed_to_are_kept_to(
    library: Library,
    command: Callable[..., Any],
    waits: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A laptop that is carried elsewhere does not scan the network there."""
    library.answers = [report(LAMP), report(LAMP, day=2)]
    home = Attachment("wlan0", None, (ip_address("192.168.7.5"),), (24,))
    cafe = Attachment("wlan0", None, (ip_address("10.9.0.5"),), (24,))
    there = [home]

    async def scan(settings: Settings, *, progress: Any, stop: asyncio.Event) -> Report:
        there[0] = cafe
        return await Library.scan(library, settings, progress=progress, stop=stop)

    monkeypatch.setattr(library, "scan", scan)
    for place in ("iotscan.net.interfaces.attachments", "iotscan.cli.consent.attachments"):
        monkeypatch.setattr(place, lambda: list(there))
    ran = command("watch", "--yes", "--store", "h.db")
    assert ran.code == 0, ran.err
    assert "192.168.7.0/24" in ran.err
    assert [settings.targets for settings in library.asked] == [("192.168.7.0/24",)] * 2


def test_old_scans_are_forgotten_only_after_they_were_compared_with(
    library: Library, command: Callable[..., Any], tmp_path: Path
) -> None:
    config = tmp_path / "keep.toml"
    config.write_text('keep_scans = 1\nstore = "h.db"\n')
    for day, things in enumerate([(LAMP,), (LAMP, CAMERA)], 1):
        once(library, *things, day=day)
        ran = command("watch", "192.168.7.0/24", "--once", "--config", str(config))
    assert "1 new finding, 1 new device" in ran.out
    with open_store("h.db") as store:
        assert [scan.id for scan in store.scans()] == [2]


def test_receiver_that_cannot_be_told_costs_no_scan_and_no_secret(
    library: Library, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(self: object, message: object) -> str:
        return "the server answered with HTTP status 500"

    monkeypatch.setattr("iotscan.watch.notify.Receiver.send", send)
    monkeypatch.setenv("IOTSCAN_NOTIFY", f"json://127.0.0.1/{SECRET} json://127.0.0.1/{SECRET}2")
    once(library, LAMP)
    ran = command("watch", "192.168.7.0/24", "--once", "--store", "h.db")
    assert ran.code == 3
    assert ran.err.splitlines() == [
        f"receiver {number} (JSON) was not told of scan 1: the server answered with HTTP status "
        "500. It is tried again after the next scan."
        for number in (1, 2)
    ]
    with open_store("h.db") as store:
        assert len(store.scans()) == 1
    assert SECRET.encode() not in Path("h.db").read_bytes()


@pytest.mark.parametrize("text", [f'["json://{SECRET}", 5]', '["json://\\u0000' + SECRET + '"]'])
def test_fault_in_the_settings_does_not_quote_an_address(
    text: str, command: Callable[..., Any], tmp_path: Path
) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text(f"notify = {text}\n")
    ran = command("watch", "192.168.7.0/24", "--config", str(config))
    assert ran.code == 2
    assert "must be a list of Apprise addresses, not what stands there" in ran.err
    assert SECRET not in ran.err
    assert SECRET not in repr(replace(Settings(), notify=(SECRET,)))


def test_command_that_a_bug_report_asks_for_holds_no_address(
    library: Library, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["watch", "192.168.7.0/24", "--once", "--store", "h.db"]
    secrets = [f"--notify=json://{SECRET}", f"json://{SECRET}"]
    monkeypatch.setattr(sys, "argv", ["iotscan", *arguments, *secrets])
    library.answers = [KeyError("broken"), KeyError()]
    assert main(arguments) == 70
    told = capfd.readouterr().err
    assert "--notify=json://…' 'json://…'" in told
    assert SECRET not in told
