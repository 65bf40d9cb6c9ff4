"""Accepted risks: a file that is read or refused whole, and findings that stay visible."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from paper import TELNET, Thing, report

from iotscan.assess.accepted import accept, read_acceptances
from iotscan.errors import RulePackError, UsageError
from iotscan.model import Acceptance

MAC = "00:00:5e:00:53:01"
CAMERA = Thing("192.0.2.7", MAC, "Hallway", {}, doors=(TELNET,))
# A scan of the 3rd of January 2026.
RISK = Acceptance("telnet-exposed", MAC, "until spring", "Jane", "2026-01-03")
WHOLE = """
accepted:
  - rule: telnet-exposed
    device: 00:00:5e:00:53:01   # the camera
    reason: until spring
    owner: Jane
    expires: 2026-01-03
  - {rule: a, device: "*", port: 23/tcp, reason: b, owner: c, expires: "2027-01-01"}
"""


def read(text: str, folder: Path) -> tuple[Acceptance, ...]:
    file = folder / "accepted.yaml"
    file.write_text(text, "utf-8")
    return read_acceptances(file)


def test_file_is_read(tmp_path: Path) -> None:
    assert read(WHOLE, tmp_path) == (RISK, Acceptance("a", "*", "b", "c", "2027-01-01", "23/tcp"))


def test_empty_list_accepts_nothing(tmp_path: Path) -> None:
    assert read("accepted: []", tmp_path) == ()


def test_all_faults_are_told_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(RulePackError) as told:
        read(
            "accepted:\n"
            "  - {rule: a, device: b, reason: c, owner: d, expires: soon}\n"
            "  - {rule: a, device: b, reason: '', owner: d, expires: 2027-01-01}\n"
            "  - {rule: a, device: b, reason: c, expires: 2027-01-01}\n"
            "  - {rule: a, device: b, reason: c, owner: d, expires: 2027-01-01, port: 23}\n"
            "  - {rule: a, device: b, reason: c, owner: d, expires: 2027-01-01, until: x}\n"
            "mood: good\n",
            tmp_path,
        )
    lines = [(fault.line, fault.reason) for fault in told.value.faults]
    assert [line for line, _ in sorted(lines)] == [2, 3, 4, 5, 6, 7]
    words = str(told.value)
    for said in ("expires is a day", "reason is left open", "owner is missing", "port is as in"):
        assert said in words
    assert "until is not known" in words
    assert "mood is not known" in words


def test_a_draft_that_is_not_filled_in_has_a_fault_for_each_entry(tmp_path: Path) -> None:
    entry = "  - rule: a\n    device: b\n    reason:\n    owner:\n    expires:\n"
    with pytest.raises(RulePackError) as told:
        read("accepted:\n" + entry + entry, tmp_path)
    reasons = [(fault.line, fault.reason) for fault in told.value.faults]
    words = "reason, owner, expires are left open: fill in, or take the entry out"
    assert reasons == [(2, words), (7, words)]


@pytest.mark.parametrize("text", ["", "accepted: yes", "- a", "accepted: [", "{}", "accepted: [x]"])
def test_what_is_no_such_file_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(RulePackError):
        read(text, tmp_path)


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_acceptances(tmp_path / "none.yaml")


@pytest.mark.parametrize("device", [MAC, MAC.upper(), "192.0.2.7", "hallway", "*", "Front door"])
def test_device_goes_by_any_of_its_names(device: str) -> None:
    found = accept(report(CAMERA, day=2), [replace(RISK, device=device)], {MAC: "front DOOR"})
    assert [finding.accepted for finding in found.findings] == [replace(RISK, device=device)]


@pytest.mark.parametrize(
    "change",
    [{"device": "192.0.2.8"}, {"rule": "telnet-open-shell"}, {"port": "2323/tcp"}],
    ids=str,
)
def test_other_findings_are_not_accepted(change: dict[str, str]) -> None:
    scan = report(CAMERA, day=2)
    assert accept(scan, [replace(RISK, **change)]) == scan


def test_port_may_be_named() -> None:
    found = accept(report(CAMERA, day=2), [replace(RISK, port="23/tcp")])
    assert found.findings[0].accepted is not None


def test_last_day_counts_and_the_day_after_the_finding_is_back() -> None:
    on_the_day, after = (accept(report(CAMERA, day=day), [RISK]) for day in (2, 3))
    assert on_the_day.findings[0].accepted == RISK
    assert on_the_day.expired == ()
    assert after.findings[0].accepted is None
    assert after.expired == (RISK,)


def test_entry_that_has_not_ended_goes_before_one_that_has() -> None:
    renewed = replace(RISK, expires="2027-01-01")
    found = accept(report(CAMERA, day=9), [RISK, renewed])
    assert found.findings[0].accepted == renewed
    assert found.expired == ()


def test_nothing_but_the_mark_changes_and_accepting_again_starts_anew() -> None:
    scan = report(CAMERA, day=2)
    found = accept(scan, [RISK])
    assert replace(found, findings=scan.findings) == scan
    assert accept(found, []) == scan
