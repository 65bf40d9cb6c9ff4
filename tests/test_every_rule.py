"""Every built-in rule: its examples, its words, and that nothing in the pack is left dangling.

Reading the pack already tries each example and checks each word; what is tested here is that it
reads, that the examples really are tried, and what no single file can show.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from iotscan.assess.conditions import Compare, Every, facts_of, holds
from iotscan.assess.rulebook import known_kinds, load_rulebook
from iotscan.assess.ruleread import shown
from iotscan.assess.rules import Case, Evidence, Rule

BOOK = load_rulebook()
RULES = sorted(BOOK.rules.values(), key=lambda rule: rule.id)
CASES = [
    pytest.param(rule, case, id=f"{rule.id}-{case.about}") for rule in RULES for case in rule.cases
]
FOLDER = Path(__file__).parents[1] / "rules"


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_every_example_gives_its_answer(rule: Rule, case: Case) -> None:
    assert all(holds(case.when, facts) is True for facts in case.examples.hit)
    assert all(holds(case.when, facts) is False for facts in case.examples.miss)
    assert all(holds(case.when, facts) is None for facts in case.examples.unknown)


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_hit_needs_every_fact_it_asks_for(rule: Rule, case: Case) -> None:
    assert facts_of(case.when) <= set().union(*case.examples.hit)
    assert isinstance(case.when, Every)
    needed = {part.fact for part in case.when.parts if isinstance(part, Compare)}
    for facts in case.examples.hit:
        for fact in needed:
            less = {name: value for name, value in facts.items() if name != fact}
            assert holds(case.when, less) is None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_in_a_file_of_its_name_and_speaks_to_the_main_standards(rule: Rule) -> None:
    assert rule.path == f"iotscan/rules/findings/{rule.id}.yaml"
    assert (FOLDER / "findings" / f"{rule.id}.yaml").is_file()
    assert {"etsi-en-303-645", "eu-cra", "cwe"} <= set(rule.crosswalk)
    assert rule.severity <= rule.severity_if_internet_reachable


@pytest.mark.parametrize("entry", BOOK.evidence.values(), ids=lambda entry: entry.id)
def test_every_example_of_evidence_gives_its_answer(entry: Evidence) -> None:
    for answer, scenes in (
        (True, entry.examples.hit),
        (False, entry.examples.miss),
        (None, entry.examples.unknown),
    ):
        for scene in scenes:
            facts = {kind: [known] for kind, known in scene.items()}
            assert shown(entry.shown_by, facts) is answer


def test_the_pack_holds_what_it_promises() -> None:
    assert len(BOOK.rules) >= 40
    assert len(BOOK.frameworks) == 40
    etsi = BOOK.frameworks["etsi-en-303-645"]
    assert len(etsi.provisions) == 78
    assert all(p.observability and p.section in etsi.sections for p in etsi.provisions.values())
    assert {f.id for f in BOOK.frameworks.values() if f.judged} == {
        "etsi-en-303-645",
        "eu-cra",
        "uk-psti",
    }


def test_every_kind_that_a_rule_is_about_is_emitted() -> None:
    kinds = known_kinds()
    assert {case.about for rule in RULES for case in rule.cases} <= set(kinds)


def test_principles_are_told_by_rules_or_are_known_not_to_be() -> None:
    """A principle without a rule would look as if nothing was wrong with it."""
    told = {rule.principle for rule in RULES}
    # Needs the firmware or its maker; no rule on the wire says anything.
    beyond = {"software-integrity", "input-validation"}
    assert told | beyond >= set(BOOK.principles)
    assert not told & beyond
