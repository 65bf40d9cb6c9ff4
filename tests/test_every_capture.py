"""The reading of captures against ground truth: every finding, and not one too many.

``captures/`` holds our own, a folder a case; beside a checkout there may be labelled captures that
others made.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from derive_captures import CASES as CHANGED
from judge_captures import expectation
from overheard import reason as explanation

from iotscan import labels, scoring
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.rules import OF_CONVERSATIONS
from iotscan.offline import report_on
from iotscan.report import Options, render

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "captures"
LABELS = SHARED / "labels.yaml"
CASES = [truth.file for truth in labels.load(LABELS)[1]] if LABELS.is_file() else []
reason = "the labelled captures that lie beside a checkout are not there"


@pytest.mark.shared
@pytest.mark.skipif(not CASES, reason=reason)
@pytest.mark.parametrize("name", CASES or ["none"])
def test_labelled_captures(name: str) -> None:
    vocabulary, truths = labels.load(LABELS)
    truth = next(truth for truth in truths if truth.file == name)
    report = report_on([SHARED / name], load_rulebook())
    found = scoring.score(truth, report, vocabulary)
    assert found.findings.missed == []
    assert found.findings.extra == []
    assert (found.macs.missed, found.macs.extra) == ([], [])
    assert (found.names.missed, found.services.missed) == ([], [])
    assert not [gap for gap in report.gaps if gap.ending.value == "bug"]
    assert report.complete is not bool(report.inputs[0].stopped or report.inputs[0].unread)


@pytest.mark.shared
@pytest.mark.skipif(not CASES, reason=reason)
def test_every_type_of_the_vocabulary_has_a_rule_on_conversations() -> None:
    vocabulary, _ = labels.load(LABELS)
    book = load_rulebook()
    assert sorted(vocabulary - set(book.rules)) == []
    alone = {"telnet-scan-seen", "bacnet-unauthenticated"}  # they have no peer
    others = [name for name in vocabulary - alone if book.rules[name].per not in OF_CONVERSATIONS]
    assert sorted(others) == []


@pytest.mark.shared
@pytest.mark.skipif(not CASES, reason=reason)
def test_the_order_and_the_place_of_files_do_not_show(tmp_path: Path) -> None:
    names = ["iot/wemo-switch.pcap", "tls/expired.pcap", "telnet/line-mode-login.pcap"]
    copies = []
    for name in names:
        copy = tmp_path / Path(name).name
        copy.write_bytes((SHARED / name).read_bytes())
        copies.append(copy)
    book = load_rulebook()
    first = report_on([SHARED / name for name in names], book)
    assert report_on(copies[::-1], book) == first
    assert report_on([tmp_path], book, jobs=2) == first
    assert [given.name for given in first.inputs] == [
        "line-mode-login.pcap",
        "expired.pcap",
        "wemo-switch.pcap",
    ]


@pytest.mark.shared
@pytest.mark.skipif(not CASES, reason=reason)
@pytest.mark.parametrize("name", ["telnet/line-mode-login.pcap", "iot/wemo-insight.pcap"])
def test_reports_of_captures_are_written_in_every_format(name: str, tmp_path: Path) -> None:
    report = report_on([SHARED / name], load_rulebook())
    out = io.StringIO()
    render(report, "terminal", out, Options(width=80))
    assert f"Read 1 capture with {report.inputs[0].frames:,} frames" in " ".join(
        out.getvalue().split()
    )
    assert f"{Path(name).name} frame" in out.getvalue()
    assert str(SHARED) not in out.getvalue()


OWN = Path(__file__).resolve().parent.parent / "captures"
OWN_CASES = sorted(path.parent for path in OWN.rglob("expected.yaml"))
# Where what was done to a recording changes what it says; all others say what theirs says.
TELLING = {"802.15.4", "empty", "ipv6-only", "one-direction", "two-at-once", "wifi-encrypted"}
# These packers do not write the same bytes in every version.
PACKED = {"cut-gzip", "gzip", "zstd"}


def expected(case: Path) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load((case / "expected.yaml").read_text("utf-8"))
    return tree


@pytest.mark.parametrize("case", OWN_CASES, ids=lambda path: path.name)
def test_our_own_captures_say_exactly_what_is_expected(case: Path) -> None:
    """After a new rule or reader: ``python tests/lab/judge_captures.py``, and read what changed."""
    (capture,) = case.glob("input.*")
    assert expectation(report_on([capture], load_rulebook())) == expected(case)


@pytest.mark.parametrize("case", sorted(OWN.glob("lab-*")), ids=lambda path: path.name)
def test_what_is_expected_of_a_device_is_true_of_it(case: Path) -> None:
    """The lab's truth is written by hand; what a report says must follow from it."""
    name = case.name.removeprefix("lab-")
    assert [one for one in expected(case)["findings"] if not explanation(name, one)] == []


@pytest.mark.parametrize("name", sorted(set(CHANGED) - TELLING))
def test_what_happens_to_a_capture_on_its_way_does_not_change_what_it_says(name: str) -> None:
    base = CHANGED[name][0]
    assert expected(OWN / f"offline-{name}")["findings"] == expected(OWN / base)["findings"]


@pytest.mark.parametrize("name", sorted(set(CHANGED) - PACKED))
def test_changed_captures_are_made_from_recordings_of_our_own(name: str) -> None:
    _, _, file, make = CHANGED[name]
    assert make() == (OWN / f"offline-{name}" / file).read_bytes()


def test_a_home_without_fault_is_told_none() -> None:
    assert expected(OWN / "benign" / "household")["findings"] == []


def test_captures_of_our_own_are_many_small_and_described() -> None:
    captures = [path for case in OWN_CASES for path in case.glob("input.*")]
    assert len(captures) == len(OWN_CASES) >= 40
    assert all((case / "README.md").is_file() for case in OWN_CASES)
    assert max(path.stat().st_size for path in captures) < 1 << 20
    assert sum(path.stat().st_size for path in captures) < 6 << 20
