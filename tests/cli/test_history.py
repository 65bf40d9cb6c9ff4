"""Kept scans on the command line: what is kept when, listed, compared, rendered and failed for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paper import SILENT_TELNET, TELNET, Thing, report

from iotscan.errors import StoreError
from iotscan.model import Impact
from iotscan.report.json import dumps
from iotscan.store import open_store

MAC = "00:00:5e:00:53:01"
CAMERA = Thing("192.0.2.7", MAC, "Hallway", {}, doors=(TELNET,))
LAMP = Thing("192.0.2.8", "00:00:5e:00:53:02", doors=(TELNET,))
NEW = ("scan", "192.0.2.0/24", "--fail-on", "new")
ACCEPTED = (
    f"accepted: [{{rule: telnet-exposed, device: '{MAC}', reason: r, owner: o, expires: DAY}}]"
)


@pytest.fixture
def scan(library: Any, command: Callable[..., Any]) -> Callable[..., Any]:
    """Scan a network of these devices on that day."""

    def run(*things: Thing, day: int = 1, words: tuple[str, ...] = ("scan", "192.0.2.0/24")) -> Any:
        library.report = report(*things, day=day)
        return command(*words, "--quiet", "--output", "json:out.json")

    return run


def test_scan_is_kept_and_told(library: Any, command: Callable[..., Any]) -> None:
    library.report = report(CAMERA)
    ran = command("scan", "192.0.2.0/24", "--output", "json:out.json")
    assert "Kept as scan 1 of the history.\n" in ran.err
    library.report = report(CAMERA, day=2)
    ran = command("scan", "192.0.2.0/24", "--output", "json:out.json")
    assert "Kept as scan 2 of the history; iotscan diff 1 2." in ran.err
    ran = command("history")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "2     2026-01-03 at 08:00 UTC: 192.0.2.0/24")
    assert "1 device; findings: 1 high." in ran.out
    listed = json.loads(command("history", "--json", "--most", "1").out)
    assert [entry["id"] for entry in listed] == [2]
    assert listed[0]["findings"]["high"] == 1


@pytest.mark.parametrize("command_line", [("replay", "x"), ("scan", "192.0.2.1", "--no-store")])
def test_what_is_not_kept(command_line: tuple[str, ...], scan: Callable[..., Any],
                          command: Callable[..., Any]) -> None:  # fmt: skip
    assert scan(CAMERA, words=command_line).code == 1
    assert "No scan was kept yet" in command("history").out


def test_replay_is_kept_where_asked(scan: Callable[..., Any], command: Callable[..., Any]) -> None:
    assert scan(CAMERA, words=("replay", "x", "--store", "here.sqlite")).code == 1
    assert "2026-01-02" in command("history", "--store", "here.sqlite").out


@pytest.mark.parametrize("value", ["none", "NONE"])
def test_history_can_be_switched_off(value: str, scan: Callable[..., Any],
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("IOTSCAN_STORE", value)
    assert scan(CAMERA).code == 1
    ran = command("history")
    assert (ran.code, "no history is kept" in ran.err) == (2, True)


def test_report_of_a_kept_scan_is_what_it_was(
    scan: Callable[..., Any], command: Callable[..., Any]
) -> None:
    scan(CAMERA)
    first = Path("out.json").read_bytes()
    scan(CAMERA, LAMP, day=2)
    for name, expected in (("1", first), ("previous", first), ("latest", None)):
        assert command("report", name, "--output", "json:again.json").code == 0
        assert Path("again.json").read_bytes() == (expected or Path("out.json").read_bytes())
    assert "telnet" in command("report", "again.json").out.lower()


def test_difference_on_the_screen_and_in_files(
    scan: Callable[..., Any], command: Callable[..., Any]
) -> None:
    scan(CAMERA)
    scan(replace(CAMERA, doors=()), LAMP, day=2)
    ran = command("diff")
    assert ran.code == 1
    assert "1 new device, 0 not seen any more, 1 new finding, 1 resolved" in " ".join(
        ran.out.split()
    )
    assert "23/tcp is closed" in ran.out
    assert command("diff", "--output", "json:diff.json").code == 1
    found = json.loads(Path("diff.json").read_text("utf-8"))
    assert {f["change"] for f in found["findings"]} == {"new", "resolved"}
    assert command("diff", "1", "out.json", "--output", "markdown").out.startswith("# What changed")


@pytest.mark.parametrize(
    ("after", "code"),
    [((CAMERA,), 0), ((CAMERA, LAMP), 1), ((replace(CAMERA, doors=(SILENT_TELNET,)),), 3), ((), 3)],
)
def test_exit_code_of_a_difference(after: tuple[Thing, ...], code: int,
    scan: Callable[..., Any], command: Callable[..., Any]) -> None:  # fmt: skip
    scan(CAMERA)
    scan(*after, day=2)
    assert command("diff").code == code


def test_two_reports_are_compared_without_any_history(command: Callable[..., Any]) -> None:
    for name, made in (("a.json", report(CAMERA)), ("b.json", report(CAMERA, LAMP, day=2))):
        Path(name).write_text(dumps(made), "utf-8")
    assert command("diff", "a.json", "b.json", "--store", "none").code == 1
    assert command("diff", "b.json", "a.json", "--store", "none").code == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("diff", "1", "2"), "holds no scan '1'"),
        (("report", "nowhere.json"), "nowhere.json is no scan"),
        (("report",), "no scan was kept yet: run `iotscan scan` first"),
        (("diff", "--output", "pdf"), "formats are: terminal, json, markdown"),
        (("scan", "x", "--store", "a", "--no-store"), "exclude each other"),
        (("scan", "x", "--fail-on", "new:grave"), "--fail-on: must be one of"),
        (("scan", "x", "--no-store", "--fail-on", "new"), "no history is kept"),
        (("scan", "x", "--baseline", "9"), "holds no scan '9'"),
        (("scan", "x", "--no-store", "--baseline", "9"), "no history is kept that could hold"),
        (("scan", "x", "--accept", "nowhere.yaml"), "nowhere.yaml cannot be read"),
        (("scan", "x", "--store", "mysql://x/y"), "no history can be kept in mysql"),
        (("devices", "name", "9", "x"), "there is no device '9'"),
        (("accepted", "check", "nowhere.yaml"), "cannot be read"),
    ],
)
def test_wrong_use_is_told_before_anything_is_done(
    words: tuple[str, ...], said: str, library: Any, command: Callable[..., Any]
) -> None:
    ran = command(*words)
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert library.asked == []


def test_only_new_findings_fail(scan: Callable[..., Any], library: Any) -> None:
    first = scan(CAMERA, words=NEW)
    assert first.code == 1
    assert "every finding counts as new" in first.err
    assert scan(CAMERA, day=2, words=NEW).code == 0
    assert scan(CAMERA, LAMP, day=3, words=NEW).code == 1
    assert scan(CAMERA, LAMP, day=4, words=NEW).code == 0
    assert scan(CAMERA, LAMP, day=5, words=(*NEW[:3], "new:critical")).code == 0
    assert scan(CAMERA, LAMP, day=6).code == 1


def test_new_is_measured_by_the_baseline_if_one_is_named(scan: Callable[..., Any]) -> None:
    Path("base.json").write_text(dumps(report(CAMERA)), "utf-8")
    words = (*NEW, "--no-store", "--baseline", "base.json")
    assert scan(CAMERA, day=2, words=words).code == 0
    assert scan(CAMERA, LAMP, day=2, words=words).code == 1


def test_setting_that_only_new_findings_fail(
    scan: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(CAMERA)
    monkeypatch.setenv("IOTSCAN_FAIL_ON_NEW", "true")
    assert scan(CAMERA, day=2).code == 0


def test_accepted_findings_do_not_count_and_come_back(
    scan: Callable[..., Any], command: Callable[..., Any]
) -> None:
    file = Path("accepted.yaml")
    file.write_text(ACCEPTED.replace("DAY", "2026-01-03"), "utf-8")
    words = ("scan", "192.0.2.0/24", "--accept", "accepted.yaml")
    assert scan(CAMERA, words=words).code == 0
    assert (
        json.loads(Path("out.json").read_text("utf-8"))["findings"][0]["accepted"]["owner"] == "o"
    )
    assert "findings: 1 accepted" in command("history").out
    assert scan(CAMERA, LAMP, day=2, words=words).code == 1
    assert scan(CAMERA, day=3, words=words).code == 1
    assert json.loads(Path("out.json").read_text("utf-8"))["expired"][0]["reason"] == "r"


def test_draft_lists_every_finding_and_is_refused_until_it_is_filled_in(
    scan: Callable[..., Any], command: Callable[..., Any]
) -> None:
    scan(CAMERA, LAMP)
    draft = command("accepted", "draft").out
    assert draft.count("rule:") == 2
    Path("draft.yaml").write_text(draft, "utf-8")
    assert command("accepted", "check", "draft.yaml").code == 2
    for name, value in (("reason", "known"), ("owner", "Jane"), ("expires", "2027-01-01")):
        draft = draft.replace(f'{name}: ""', f'{name}: "{value}"')
    Path("filled.yaml").write_text(draft, "utf-8")
    ran = command("accepted", "check", "filled.yaml")
    assert (ran.code, ran.out) == (0, "filled.yaml: 2 accepted risks; first ends 2027-01-01\n")
    words = ("scan", "192.0.2.0/24", "--accept", "filled.yaml")
    assert scan(CAMERA, LAMP, day=2, words=words).code == 0


def test_risks_accepted_in_the_history_count_and_are_written_as_a_file(
    scan: Callable[..., Any], command: Callable[..., Any]
) -> None:
    scan(CAMERA)
    with open_store() as store:
        store.accept("telnet-exposed", 1, reason='"odd": # *x', owner="o", expires="2027-01-01")
    assert scan(CAMERA, day=2).code == 0
    Path("list.yaml").write_text(command("accepted", "list").out, "utf-8")
    assert command("accepted", "check", "list.yaml").code == 0


def test_devices_are_named_and_marked(
    scan: Callable[..., Any], command: Callable[..., Any]
) -> None:
    scan(CAMERA, LAMP)
    assert command("devices", "name", MAC.upper(), "Front door").code == 0
    assert command("devices", "known", "front door", "192.0.2.8").code == 0
    assert command("devices", "known", "--no", "2").code == 0
    listed = " ".join(command("devices").out.split())
    assert "1 Front door Hallway" not in listed
    assert "Front door 192.0.2.7; seen 2026-01-02 at 08:00 UTC; told by MAC" in listed
    assert "(not marked as known)" in listed
    only = json.loads(command("devices", "list", "--unknown", "--json").out)
    assert [(device["id"], device["known"]) for device in only] == [(2, False)]


def test_name_that_several_devices_go_by_is_told(
    scan: Callable[..., Any], command: Callable[..., Any]
) -> None:
    scan(CAMERA, replace(LAMP, name="Hallway", traits={}))
    ran = command("devices", "name", "hallway", "x")
    assert (ran.code, "by its id (1, 2)" in ran.err) == (2, True)


def test_old_scans_are_forgotten_by_setting_and_by_command(
    scan: Callable[..., Any], command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (1, 2, 3):
        scan(CAMERA, day=day)
    monkeypatch.setenv("IOTSCAN_KEEP_SCANS", "2")
    scan(CAMERA, day=4)
    assert [entry["id"] for entry in json.loads(command("history", "--json").out)] == [4, 3]
    assert command("db", "prune", "--keep-scans", "1").out == "1 scan forgotten.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what to keep"),
        (("--keep-days", "-1"), "--keep-days"),
        (("--keep-scans", "0"), "--keep-scans"),
    ],
)
def test_nothing_is_forgotten_without_a_number(
    words: tuple[str, ...], said: str, command: Callable[..., Any]
) -> None:
    ran = command("db", "prune", *words)
    assert (ran.code, said in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("history",), "No scan was kept yet"),
        (("devices",), "No device was seen yet"),
        (("devices", "list", "--unknown"), "No other device was seen yet"),
        (("token", "list"), "`iotscan token add NAME` makes one"),
    ],
)
def test_what_is_empty_says_how_it_is_filled(
    words: tuple[str, ...], said: str, command: Callable[..., Any]
) -> None:
    ran = command(*words)
    assert (ran.code, said in ran.out + ran.err) == (0, True)


def test_default_history_that_cannot_be_opened_does_not_stop_a_scan(
    scan: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: Path("/proc/nowhere"))
    ran = scan(CAMERA)
    assert ran.code == 1
    assert "This scan will not be kept" in ran.err
    assert scan(CAMERA, words=NEW).code == 2


def test_history_that_fails_in_the_end_does_not_cost_the_report(
    scan: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise StoreError("the history cannot be written: disk full")

    monkeypatch.setattr("iotscan.store.history.Store.add", full)
    ran = scan(CAMERA)
    assert (ran.code, "disk full" in ran.err) == (2, True)
    assert json.loads(Path("out.json").read_text("utf-8"))["devices"]


def test_upgrade_says_where_the_history_stood(command: Callable[..., Any]) -> None:
    from iotscan.store.schema import REVISION

    first, second = (command("db", "upgrade", "--store", "a.sqlite") for _ in range(2))
    assert first.out == f"a.sqlite went from nothing to {REVISION}.\n"
    assert second.out == f"a.sqlite is at {REVISION} as it was.\n"


def test_policy_reaches_the_library(scan: Callable[..., Any], library: Any) -> None:
    scan(CAMERA, words=("scan", "192.0.2.0/24", "--policy", "home", "--impact", "greet"))
    assert (library.asked[0].policy, library.asked[0].impact) == ("home", Impact.GREET)
