"""Compares two snapshots: devices by evidence, then findings of the devices that are in both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from iotscan.assess.rulebook.rulings import Rulings
from iotscan.compare.looked import Eyes, fate, novelty
from iotscan.compare.matching import HISTORY, Match, Matching, Profile, match
from iotscan.compare.snapshot import Claim, Snapshot, Subject, snapshot
from iotscan.model import Report, Severity
from iotscan.model.difference import (
    DIFFERENCE_FORMAT,
    Change,
    DeviceChange,
    Difference,
    FieldChange,
    FindingChange,
    Side,
)

_FIELDS = ("firmware", "model", "vendor", "kind", "mac")
_ORDER = (Change.NEW, Change.UNKNOWN, Change.STILL, Change.RESOLVED, Change.GONE)


@dataclass(frozen=True, slots=True)
class Scanned:
    """One side of a comparison. ``known``: device key → the number the history knows it by;
    ``titles``: device key → what the user calls it.
    """

    side: Side
    snapshot: Snapshot
    known: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def label(self, subject: Subject) -> str:
        return self.titles.get(subject.key) or subject.label


def side_of(taken: Snapshot, name: str, scan: int = 0) -> Side:
    """How a comparison names a scan."""
    return Side(
        name,
        taken.started,
        taken.source,
        taken.complete,
        taken.version,
        taken.rules,
        taken.policy,
        scan,
    )


def unstored(report: Report, name: str = "") -> Scanned:
    """A report that is in no history as one side of a comparison."""
    taken = snapshot(report)
    return Scanned(side_of(taken, name), taken)


def profile(
    subject: Subject, number: int, network: str = "", known: Mapping[str, int] | None = None
) -> Profile:
    """A device as :func:`~iotscan.compare.matching.match` takes it."""
    history = (known or {}).get(subject.key)
    marks = {*subject.marks, *(((HISTORY, str(history)),) if history is not None else ())}
    return Profile(
        number,
        frozenset(marks),
        frozenset(subject.addresses),
        subject.vendor,
        subject.kind,
        network,
    )


def compare(before: Scanned, after: Scanned, rules: Rulings | None = None) -> Difference:
    """What changed. ``rules``: to judge by again where needed; None for the built-in ones."""
    work = _Comparison(before, after, rules or Rulings())
    return Difference(
        DIFFERENCE_FORMAT,
        before.side,
        after.side,
        tuple(sorted(work.devices(), key=_device_order)),
        tuple(sorted(work.findings(), key=_finding_order)),
        tuple(_notes(before.snapshot, after.snapshot)),
    )


class _Comparison:
    def __init__(self, before: Scanned, after: Scanned, rules: Rulings) -> None:
        self._before, self._after, self._rules = before, after, rules
        self._earlier, self._later = Eyes(before.snapshot), Eyes(after.snapshot)
        self._matching = _matched(before, after)
        self._forth = {found.earlier: found.later for found in self._matching.matches}
        self._back = {found.later: found.earlier for found in self._matching.matches}

    def devices(self) -> Iterator[DeviceChange]:
        earlier, later = self._before.snapshot.subjects, self._after.snapshot.subjects
        for found in self._matching.matches:
            yield self._still(earlier[found.earlier], later[found.later], found)
        for number, subject in enumerate(later):
            if number not in self._back:
                doubt = self._matching.doubts.get(number, "")
                label = self._after.label(subject)
                yield DeviceChange(Change.NEW, label, after=subject.key, doubt=doubt)
        for number, subject in enumerate(earlier):
            if number not in self._forth:
                yield DeviceChange(Change.GONE, self._before.label(subject), before=subject.key)

    def findings(self) -> Iterator[FindingChange]:
        reported = self._by_device(self._after.snapshot, self._back)
        for claim in self._before.snapshot.claims:
            if claim.outside:
                continue
            device = self._forth.get(claim.device)
            same = reported.get((claim.device, claim.identity), []) if device is not None else []
            now = same.pop(0) if same else None
            if now is None:
                change, reason = fate(
                    claim, self._before.snapshot, self._later, device, self._rules
                )
                yield self._vanished(claim, device, change, reason)
            else:
                yield self._present(now, Change.STILL, self._what_of(claim, now))
        for left in reported.values():
            for claim in left:
                if not claim.outside:
                    device = self._back.get(claim.device)
                    reason = novelty(claim, self._earlier, self._after.snapshot, device)
                    yield self._present(claim, Change.NEW, reason)

    def _by_device(
        self, scan: Snapshot, back: Mapping[int, int]
    ) -> dict[tuple[int, object], list[Claim]]:
        """The later claims by the earlier number of their device (below zero if it had none)."""
        found: dict[tuple[int, object], list[Claim]] = defaultdict(list)
        for claim in scan.claims:
            found[back.get(claim.device, -1 - claim.device), claim.identity].append(claim)
        return found

    def _what_of(self, was: Claim, now: Claim) -> str:
        if now.outside:
            return f"still there, but the policy {self._after.snapshot.policy} leaves it out"
        return f"was {was.severity}" if was.severity != now.severity else ""

    def _present(self, claim: Claim, change: Change, reason: str) -> FindingChange:
        subject = self._after.snapshot.subjects[claim.device]
        return _change(claim, change, reason, subject.key, self._after.label(subject))

    def _vanished(
        self, claim: Claim, device: int | None, change: Change, reason: str
    ) -> FindingChange:
        subject = self._before.snapshot.subjects[claim.device]
        label = self._before.label(subject)
        if device is not None:
            subject = self._after.snapshot.subjects[device]
            label = self._after.label(subject)
        return _change(claim, change, reason, subject.key, label)

    def _still(self, was: Subject, now: Subject, found: Match) -> DeviceChange:
        return DeviceChange(
            Change.STILL,
            self._after.label(now),
            was.key,
            now.key,
            found.because,
            found.sure,
            changes=tuple(_field_changes(was, now)),
        )


def _matched(before: Scanned, after: Scanned) -> Matching:
    sides = [
        [profile(subject, n, known=side.known) for n, subject in enumerate(side.snapshot.subjects)]
        for side in (before, after)
    ]
    return match(*sides)


def _change(claim: Claim, change: Change, reason: str, key: str, label: str) -> FindingChange:
    return FindingChange(
        change,
        claim.rule,
        claim.title,
        Severity(claim.severity),
        key,
        label,
        claim.place,
        claim.fingerprint,
        reason,
        claim.accepted,
    )


def _field_changes(was: Subject, now: Subject) -> Iterator[FieldChange]:
    """What is told of the device otherwise; a word that one side does not know is no change."""
    for name in _FIELDS:
        before, after = getattr(was, name), getattr(now, name)
        if before and after and before != after:
            yield FieldChange(name, before, after)
    for name in ("addresses", "names"):
        had, has = set(getattr(was, name)), set(getattr(now, name))
        if had and has and not had & has:
            yield FieldChange(name, ", ".join(sorted(had)), ", ".join(sorted(has)))


def _notes(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """What a reader must know of the comparison."""
    for name, scan in (("earlier", before), ("later", after)):
        if not scan.complete:
            yield f"The {name} scan is incomplete: not all that was asked for was looked at."
    for what, one, other in (
        ("scope", before.scope, after.scope),
        ("policy", before.policy or "none", after.policy or "none"),
        ("allowed impact", before.impact, after.impact),
        ("source", before.source, after.source),
    ):
        if one != other:
            yield f"The {what} differs: {one} before, {other} after."
    if before.rules != after.rules:
        yield "The rules differ: what changed may be the judgement, not the devices."
    if before.started > after.started:
        yield "The first scan named is the later one in time."


def _device_order(change: DeviceChange) -> tuple[int, str, str]:
    return (_ORDER.index(change.change), change.label, change.after or change.before)


def _finding_order(change: FindingChange) -> tuple[int, int, str, str, str]:
    order = _ORDER.index(change.change)
    return (order, -change.severity.rank, change.label, change.rule, change.place)
