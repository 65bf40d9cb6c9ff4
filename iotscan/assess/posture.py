"""How each device stands to each provision, and a grade that never pretends to be compliance.

Honest scoring: one finding that contradicts a provision is enough for "violated"; "met" takes
positive evidence, leave of the provision to conclude so much from a scan, nothing pointing the
other way, and that everything needed was looked at. All else is "not assessed", with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from iotscan.assess.coverage import hides_something
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.ruleread import shown
from iotscan.assess.rulebook.rules import (
    MEASURED,
    Evidence,
    Facts,
    Framework,
    Observability,
    Provision,
)
from iotscan.model import (
    Device,
    Finding,
    Gap,
    Impact,
    Posture,
    Relation,
    Severity,
    Standing,
    Verdict,
)

# The closed vocabulary of reasons why something is not assessed; details follow after a colon.
NOT_OBSERVABLE = "not observable from the network"
NOT_TESTED = "not tested"
INCONCLUSIVE = "inconclusive"
CUT_SHORT = f"{NOT_TESTED}: the scan did not run to its end"

GRADES = "ABCDF"
_CAPS = {
    Severity.INFO: 0,
    Severity.LOW: 1,
    Severity.MEDIUM: 2,
    Severity.HIGH: 3,
    Severity.CRITICAL: 4,
}
_NOTHING = Observability((), Relation.INFORMS, "no")


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of one device. ``emitters``: the probe behind each kind that has one.

    ``looked``: something was asked of the device, so that silence means something.
    """

    device: Device
    findings: Sequence[Finding]
    facts: Mapping[str, Sequence[Facts]]
    gaps: Sequence[Gap]
    emitters: Mapping[str, str]
    impact: Impact
    live: bool
    looked: bool
    finished: bool


class Measure:
    """Measures devices by one rulebook: by the ``frameworks`` given, or by those that the book's
    policy names, or else by those that every report measures by. Devices of which the same is known
    stand the same, so thousands that merely announced themselves cost one computation.
    """

    def __init__(self, book: Rulebook, frameworks: Sequence[Framework] = ()) -> None:
        self._book = book
        self._judged = [
            entry
            for entry in frameworks or book.frameworks.values()
            if entry.judged and (frameworks or _wanted(entry, book))
        ]
        self._known: dict[object, tuple[Posture, ...]] = {}

    def postures(self, seen: Seen) -> tuple[Posture, ...]:
        """The device's posture for each framework whose provisions say what a scan can see."""
        evidence = [entry for entry in self._book.evidence.values() if _holds(entry, seen)]
        known = (
            tuple(finding.fingerprint for finding in seen.findings),
            frozenset(kind for kind, facts in seen.facts.items() if facts),
            tuple(entry.id for entry in evidence),
            tuple(seen.gaps),
            (seen.impact, seen.live, seen.looked, seen.finished),
        )
        if known not in self._known:
            self._known[known] = tuple(
                _posture(seen, framework, evidence, self._book) for framework in self._judged
            )
        return tuple(replace(one, device=seen.device.key) for one in self._known[known])


def _wanted(framework: Framework, book: Rulebook) -> bool:
    if book.measures:
        return framework.id in book.measures
    return framework.measured == MEASURED[0]


def grade(findings: Sequence[Finding], framework: Framework) -> str:
    """The worst cap: F for a critical finding that contradicts, D high, C medium, B low.

    One that merely suggests caps a step better; one that informs, or of severity info, not at all.
    """
    worst = 0
    for finding in findings:
        relation = max(
            (
                _effective(finding.relation, framework.provisions.get(name))
                for name in finding.crosswalk.get(framework.id, ())
            ),
            default=Relation.INFORMS,
        )
        if relation is not Relation.INFORMS:
            cap = _CAPS[finding.severity] - (relation is Relation.SUGGESTS)
            worst = max(worst, cap)
    return GRADES[worst]


def _effective(relation: Relation, provision: Provision | None) -> Relation:
    """The weaker of what a finding claims and what a scan can show against the provision."""
    seen = (provision and provision.observability) or _NOTHING
    return min(relation, seen.against)


def _posture(
    seen: Seen, framework: Framework, evidence: Sequence[Evidence], book: Rulebook
) -> Posture:
    verdicts = tuple(
        _verdict(provision, seen, framework, evidence, book)
        for provision in framework.provisions.values()
    )
    decided = sum(verdict.standing is not Standing.NOT_ASSESSED for verdict in verdicts)
    observable = sum(bool((p.observability or _NOTHING).by) for p in framework.provisions.values())
    return Posture(
        device=seen.device.key,
        framework=framework.id,
        grade=grade(seen.findings, framework),
        incomplete=not (seen.finished and seen.looked) or any(map(hides_something, seen.gaps)),
        assessed=decided,
        observable=observable,
        total=len(verdicts),
        verdicts=verdicts,
    )


def _verdict(
    provision: Provision,
    seen: Seen,
    framework: Framework,
    evidence: Sequence[Evidence],
    book: Rulebook,
) -> Verdict:
    about = [f for f in seen.findings if provision.id in f.crosswalk.get(framework.id, ())]
    against = _of_strength(Relation.CONTRADICTS, about, provision)
    doubts = _of_strength(Relation.SUGGESTS, about, provision)
    pros = [e for e in evidence if provision.id in e.crosswalk.get(framework.id, ())]
    told = tuple(sorted(finding.fingerprint for finding in about))
    if against:
        return Verdict(provision.id, Standing.VIOLATED, f"contradicted by {_rules(against)}", told)
    if met := _met(provision, framework, seen, doubts, pros, book):
        return Verdict(provision.id, Standing.MET, met, told)
    reason = _why_not(provision, framework, seen, doubts, pros, book)
    return Verdict(provision.id, Standing.NOT_ASSESSED, reason, told)


def _met(
    provision: Provision,
    framework: Framework,
    seen: Seen,
    doubts: Sequence[Finding],
    pros: Sequence[Evidence],
    book: Rulebook,
) -> str:
    """What the provision looks met by; empty when it does not."""
    allowed = (provision.observability or _NOTHING).evidence_for == "partial"
    good = [entry.title for entry in pros if entry.strength == "partial"]
    blocked = not seen.finished or any(_blockers(provision, framework, seen, book))
    if not allowed or not good or doubts or blocked:
        return ""
    return f"looks met for what was tested: {'; '.join(good)}"


def _why_not(
    provision: Provision,
    framework: Framework,
    seen: Seen,
    doubts: Sequence[Finding],
    pros: Sequence[Evidence],
    book: Rulebook,
) -> str:
    sight = provision.observability or _NOTHING
    if not sight.by:
        return NOT_OBSERVABLE
    if doubts:
        return f"{INCONCLUSIVE}: signs of a shortfall, to be confirmed ({_rules(doubts)})"
    for gap in _blockers(provision, framework, seen, book):
        return f"{NOT_TESTED}: {gap.what} at {gap.subject} ({gap.ending.value}: {gap.reason})"
    if not seen.finished:
        return CUT_SHORT
    if missing := _out_of_sight(provision, framework, seen, book):
        return f"{NOT_TESTED}: {missing}"
    if pros:
        return f"{INCONCLUSIVE}: only hints that it is met ({'; '.join(p.title for p in pros)})"
    if sight.evidence_for == "no":
        return f"{INCONCLUSIVE}: nothing against it was seen, and no scan can show that it is met"
    return f"{INCONCLUSIVE}: what was seen decides nothing"


def _out_of_sight(provision: Provision, framework: Framework, seen: Seen, book: Rulebook) -> str:
    """Why nothing seen bears on the provision; empty when something does."""
    kinds = _kinds(provision, framework, book)
    if any(seen.facts.get(kind) for kind in kinds):
        return ""
    by = set((provision.observability or _NOTHING).by)
    if by == {"lookup"}:
        return "it takes a look at public records, not at the device"
    if "active" not in by and seen.live:
        return "it takes a capture of the device's traffic"
    rules = book.speaking_to(framework.id, provision.id)
    if not rules:
        return "no rule speaks to it yet"
    if seen.impact is Impact.LISTEN:
        return "nothing was asked, only listened to"
    if seen.impact is not Impact.LOGIN and all(r.intrusiveness == "login-attempt" for r in rules):
        return "it takes login attempts, which were not allowed"
    return "the device showed nothing that it could be seen by"


def _blockers(
    provision: Provision, framework: Framework, seen: Seen, book: Rulebook
) -> Iterator[Gap]:
    """The gaps that may hide what bears on the provision: those of its probes, and those that
    belong to no probe (unknown services, ports not swept).
    """
    probes = {seen.emitters[k] for k in _kinds(provision, framework, book) if k in seen.emitters}
    names = set(seen.emitters.values())
    for gap in seen.gaps:
        if probes and (gap.what in probes or gap.what not in names):
            yield gap


def _kinds(provision: Provision, framework: Framework, book: Rulebook) -> set[str]:
    rules = book.speaking_to(framework.id, provision.id)
    kinds = {case.about for rule in rules for case in rule.cases}
    for entry in book.evidence.values():
        if provision.id in entry.crosswalk.get(framework.id, ()):
            kinds |= {clause.about for clause in entry.shown_by}
    return kinds


def _holds(entry: Evidence, seen: Seen) -> bool:
    ruled_out = any(finding.rule in entry.ruled_out_by for finding in seen.findings)
    return not ruled_out and shown(entry.shown_by, seen.facts) is True


def _of_strength(
    relation: Relation, findings: Sequence[Finding], provision: Provision
) -> list[Finding]:
    return [f for f in findings if _effective(f.relation, provision) is relation]


def _rules(findings: Sequence[Finding]) -> str:
    return ", ".join(sorted({finding.rule for finding in findings}))
