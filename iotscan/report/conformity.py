"""Where each device stands to each provision of a framework, in the framework's own order.

A tester starts a conformity file from it, so nothing is left out: what was not assessed has its
reason, and what a scan can never see says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from iotscan.assess.measuring import judged_in, postures
from iotscan.assess.posture import Measure
from iotscan.assess.reading import Plugins
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.editions import through
from iotscan.assess.rulebook.rules import Framework, Provision
from iotscan.model import Finding, Posture, Report, Standing, Verdict
from iotscan.report.digest import DeviceView, device_views


@dataclass(frozen=True, slots=True)
class Line:
    """One provision for one device. ``findings`` bear on it, whatever the standing."""

    provision: Provision
    section: str
    standing: Standing
    reason: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One device against a framework; ``posture`` is None where devices are not measured by it."""

    view: DeviceView
    posture: Posture | None
    lines: tuple[Line, ...]

    def count(self, standing: Standing) -> int:
        return sum(line.standing is standing for line in self.lines)


def sheets(report: Report, framework: Framework, book: Rulebook) -> Iterator[Sheet]:
    """A sheet for each device, by need of attention.

    Verdicts are those of the report; where devices were not measured by the framework, they are
    worked out of the report's findings, observations and gaps by the rules of ``book``.
    """
    book = book.through(framework)
    report = _speaking(report, framework)
    held = {one.device: one for one in _postures(report, framework, book)}
    for view in device_views(report):
        posture = held.get(view.device.key)
        verdicts = {v.provision: v for v in posture.verdicts} if posture else {}
        lines = tuple(
            _line(provision, framework, view, verdicts, book)
            for provision in framework.provisions.values()
        )
        yield Sheet(view, posture, lines)


def _speaking(report: Report, framework: Framework) -> Report:
    """With findings that name the provisions of an edition by what they say of its successor."""
    if not framework.follows:
        return report
    found, outside = (
        tuple(replace(one, crosswalk=through(one.crosswalk, framework)) for one in findings)
        for findings in (report.findings, report.outside)
    )
    return replace(report, findings=found, outside=outside)


def _postures(report: Report, framework: Framework, book: Rulebook) -> Iterable[Posture]:
    held = [one for one in report.postures if one.framework == framework.id]
    if held or not framework.judged:
        return held
    return postures(judged_in(report, Plugins()), Measure(book, [framework]))


def observable(provision: Provision) -> str:
    """How a scan can see anything of a provision, in words."""
    sight = provision.observability
    if sight is None:
        return "the catalogue does not say what a scan can see of it"
    if not sight.by:
        return "cannot be seen from the network"
    return f"can be seen: {', '.join(sight.by)}"


def _line(
    provision: Provision,
    framework: Framework,
    view: DeviceView,
    verdicts: Mapping[str, Verdict],
    book: Rulebook,
) -> Line:
    bearing = tuple(
        finding
        for finding in view.findings
        if provision.id in finding.crosswalk.get(framework.id, ())
    )
    section = framework.sections.get(provision.section, "")
    verdict = verdicts.get(provision.id)
    if verdict is not None:
        return Line(provision, section, verdict.standing, verdict.reason, bearing)
    reason = _unmeasured(provision, framework, bearing, book)
    return Line(provision, section, Standing.NOT_ASSESSED, reason, bearing)


def _unmeasured(
    provision: Provision, framework: Framework, bearing: tuple[Finding, ...], book: Rulebook
) -> str:
    """Why there is no verdict where nobody wrote down what a scan proves about the provision."""
    if bearing:
        rules = ", ".join(sorted({finding.rule for finding in bearing}))
        return f"findings bear on it, to be judged by a person ({rules})"
    if book.speaking_to(framework.id, provision.id):
        return "rules speak to it, and none of them found anything; that proves nothing for it"
    return "not tested: no rule speaks to it"
