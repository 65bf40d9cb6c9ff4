"""Measures the devices of a scan by frameworks: while it is judged, or later from its report alone.

Both come to the same verdicts, so that a report needs to hold only those that everybody reads, and
those of any other framework are worked out when somebody asks for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from iotscan.assess.inventory import about_itself, owner_of
from iotscan.assess.posture import Measure, Seen
from iotscan.assess.reading import Plugins
from iotscan.assess.rulebook.rules import Facts
from iotscan.model import (
    Address,
    Device,
    Finding,
    Gap,
    Impact,
    Observation,
    Posture,
    Report,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """All that verdicts rest on. ``findings`` include those that a policy leaves out of the report.

    ``asked``: the addresses that something was asked of. ``emitters``: see ``Seen``.
    """

    devices: Sequence[Device]
    observations: Sequence[Observation]
    findings: Sequence[Finding]
    gaps: Sequence[Gap]
    emitters: Mapping[str, str]
    asked: Set[Address]
    impact: Impact
    live: bool
    finished: bool


def emitters(plugins: Plugins) -> dict[str, str]:
    """The probe behind each kind of observation that has one."""
    return {kind.name: probe.name for probe in plugins.probes.values() for kind in probe.emits}


def judged_in(report: Report, plugins: Plugins) -> Judged:
    """What a report tells of all this. Pure."""
    live = report.source == "scan"
    asked = {note.endpoint.address for note in report.conversations}
    asked |= {sweep.address for sweep in report.sweeps}
    return Judged(
        devices=report.devices,
        observations=report.observations,
        findings=(*report.findings, *report.outside),
        gaps=report.gaps,
        emitters=emitters(plugins),
        asked=asked if live else set(),
        impact=report.scope.impact,
        live=live,
        finished=report.finished or report.complete,
    )


def postures(judged: Judged, measure: Measure) -> tuple[Posture, ...]:
    """How each device stands to each framework of the measure, device by device."""
    facts = _facts_of(judged.observations, owner_of(judged.devices))
    by_finding: dict[str, list[Finding]] = defaultdict(list)
    by_gap: dict[str, list[Gap]] = defaultdict(list)
    for finding in judged.findings:
        by_finding[finding.device].append(finding)
    for gap in judged.gaps:
        by_gap[gap.device].append(gap)
    found: list[Posture] = []
    for device in judged.devices:
        seen = Seen(
            device=device,
            findings=by_finding[device.key],
            facts=facts.get(device.key, {}),
            gaps=by_gap[device.key],
            emitters=judged.emitters,
            impact=judged.impact,
            live=judged.live,
            looked=any(address in judged.asked for address in device.addresses),
            finished=judged.finished,
        )
        found += measure.postures(seen)
    return tuple(found)


def _facts_of(
    observations: Sequence[Observation], owners: Mapping[Address, Device]
) -> dict[str, dict[str, list[Facts]]]:
    """What is known of each device: the facts of each kind of observation."""
    found: dict[str, dict[str, list[Facts]]] = {}
    for seen in observations:
        device = owners.get(seen.address)
        if device is not None and about_itself(seen):
            found.setdefault(device.key, {}).setdefault(seen.kind, []).append(seen.facts)
    return found
