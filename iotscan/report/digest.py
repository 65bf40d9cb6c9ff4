"""What a reader wants to know first, worked out of a report once for every format. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from iotscan.model import Device, Ending, Finding, Gap, Posture, Report, Severity, Standing, Verdict
from iotscan.report.words import ENDINGS, count, device_label

_T = TypeVar("_T", Finding, Posture, Gap)


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device with all that a report says about it.

    Findings stand worst first, those whose risk was accepted last; postures by how much of their
    framework a scan can see.
    """

    device: Device
    findings: tuple[Finding, ...]
    postures: tuple[Posture, ...]
    gaps: tuple[Gap, ...]

    @property
    def worst(self) -> Severity | None:
        """Of the findings whose risk nobody accepted; None where there are none."""
        first = next(iter(self.findings), None)
        return first.severity if first and not first.accepted else None

    @property
    def met(self) -> tuple[Verdict, ...]:
        """What looks right, each reason once."""
        verdicts = (verdict for posture in self.postures for verdict in posture.verdicts)
        right = [verdict for verdict in verdicts if verdict.standing is Standing.MET]
        return tuple({verdict.reason: verdict for verdict in reversed(right)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps of one sort told once, with everything they concern and every reason."""

    what: str
    advice: str
    subjects: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, at every device that needs it."""

    finding: Finding
    devices: tuple[str, ...]


def device_views(report: Report) -> tuple[DeviceView, ...]:
    """Every device, by need of attention: worst severity, then how many findings of it.

    A finding, posture or gap whose device is not listed is kept, under a device of its own.
    """
    findings = _by_device(report.findings)
    postures = _by_device(report.postures)
    gaps = _by_device(gap for gap in report.gaps if gap.device)
    known = {device.key: device for device in report.devices}
    strangers = [key for key in {**findings, **postures, **gaps} if key not in known]
    known |= {key: Device(key, tuple({f.address for f in findings[key]})) for key in strangers}
    views = [
        DeviceView(
            device,
            tuple(sorted(findings[key], key=_by_severity)),
            tuple(sorted(postures[key], key=_by_sight)),
            tuple(gaps[key]),
        )
        for key, device in known.items()
    ]
    return tuple(sorted(views, key=_need))


def headline(report: Report, views: Sequence[DeviceView]) -> str:
    """One sentence in plain words: how many devices need something, and how urgently."""
    if not views:
        return "No device was found."
    by_worst: dict[Severity | None, int] = defaultdict(int)
    for view in views:
        by_worst[view.worst] += 1
    urgent, soon = by_worst[Severity.CRITICAL], by_worst[Severity.HIGH]
    later = by_worst[Severity.MEDIUM] + by_worst[Severity.LOW]
    if not urgent + soon + later:
        return f"Nothing to fix was found on {_these(len(views))}."
    parts = [
        f"{urgent:,} {_need_verb(urgent)} attention now" if urgent else "",
        f"{soon:,} soon" if urgent and soon else "",
        f"{soon:,} {_need_verb(soon)} attention soon" if soon and not urgent else "",
        f"{later:,} can be improved" if later else "",
    ]
    return f"Of {count(len(views), 'device')}, " + ", ".join(filter(None, parts)) + "."


def gap_groups(gaps: Iterable[Gap]) -> tuple[GapGroup, ...]:
    """Gaps of the same kind, ending and advice together, in the order they first appear."""
    groups: dict[tuple[str, Ending, str], list[Gap]] = defaultdict(list)
    for gap in gaps:
        groups[gap.what, gap.ending, gap.advice].append(gap)
    return tuple(
        GapGroup(
            what,
            advice,
            tuple(dict.fromkeys(gap.subject for gap in group)),
            tuple(dict.fromkeys(gap.reason or ENDINGS[ending] for gap in group)),
        )
        for (what, ending, advice), group in groups.items()
    )


def steps(views: Sequence[DeviceView], least: Severity = Severity.LOW) -> tuple[Step, ...]:
    """What to do, worst first: each rule once, with the devices it concerns."""
    wanted: dict[str, tuple[Finding, dict[str, None]]] = {}
    found = [(finding, view) for view in views for finding in view.findings]
    for finding, view in sorted(found, key=lambda pair: _by_severity(pair[0])):
        if finding.severity >= least and not finding.accepted:
            names = wanted.setdefault(finding.rule, (finding, {}))[1]
            names[device_label(view.device)] = None
    return tuple(Step(finding, tuple(names)) for finding, names in wanted.values())


def tally(report: Report) -> tuple[tuple[Severity, int], ...]:
    """How many findings there are of each severity, worst first, without the zeros."""
    counted = {severity: 0 for severity in reversed(Severity)}
    for finding in report.findings:
        counted[finding.severity] += 1
    return tuple((severity, number) for severity, number in counted.items() if number)


def _by_device(items: Iterable[_T]) -> dict[str, list[_T]]:
    by_key: dict[str, list[_T]] = defaultdict(list)
    for item in items:
        by_key[item.device].append(item)
    return by_key


def _by_sight(posture: Posture) -> tuple[int, str]:
    return (-posture.observable, posture.framework)


def _by_severity(finding: Finding) -> tuple[bool, int, int, str, str]:
    return (
        finding.accepted is not None,
        -finding.severity.rank,
        -finding.confidence.rank,
        finding.rule,
        str(finding.endpoint or ""),
    )


def _need(view: DeviceView) -> tuple[int, int, int, int, str]:
    worst = view.worst
    address = min(((a.version, int(a)) for a in view.device.addresses), default=(9, 0))
    return (
        -(worst.rank + 1) if worst else 0,
        -sum(f.severity is worst and not f.accepted for f in view.findings),
        *address,
        view.device.key,
    )


def _need_verb(number: int) -> str:
    return "needs" if number == 1 else "need"


def _these(number: int) -> str:
    return "the one device" if number == 1 else f"the {number:,} devices"
