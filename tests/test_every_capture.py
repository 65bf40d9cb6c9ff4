"""The reading of captures against ground truth: every finding, and not one too many.

``captures/`` holds our own, a folder a case; beside a checkout there may be labelled captures that
others made.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml

from iotscan import scoring
from iotscan.assess.rulebook import load_rulebook
from iotscan.assess.rules import OF_CONVERSATIONS
from iotscan.offline import report_on
from iotscan.report import Options, render

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "captures"
LABELS = SHARED / "labels.yaml"
CASES = [truth.file for truth in scoring.load(LABELS)[1]] if LABELS.is_file() else []
reason = "the labelled captures that lie beside a checkout are not there"


@pytest.mark.shared
@pytest.mark.skipif(not CASES, reason=reason)
@pytest.mark.parametrize("name", CASES or ["none"])
def test_labelled_captures(name: str) -> None:
    vocabulary, truths = scoring.load(LABELS)
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
    vocabulary, _ = scoring.load(LABELS)
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


@pytest.mark.parametrize("case", sorted(OWN.glob("*/expected.yaml")), ids=lambda p: p.parent.name)
def test_our_own_captures_say_exactly_what_is_expected(case: Path) -> None:
    wanted = yaml.safe_load(case.read_text(encoding="utf-8"))
    (capture,) = case.parent.glob("input.pcap*")
    report = report_on([capture], load_rulebook())
    found = sorted(
        {
            f"{finding.address} {finding.rule}"
            + (f" {finding.endpoint.port}/{finding.endpoint.transport}" if finding.endpoint else "")
            for finding in report.findings
        }
    )
    assert found == wanted["findings"]
    assert report.complete is wanted["complete"]
    assert (case.parent / "README.md").is_file()
