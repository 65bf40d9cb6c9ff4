"""Every kind of finding and evidence has a rule, or docs/limits.md says why it has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.net.ports import default_ports
from iotscan.plugins import probes

ROOT = Path(__file__).resolve().parents[1]
BOOK = load_rulebook()
CATALOGUE = yaml.safe_load((ROOT / "tests" / "catalogue.yaml").read_text("utf-8"))
PAGE = (ROOT / "docs" / "limits.md").read_text("utf-8")
# The first column of a table whose rows have three.
LISTED = set(re.findall(r"^\| `([a-z0-9-]+)` \|[^|]+\|[^|]+\|$", PAGE, re.MULTILINE))


@pytest.mark.parametrize("kind", CATALOGUE["findings"])
def test_every_kind_of_finding_has_a_rule_or_a_reason(kind: str) -> None:
    ruled = kind in BOOK.rules and BOOK.rules[kind].status == "stable"
    assert ruled != (kind in LISTED), "a rule, or a reason in docs/limits.md: one of the two"


@pytest.mark.parametrize("kind", CATALOGUE["evidence"])
def test_every_kind_of_evidence_has_a_rule_or_a_reason(kind: str) -> None:
    assert (kind in BOOK.evidence) != (kind in LISTED)


def test_the_page_lists_nothing_that_is_not_a_kind() -> None:
    assert {*CATALOGUE["findings"], *CATALOGUE["evidence"]} >= LISTED
    named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", PAGE))
    known = {*CATALOGUE["findings"], *CATALOGUE["evidence"], *BOOK.rules}
    assert {name for name in named if name not in known} == set()


@pytest.mark.shared
def test_the_catalogue_is_the_references(shared: Path) -> None:
    tree = yaml.safe_load((shared / "reference" / "findings.yaml").read_text("utf-8"))
    assert [one["id"] for one in tree["findings"]] == CATALOGUE["findings"]
    assert [one["id"] for one in tree["positive_evidence"]] == CATALOGUE["evidence"]
    rows = PAGE.partition("cannot see")[2].count("\n| ") - 1
    assert rows == len(tree["not_observable"])


def test_the_ports_that_are_not_swept_are_those_of_the_page() -> None:
    (gdb,) = (probe for probe in probes() if probe.name == "gdbserver")
    ports = set(gdb.openings[0].ports)
    assert ports.isdisjoint(default_ports())
    assert all(re.search(rf"\b{port}\b", PAGE) for port in ports)
