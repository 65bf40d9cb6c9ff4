"""Posture: three answers, each with its reason, and a grade that no finding can improve."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iotscan.assess.coverage import UNKNOWN
from iotscan.assess.posture import GRADES, Measure, Seen
from iotscan.assess.rulebook.book import Rulebook
from iotscan.model import (
    Confidence,
    Device,
    Ending,
    Finding,
    Gap,
    Impact,
    Posture,
    Relation,
    Severity,
    Standing,
    Verdict,
)

LAMP = Device("lamp", (ip_address("192.168.1.5"),))


def finding(
    rule: str = "lamp-open",
    severity: Severity = Severity.HIGH,
    relation: Relation = Relation.CONTRADICTS,
    provisions: tuple[str, ...] = ("1-1", "1-2", "1-3"),
) -> Finding:
    return Finding(
        rule, "", "light", severity, Confidence.CONFIRMED, relation, "lamp", LAMP.addresses[0],
        None, "", "", "", "", {"house-rules": provisions}, (), (), f"print of {rule}",
    )  # fmt: skip


def looked_at(**known: Any) -> Seen:
    seen = Seen(
        device=LAMP,
        findings=[],
        facts={},
        gaps=[],
        emitters={"lamp.state": "lamp", "lamp.guard": "guard"},
        impact=Impact.LOGIN,
        live=True,
        looked=True,
        finished=True,
    )
    return replace(seen, **known)


def posture(book: Rulebook, **known: Any) -> Posture:
    (one,) = Measure(book).postures(looked_at(**known))
    return one


def verdict(book: Rulebook, provision: str, **known: Any) -> Verdict:
    return next(v for v in posture(book, **known).verdicts if v.provision == provision)


LOCKED = {"lamp.guard": [{"locked": True}]}
GAP = Gap("192.168.1.5:23/tcp", "lamp", Ending.TIMEOUT, "no answer in time", device="lamp")


def test_a_contradiction_violates_where_a_scan_can_show_it(book: Rulebook) -> None:
    found = verdict(book, "1-1", findings=[finding()])
    assert found == Verdict(
        "1-1", Standing.VIOLATED, "contradicted by lamp-open", ("print of lamp-open",)
    )
    # 1-2 lowers it to a hint, 1-3 to background.
    doubtful = verdict(book, "1-2", findings=[finding()])
    assert doubtful.standing is Standing.NOT_ASSESSED
    assert doubtful.reason == "inconclusive: signs of a shortfall, to be confirmed (lamp-open)"
    silent = verdict(book, "1-3", findings=[finding()], facts={"lamp.state": [{"open": True}]})
    assert silent.standing is Standing.NOT_ASSESSED
    assert "no scan can show that it is met" in silent.reason


def test_met_takes_partial_evidence_and_a_provision_that_allows_it(book: Rulebook) -> None:
    met = verdict(book, "1-1", facts=LOCKED)
    assert met.standing is Standing.MET
    assert met.reason == "looks met for what was tested: The lamp was locked"
    hint = verdict(book, "1-2", facts=LOCKED)
    assert hint.standing is Standing.NOT_ASSESSED
    assert hint.reason == "inconclusive: only hints that it is met (The lamp was locked)"


@pytest.mark.parametrize(
    "known",
    [
        {"facts": {"lamp.guard": [{"locked": True}, {"locked": False}]}},
        {"facts": {"lamp.guard": [{"locked": True}, {}]}},
        {"facts": LOCKED, "findings": [finding(relation=Relation.SUGGESTS)]},
        {"facts": LOCKED, "findings": [finding("other", relation=Relation.SUGGESTS)]},
        {"facts": LOCKED, "gaps": [GAP]},
        {"facts": LOCKED, "gaps": [replace(GAP, what=UNKNOWN)]},
        {"facts": LOCKED, "gaps": [replace(GAP, what="ports")]},
        {"facts": LOCKED, "finished": False},
        {"facts": {}},
    ],
)
def test_nothing_less_than_whole_evidence_is_met(book: Rulebook, known: dict[str, Any]) -> None:
    assert verdict(book, "1-1", **known).standing is Standing.NOT_ASSESSED


def test_a_gap_of_another_probe_does_not_stand_in_the_way(book: Rulebook) -> None:
    other = replace(GAP, what="gas")
    emitters = {"lamp.state": "lamp", "lamp.guard": "guard", "gas.leak": "gas"}
    known = {"facts": LOCKED, "gaps": [other], "emitters": emitters}
    assert verdict(book, "1-1", **known).standing is Standing.MET


@pytest.mark.parametrize(
    ("provision", "known", "reason"),
    [
        ("1-4", {}, "not observable from the network"),
        ("1-5", {}, "not tested: it takes a look at public records, not at the device"),
        ("1-6", {}, "not tested: it takes a capture of the device's traffic"),
        ("1-6", {"live": False}, "not tested: no rule speaks to it yet"),
        ("1-1", {}, "not tested: the device showed nothing that it could be seen by"),
        ("1-1", {"impact": Impact.LISTEN}, "not tested: nothing was asked, only listened to"),
        (
            "1-7",
            {"impact": Impact.GREET},
            "not tested: it takes login attempts, which were not allowed",
        ),
        (
            "1-1",
            {"gaps": [GAP]},
            "not tested: lamp at 192.168.1.5:23/tcp (timeout: no answer in time)",
        ),
        ("1-1", {"finished": False}, "not tested: the scan did not run to its end"),
        (
            "1-1",
            {"facts": {"lamp.state": [{"open": False}]}},
            "inconclusive: what was seen decides nothing",
        ),
    ],
)
def test_what_is_not_assessed_says_why(
    book: Rulebook, provision: str, known: dict[str, Any], reason: str
) -> None:
    found = verdict(book, provision, **known)
    assert (found.standing, found.reason) == (Standing.NOT_ASSESSED, reason)


def test_coverage_counts_what_was_decided_can_be_seen_and_exists(book: Rulebook) -> None:
    one = posture(book, findings=[finding()], facts={"lamp.state": [{"open": True}]})
    assert (one.assessed, one.observable, one.total) == (1, 6, 7)
    assert (one.device, one.framework, one.grade, one.incomplete) == (
        "lamp",
        "house-rules",
        "D",
        False,
    )


@pytest.mark.parametrize(
    ("severity", "relation", "grade"),
    [
        (Severity.CRITICAL, Relation.CONTRADICTS, "F"),
        (Severity.HIGH, Relation.CONTRADICTS, "D"),
        (Severity.MEDIUM, Relation.CONTRADICTS, "C"),
        (Severity.LOW, Relation.CONTRADICTS, "B"),
        (Severity.INFO, Relation.CONTRADICTS, "A"),
        (Severity.CRITICAL, Relation.SUGGESTS, "D"),
        (Severity.LOW, Relation.SUGGESTS, "A"),
        (Severity.CRITICAL, Relation.INFORMS, "A"),
    ],
)
def test_the_grade_is_capped_by_the_worst_finding(
    book: Rulebook, severity: Severity, relation: Relation, grade: str
) -> None:
    assert posture(book, findings=[finding("x", severity, relation)]).grade == grade


def test_a_provision_that_shows_little_softens_the_cap(book: Rulebook) -> None:
    hinted = finding("x", Severity.CRITICAL, provisions=("1-2",))
    assert posture(book, findings=[hinted]).grade == "D"
    assert posture(book, findings=[finding("x", provisions=("1-3",))]).grade == "A"
    assert posture(book, findings=[finding("x", provisions=("9-9",))]).grade == "A"


@pytest.mark.parametrize(
    ("known", "incomplete"),
    [
        ({}, False),
        ({"gaps": [GAP]}, True),
        ({"gaps": [replace(GAP, what=UNKNOWN)]}, False),
        ({"finished": False}, True),
        ({"looked": False}, True),
    ],
)
def test_a_grade_is_at_best_when_something_was_not_looked_at(
    book: Rulebook, known: dict[str, Any], incomplete: bool
) -> None:
    assert posture(book, **known).incomplete is incomplete


def test_devices_of_which_the_same_is_known_share_their_verdicts(book: Rulebook) -> None:
    measure = Measure(book)
    (one,) = measure.postures(looked_at())
    (two,) = measure.postures(looked_at(device=replace(LAMP, key="other")))
    assert one.verdicts is two.verdicts
    assert (one.device, two.device) == ("lamp", "other")


FINDINGS = st.builds(
    finding,
    st.sampled_from(["a", "b", "c", "lamp-open"]),
    st.sampled_from(list(Severity)),
    st.sampled_from(list(Relation)),
    st.sampled_from([("1-1",), ("1-2",), ("1-3",), ("1-1", "1-2"), ()]),
)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(FINDINGS, max_size=4), FINDINGS)
def test_a_further_finding_never_improves_anything(
    book: Rulebook, findings: list[Finding], another: Finding
) -> None:
    before = posture(book, findings=findings, facts=LOCKED)
    after = posture(book, findings=[*findings, another], facts=LOCKED)
    assert GRADES.index(after.grade) >= GRADES.index(before.grade)
    for was, now in zip(before.verdicts, after.verdicts, strict=True):
        assert was.standing is not Standing.VIOLATED or now.standing is Standing.VIOLATED
        assert was.standing is Standing.MET or now.standing is not Standing.MET


def test_a_framework_is_measured_always_on_request_or_because_a_policy_names_it(
    book: Rulebook,
) -> None:
    house = replace(book.frameworks["house-rules"], measured="on-request")
    asked = replace(book, frameworks={**book.frameworks, "house-rules": house})
    names = ("house-rules",)
    assert Measure(asked).postures(looked_at()) == ()
    assert Measure(asked, [house]).postures(looked_at()) == Measure(book).postures(looked_at())
    under = Measure(replace(asked, measures=names)).postures(looked_at())
    assert [posture.framework for posture in under] == list(names)
