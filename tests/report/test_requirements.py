"""Tables of requirements, and how frameworks correspond."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from iotscan.api import replay
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.model import Report, Standing
from iotscan.report import Options, render
from iotscan.report.conformity import sheets
from iotscan.report.correspondence import (
    CLOSE,
    LOOSE,
    PRINCIPLE,
    STATED,
    Comparison,
    as_csv,
    as_html,
    as_text,
    compare,
)
from iotscan.report.json import dumps, loads

HERE = Path(__file__).parent
ETSI, CRA, PSTI, OLD = "etsi-en-303-645", "eu-cra", "uk-psti", "etsi-en-303-645-v2"


def table(report: Report, framework: str, form: str) -> str:
    out = io.StringIO(newline="")
    render(report, "requirements", out, Options(80, argument=framework, form=form))
    return out.getvalue()


@pytest.mark.parametrize("framework", [ETSI, CRA, PSTI, "owasp-isvs", "en-18031", "nist-ir-8425"])
def test_every_device_has_every_provision_in_order(framework: str, recorded: Report) -> None:
    book = load_rulebook()
    wanted = list(book.frameworks[framework].provisions)
    tree = json.loads(table(recorded, framework, "json"))
    rows = list(csv.DictReader(io.StringIO(table(recorded, framework, "csv"), newline="")))
    assert len(tree["devices"]) == len(recorded.devices)
    for number, device in enumerate(tree["devices"]):
        assert [line["id"] for line in device["provisions"]] == wanted
        part = rows[number * len(wanted) : (number + 1) * len(wanted)]
        assert [row["provision"] for row in part] == wanted
        assert sum(device["counts"].values()) == len(wanted)
        for line, row in zip(device["provisions"], part, strict=True):
            assert line["reason"]
            assert row["reason"] == line["reason"]
            assert bool(line["findings"]) is bool(row["evidence"])


def test_verdicts_are_those_of_the_postures_and_findings_prove_them(recorded: Report) -> None:
    book = load_rulebook()
    postures = {(p.device, p.framework): p for p in recorded.postures}
    for sheet in sheets(recorded, book.frameworks[ETSI], book):
        posture = postures[sheet.view.device.key, ETSI]
        assert [(line.provision.id, line.standing) for line in sheet.lines] == [
            (verdict.provision, verdict.standing) for verdict in posture.verdicts
        ]
        for line, verdict in zip(sheet.lines, posture.verdicts, strict=True):
            assert {f.fingerprint for f in line.findings} == set(verdict.findings)
            if line.standing is Standing.VIOLATED:
                assert all(finding.proofs for finding in line.findings)


@pytest.mark.parametrize("framework", [ETSI, CRA, PSTI])
@pytest.mark.parametrize("cut", [False, True], ids=["finished", "cut short"])
def test_verdicts_worked_out_later_are_those_of_the_scan(
    framework: str, cut: bool, tmp_path: Path
) -> None:
    """From what a report holds beside them, as for the frameworks that it does not measure by."""
    lines = (HERE / "home.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "home.jsonl").write_text("".join(lines[:-1] if cut else lines))
    report = replay([tmp_path / "home.jsonl"])
    others = tuple(one for one in report.postures if one.framework != framework)
    book = load_rulebook()
    entry = book.frameworks[framework]
    held = [(sheet.posture, sheet.lines) for sheet in sheets(report, entry, book)]
    for left in (others, ()):
        later = sheets(replace(report, postures=left), entry, book)
        assert [(sheet.posture, sheet.lines) for sheet in later] == held
    reasons = {line.reason for _, lines in held for line in lines}
    assert any("did not run to its end" in reason for reason in reasons) is cut


def test_what_a_policy_left_out_still_counts_in_verdicts(recorded: Report) -> None:
    book = load_rulebook()
    entry = book.frameworks["owasp-iot-top10-2018"]
    silent = replace(recorded, findings=(), outside=recorded.findings)
    standings = [
        sorted((sheet.view.device.key, line.provision.id, line.standing) for line in sheet.lines)
        for report in (recorded, silent)
        for sheet in sorted(sheets(report, entry, book), key=lambda sheet: sheet.view.device.key)
    ]
    half = len(standings) // 2
    assert standings[:half] == standings[half:]
    assert any(standing is Standing.VIOLATED for part in standings for _, _, standing in part)


def test_frameworks_measured_on_request_have_verdicts_with_their_proof(recorded: Report) -> None:
    book = load_rulebook()
    assert {one.framework for one in recorded.postures} == {ETSI, CRA, PSTI}
    lines = [
        line
        for sheet in sheets(recorded, book.frameworks["owasp-iot-top10-2018"], book)
        for line in sheet.lines
    ]
    violated = [line for line in lines if line.standing is Standing.VIOLATED]
    assert "contradicted by default-credentials-telnet" in {line.reason for line in violated}
    assert all(finding.proofs for line in violated for finding in line.findings)
    hidden = [line for line in lines if line.provision.id == "I10"]
    assert {line.reason for line in hidden} == {"not observable from the network"}


def test_an_older_edition_stands_as_the_current_one_does(recorded: Report) -> None:
    book = load_rulebook()
    old, now = (
        {
            (sheet.view.device.key, line.provision.id): (line.standing, line.reason, line.findings)
            for sheet in sheets(recorded, book.frameworks[framework], book)
            for line in sheet.lines
        }
        for framework in (OLD, ETSI)
    )
    same = {"5.1-1", "5.3-16", "5.4-3", "5.5-1", "5.5-6", "5.6-2"}
    for (device, provision), (standing, reason, findings) in old.items():
        if provision in same:
            there = now[device, provision]
            assert (standing, reason) == there[:2]
            assert [one.fingerprint for one in findings] == [f.fingerprint for f in there[2]]
    assert {standing for standing, _, _ in old.values()} == set(Standing)


def test_frameworks_nobody_measures_by_have_no_verdict_but_findings(recorded: Report) -> None:
    book = load_rulebook()
    lines = [
        line
        for sheet in sheets(recorded, book.frameworks["nist-sp-800-213a"], book)
        for line in sheet.lines
    ]
    assert {line.standing for line in lines} == {Standing.NOT_ASSESSED}
    reasons = " ".join(line.reason for line in lines)
    assert "to be judged by a person (default-credentials-telnet" in reasons
    assert "rules speak to it, and none of them found anything" in reasons
    bearing = [line for line in lines if line.findings]
    assert bearing
    assert all("to be judged" in line.reason for line in bearing)


def test_what_cannot_be_seen_says_so(recorded: Report) -> None:
    text = table(recorded, ETSI, "html")
    assert "cannot be seen from the network. A paperwork duty of the manufacturer" in text
    assert "the document itself is the only authority" in text


def test_text_is_for_a_screen(samples: ModuleType) -> None:
    text = table(samples.home(), PSTI, "")
    assert max(map(len, text.splitlines())) <= 80
    assert "[not assessed]" in " ".join(text.split())


def test_on_a_screen_each_section_has_its_heading_once_a_device(recorded: Report) -> None:
    lines = [line.strip() for line in table(recorded, ETSI, "").splitlines()]
    named = load_rulebook().frameworks[ETSI].sections.items()
    # The longest do not fit on a line of the screen.
    titles = {f"{number} {title}" for number, title in named if len(title) < 60}
    assert len(titles) > 5
    assert {lines.count(title) for title in titles} == {len(recorded.devices)}


def comparison(first: str, second: str) -> Comparison:
    book = load_rulebook()
    return compare(book.frameworks[first], book.frameworks[second], book)


def matches(first: str, second: str, provision: str) -> dict[str, str]:
    found = dict((p.id, found) for p, found in comparison(first, second).lines)
    return {match.provision.id: match.ground for match in found[provision]}


def test_editions_correspond_as_the_documents_state_in_both_directions() -> None:
    assert matches(OLD, ETSI, "5.3-4") == {"5.3-4A": STATED, "5.3-4B": STATED}
    assert matches(ETSI, OLD, "5.3-4A")["5.3-4"] == STATED
    assert matches(PSTI, OLD, "S1-1")["5.1-1"] == STATED
    assert matches(OLD, PSTI, "5.1-1")["S1-1"] == STATED


def test_a_third_document_that_both_name_is_a_bridge() -> None:
    found = matches(PSTI, ETSI, "S1-2")
    assert found["5.2-1"] == STATED


def test_rules_that_speak_to_both_tie_provisions_and_are_named() -> None:
    book = load_rulebook()
    found = comparison(ETSI, CRA)
    line = next(matched for provision, matched in found.lines if provision.id == "5.1-1")
    assert {match.ground for match in line} <= {CLOSE, LOOSE}
    for match in line:
        assert match.rules
        for rule in match.rules:
            walk = book.rules[rule].crosswalk
            assert "5.1-1" in walk[ETSI]
            assert match.provision.id in walk[CRA]


def test_principles_are_the_last_ground() -> None:
    lines = [found for _, found in comparison(ETSI, CRA).lines]
    by_principle = [line for line in lines if PRINCIPLE in {match.ground for match in line}]
    assert by_principle
    for line in by_principle:
        assert {(match.ground, match.rules) for match in line} == {(PRINCIPLE, ())}


@pytest.mark.parametrize("second", [CRA, "rfc-8520", "owasp-isvs"])
def test_what_has_no_match_is_listed(second: str) -> None:
    found = comparison(PSTI, second)
    matched = {match.provision.id for _, line in found.lines for match in line}
    alone = {provision.id for provision in found.alone}
    assert not alone & matched
    assert alone | matched == set(load_rulebook().frameworks[second].provisions)
    assert alone


def test_comparison_reads_the_same_in_every_form() -> None:
    found = comparison(PSTI, CRA)
    text, page, sheet = io.StringIO(), io.StringIO(), io.StringIO(newline="")
    as_text(found, text)
    as_html(found, page)
    as_csv(found, sheet)
    sheet.seek(0)
    rows = list(csv.DictReader(sheet))
    for provision, line in found.lines:
        assert provision.title in page.getvalue()
        assert provision.id in text.getvalue()
        told = [row["other_provision"] for row in rows if row["provision"] == provision.id]
        assert told == ([match.provision.id for match in line] or [""])
    assert {row["other_provision"] for row in rows if not row["provision"]} == {
        provision.id for provision in found.alone
    }


def test_a_report_that_does_not_say_whether_its_scan_finished_is_taken_for_one_cut_short(
    recorded: Report,
) -> None:
    """If something was missed: nothing is met by what nobody finished looking at."""
    book = load_rulebook()
    assert recorded.finished
    tree = json.loads(dumps(replace(recorded, postures=(), complete=False)))
    del tree["finished"]
    before = loads(json.dumps(tree))
    for report, met in ((before, False), (replace(before, complete=True), True)):
        tables = sheets(report, book.frameworks[OLD], book)
        standings = {line.standing for sheet in tables for line in sheet.lines}
        assert (Standing.MET in standings) is met


def test_without_devices_a_table_has_its_columns(recorded: Report) -> None:
    nobody = replace(recorded, devices=(), findings=(), gaps=(), postures=())
    names = table(recorded, PSTI, "csv").splitlines(keepends=True)[0]
    assert table(nobody, PSTI, "csv") == names


def test_on_a_screen_what_is_not_assessed_says_what_could_be_seen(recorded: Report) -> None:
    text = " ".join(table(recorded, "owasp-iot-top10-2018", "").split())
    assert "Debug pads, memory cards and the case can be judged only with the device" in text
