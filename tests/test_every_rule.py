"""Every built-in rule: its examples, its words, and that nothing in the pack is left dangling.

Reading the pack already tries each example and checks each word; what is tested here is that it
reads, that the examples really are tried, and what no single file can show.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iotscan.assess.rulebook.conditions import Compare, Every, facts_of, holds
from iotscan.assess.rulebook.packs import known_kinds, load_rulebook
from iotscan.assess.rulebook.ruleread import shown
from iotscan.assess.rulebook.rules import Case, Evidence, Framework, Rule
from iotscan.model import Relation
from iotscan.report.words import for_makers, for_owners

BOOK = load_rulebook()
RULES = sorted(BOOK.rules.values(), key=lambda rule: rule.id)
CASES = [
    pytest.param(rule, case, id=f"{rule.id}-{case.about}") for rule in RULES for case in rule.cases
]
JUDGED = [framework for framework in BOOK.frameworks.values() if framework.judged]
FOLDER = Path(__file__).parents[1] / "rules"
# What an owner is told to do begins with one of these; "Nothing" goes on with "needs to be done".
TOLD = (
    *("Add", "Ask", "Change", "Choose", "Compare", "Finish", "Install", "Log", "Look", "Nothing"),
    *("Open", "Plan", "Rename", "See", "Set", "Switch", "Unplug"),
)


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


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_remedy_tells_the_owner_first_and_the_makers_last(rule: Rule) -> None:
    """Its first sentence asks for no knowledge of networks: abbreviations stand there only as the
    words of a menu, in quotes, or in brackets. KNX and VPN are what owners call theirs.
    """
    owners, makers = for_owners(rule.remediation), for_makers(rule.remediation)
    assert rule.remediation == f"{owners} {makers}"
    assert makers.startswith(("Makers should ", "Makers may "))
    first = re.split(r"(?<=[.:]) ", owners)[0]
    assert first.split()[0] in TOLD
    bare = re.sub(r"“[^”]*”|\([^)]*\)", "", first)
    assert set(re.findall(r"\b[A-Z]{2,}\w*", bare)) <= {"KNX", "VPN", "ESPHome"}
    assert len(owners) <= 360
    assert len(makers) <= 180
    assert len(rule.title) <= 72


def test_a_version_is_disclosed_only_where_one_was_told() -> None:
    versions = {"banner", "firmware", "kernel", "server", "software", "version"}
    for case in BOOK.rules["version-disclosed"].cases:
        assert all(versions & set(facts) for facts in case.examples.hit), case.about


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
    assert {f.id for f in JUDGED if f.measured == "always"} == {
        "etsi-en-303-645",
        "eu-cra",
        "uk-psti",
    }
    assert {f.id for f in JUDGED if f.measured == "on-request"} == {
        "de-bsi-label",
        "en-18031",
        "enisa-baseline-iot",
        "etsi-en-303-645-v2",
        "eu-red-da",
        "nist-ir-8259a",
        "nist-ir-8425",
        "owasp-iot-top10-2018",
        "owasp-isvs",
        "sg-cls",
    }


@pytest.mark.parametrize("framework", JUDGED, ids=lambda framework: framework.id)
def test_a_framework_that_gives_verdicts_says_of_each_provision_what_is_seen(
    framework: Framework,
) -> None:
    """Also why nothing is, in words of the provision's own, and claiming nothing by it."""
    told = []
    for provision in framework.provisions.values():
        sight = provision.observability
        assert sight is not None, provision.id
        assert sight.note.endswith("."), provision.id
        if not sight.by:
            assert (sight.against, sight.evidence_for) == (Relation.INFORMS, "no"), provision.id
        told.append(sight.note)
    if framework.measured == "on-request" and not framework.follows:
        assert len(set(told)) == len(told)


@pytest.mark.parametrize("entry", [*RULES, *BOOK.evidence.values()], ids=lambda entry: entry.id)
def test_what_a_crosswalk_names_is_there(entry: Rule | Evidence) -> None:
    for framework, provisions in entry.crosswalk.items():
        assert set(provisions) <= set(BOOK.frameworks[framework].provisions)
        assert len(set(provisions)) == len(provisions)


@pytest.mark.parametrize("entry", BOOK.evidence.values(), ids=lambda entry: entry.id)
def test_evidence_is_named_only_where_something_can_speak_for_a_provision(entry: Evidence) -> None:
    for framework, provisions in entry.crosswalk.items():
        for name in provisions:
            provision = BOOK.frameworks[framework].provisions[name]
            if provision.observability:
                assert provision.observability.evidence_for != "no", (framework, name)


@pytest.mark.parametrize("framework", JUDGED, ids=lambda framework: framework.id)
def test_what_no_scan_can_see_no_rule_claims_to_contradict(framework: Framework) -> None:
    for provision in framework.provisions.values():
        if not (provision.observability and provision.observability.by):
            rules = BOOK.speaking_to(framework.id, provision.id)
            assert not [rule.id for rule in rules if rule.relation is Relation.CONTRADICTS]


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
