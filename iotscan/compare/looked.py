"""Whether a scan really looked at where another one had found something, and what it then saw.

The only way to "resolved" leads through here, and every step of it has to be shown by the later
report: the same probes talked to the end at the same doors, or the door is known to be shut; and
what they saw decides against the finding. Anything less is "unknown", with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from iotscan.assess.rulebook.rulings import Rulings
from iotscan.compare.snapshot import DEVICE, SWEEP, Claim, Hole, Look, Seen, Snapshot
from iotscan.model import RECOGNITION, Ending, Impact
from iotscan.model.difference import Change
from iotscan.report.words import ENDINGS, listed
from iotscan.spans import within

Fate = tuple[Change, str]
_CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class Glance:
    """Whether one place was looked at, and in words how, or why not; ``shut``: nothing is there."""

    looked: bool
    words: str
    shut: bool = False


class Eyes:
    """What one scan looked at."""

    def __init__(self, scan: Snapshot) -> None:
        self.scan = scan
        self._looks: dict[tuple[int, str], list[Look]] = defaultdict(list)
        self._seen: dict[tuple[int, str], list[Seen]] = defaultdict(list)
        self._holes: dict[int, list[Hole]] = defaultdict(list)
        self._rules: dict[int, set[str]] = defaultdict(set)
        for look in scan.looks:
            self._looks[look.device, look.place].append(look)
        for seen in scan.seen:
            self._seen[seen.device, seen.kind].append(seen)
        for hole in scan.holes:
            self._holes[hole.device].append(hole)
        for claim in scan.claims:
            self._rules[claim.device].add(claim.rule)

    def rules(self, device: int) -> list[str]:
        """The rules that hold for this device somewhere."""
        return sorted(self._rules[device])

    def seen(self, device: int, claim: Claim) -> list[Seen]:
        """The observations of the claim's kind at its place on this device."""
        return [
            one
            for one in self._seen.get((device, claim.kind), ())
            if claim.place in (DEVICE, one.place)
        ]

    def glances(self, device: int, claim: Claim, other: Snapshot) -> list[Glance]:
        """How each place was looked at where the claim was seen, in the scan ``other``."""
        doors = {place for who, place in claim.by if who != RECOGNITION}
        by = [item for item in claim.by if item[0] != RECOGNITION or item[1] not in doors]
        return [self._glance(device, who, place, claim, other) for who, place in by]

    def _glance(self, device: int, who: str, place: str, claim: Claim, other: Snapshot) -> Glance:
        if who == SWEEP:
            return self._sweep(device, other.ports)
        if place == DEVICE:
            heard = who in self.scan.subjects[device].heard
            verb = "showed" if heard else "did not show"
            return Glance(heard, f"it {verb} itself by {who}")
        talks = [
            look
            for look in self._looks.get((device, place), ())
            if who in (look.probe, RECOGNITION)
        ]
        if not talks:
            was = other.subjects[claim.device].services.get(place, "")
            return self._without_talk(device, who, place, was)
        whole = [look for look in talks if look.ending == Ending.COMPLETE.value]
        if not whole:
            why = talks[-1].note or ENDINGS[Ending(talks[-1].ending)]
            return Glance(False, f"{who} did not come to its end at {place}: {why}")
        if claim.login and not any(claim.login in look.logins for look in whole):
            return Glance(False, f"the same login was not tried at {place}")
        return Glance(True, f"{who} asked at {place}")

    def _sweep(self, device: int, ports: str) -> Glance:
        scan = self.scan
        if not scan.subjects[device].swept:
            return Glance(False, "its ports were not all tried")
        if not ports or not _covers(scan.ports, ports):
            return Glance(False, "not the same ports were tried")
        return Glance(True, "its ports were tried")

    def _without_talk(self, device: int, who: str, place: str, was: str) -> Glance:
        subject = self.scan.subjects[device]
        for hole in self._holes[device]:
            if hole.what == who and hole.subject.endswith(f":{place}"):
                return Glance(False, f"{who} could not look at {place}: {hole.reason}")
        if place in subject.services:
            speaks = subject.services[place]
            # A probe that joins services of others would still have been asked.
            if speaks and was == who and speaks != was:
                return Glance(True, f"{place} speaks {speaks}, not {was}", shut=True)
            return Glance(False, f"{place} was not asked by {who}")
        number, _, transport = place.partition("/")
        if transport == "udp":
            return Glance(False, f"{place} did not answer, and silent UDP may be there or not")
        if not number.isdecimal() or not within(int(number), self.scan.ports):
            return Glance(False, f"{place} was not looked at")
        if not subject.swept:
            return Glance(False, f"its ports were not all tried, so {place} may still be open")
        said = "does not answer" if subject.silent else "is closed"
        return Glance(True, f"{place} {said}", shut=True)


def fate(
    claim: Claim,
    earlier: Snapshot,
    later: Eyes,
    device: int | None,
    rules: Rulings,
) -> Fate:
    """What became of a finding that the later scan does not report on ``device``.

    ``rules``: what is asked where something that was seen has to be judged again.
    """
    if device is None:
        return Change.UNKNOWN, "the device was not seen this time"
    if later.scan.source == _CAPTURE:
        return Change.UNKNOWN, "a capture shows only what happened to pass by"
    if "peer" in claim.facts:
        return Change.UNKNOWN, "it was overheard between others, and a scan cannot look for that"
    glances = later.glances(device, claim, earlier)
    if not glances:
        return Change.UNKNOWN, "how it had been seen is not known"
    if missed := [glance.words for glance in glances if not glance.looked]:
        return Change.UNKNOWN, listed(missed, 2)
    if all(glance.shut for glance in glances):
        return Change.RESOLVED, listed([glance.words for glance in glances], 2)
    if Impact(later.scan.impact) < Impact(earlier.impact):
        return Change.UNKNOWN, "the later scan was allowed to do less"
    seen = later.seen(device, claim)
    if not seen:
        words = listed([glance.words for glance in glances], 2)
        return Change.RESOLVED, f"{words}, and it no longer shows"
    return _judged(claim, seen, later, device, rules)


def novelty(claim: Claim, earlier: Eyes, later: Snapshot, device: int | None) -> str:
    """Why the earlier scan may not have told of a finding on ``device``; "" if it looked there."""
    if device is None:
        return "the device is new"
    if Impact(earlier.scan.impact) < Impact(later.impact):
        return "the earlier scan was allowed to do less"
    glances = earlier.glances(device, claim, later)
    if missed := [glance.words for glance in glances if not glance.looked]:
        return f"the earlier scan had not looked there: {listed(missed, 2)}"
    return ""


def _judged(
    claim: Claim,
    seen: Sequence[Seen],
    later: Eyes,
    device: int,
    rules: Rulings,
) -> Fate:
    """By what was seen at the same place this time."""
    rule = rules.get(claim.rule)
    if rule is None:
        return Change.UNKNOWN, f"the rule {claim.rule} is not among the rules at hand"
    answers = {rule.holds(claim.kind, one.facts) for one in seen}
    if True in answers:
        for name in later.rules(device):
            stronger = rules.get(name)
            if stronger is not None and claim.rule in stronger.covers:
                return Change.STILL, f"told by {name} now, which says more"
        return Change.UNKNOWN, "the same was seen again, but the later report's rules are silent"
    if None in answers:
        return Change.UNKNOWN, "what decides it was not established this time"
    return Change.RESOLVED, _otherwise(claim, seen)


def _otherwise(claim: Claim, seen: Iterable[Seen]) -> str:
    """In which words the facts differ now."""
    now = next(iter(seen)).facts
    differ = [
        f"{name} is {now[name]}, was {value}"
        for name, value in claim.facts.items()
        if name in now and now[name] != value
    ]
    return f"seen otherwise: {listed(differ, 3)}" if differ else "seen otherwise"


def _covers(tried: str, wanted: str) -> bool:
    return tried == wanted or all(
        within(port, tried)
        for part in wanted.split(",")
        for port in range(int(part.partition("-")[0]), int(part.rpartition("-")[2]) + 1)
    )
