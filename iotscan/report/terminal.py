"""The report for the owner of the devices, on a screen: what was found, why it matters, what to do.

Technical words stand in one dim line under each finding; the rest needs no knowledge of networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from iotscan.model import Finding, Report, Severity
from iotscan.report import Options
from iotscan.report.digest import (
    DeviceView,
    device_views,
    gap_groups,
    headline,
    steps,
    tally,
)
from iotscan.report.page import Page
from iotscan.report.words import (
    CONFIDENCE,
    URGENCY,
    accepted,
    count,
    device_make,
    device_name,
    device_place,
    first_step,
    for_makers,
    for_owners,
    judged_under,
    listed,
    looked_at,
    proofs,
    right,
    safe,
    standing,
    standing_briefly,
    urgency,
)

_STYLE = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
    None: "green",
}
_LABELS = 12
_MOST_STEPS = 7
# Which texts of a rule were explained, and under which number.
_Explained = dict[tuple[str, str, str, str], int]


def render(report: Report, out: TextIO, options: Options) -> None:
    """Devices by need of attention, then what could not be seen, what to do next, and counts."""
    page = Page(out, options)
    views = device_views(report)
    _head(page, report, views)
    explained: _Explained = {}
    number = 0
    for view in views:
        if view.findings:
            number = _device(page, view, number, explained)
            page.flush()
    _quiet_devices(page, [view for view in views if not view.findings])
    _unseen(page, report)
    _next(page, report, views)
    _counts(page, report, views)
    page.flush()


def _head(page: Page, report: Report, views: Sequence[DeviceView]) -> None:
    worst = views[0].worst if views else None
    page.line(headline(report, views), "bold" if worst is None else f"bold {_STYLE[worst]}")
    page.line(looked_at(report))
    for line in judged_under(report):
        page.line(line)
    if not report.complete:
        page.line(
            "This report is INCOMPLETE: something could not be looked at. "
            "What that was stands under “What could not be seen”.",
            "bold yellow",
        )
    page.flush()


def _device(page: Page, view: DeviceView, number: int, explained: _Explained) -> int:
    device, worst = view.device, view.worst
    page.line()
    page.rule()
    page.line(f"{device_name(device)}: {urgency(worst)}", f"bold {_STYLE[worst]}")
    if make := device_make(device):
        page.line(make)
    _place(page, view)
    for finding in view.findings:
        number += 1
        page.line()
        _finding(page, finding, number, explained)
    _right(page, view)
    if view.gaps:
        page.line()
        page.line(f"{count(len(view.gaps), 'check')} here could not be finished; see below.")
    if view.postures:
        page.line()
        _postures(page, view)
    return number


def _finding(page: Page, finding: Finding, number: int, explained: _Explained) -> None:
    texts = (finding.rule, finding.plain, finding.remedy, finding.does_not_prove)
    how = "risk accepted" if finding.accepted else URGENCY[finding.severity]
    style = f"bold {_STYLE[None if finding.accepted else finding.severity]}"
    page.line(f"{number}. {safe(finding.title)} · {how}", style, hang=3)
    _part(page, "Found", finding.detail)
    if finding.accepted:
        _part(page, "Accepted", accepted(finding.accepted).removeprefix("Accepted "))
    if (earlier := explained.get(texts)) is not None:
        _part(page, "What to do", f"As under {earlier}, where the reasons stand too.")
    else:
        explained[texts] = number
        _part(page, "Why", finding.plain)
        _part(page, "What to do", for_owners(finding.remedy))
        _part(page, "Makers", for_makers(finding.remedy).removeprefix("Makers "))
        _part(page, "Not proven", finding.does_not_prove)
    page.line(_technical(finding), "dim", indent=3, hang=2)


def _part(page: Page, label: str, words: str) -> None:
    if words:
        page.labelled(label, safe(words), _LABELS, indent=3)


def _technical(finding: Finding) -> str:
    place = str(finding.endpoint or finding.address)
    parts = (
        place,
        safe(finding.rule, 80),
        f"{finding.severity.value}, {CONFIDENCE[finding.confidence]}",
        proofs(finding),
    )
    return " · ".join(filter(None, parts))


def _place(page: Page, view: DeviceView, indent: int = 0) -> None:
    place = device_place(view.device)
    if place not in device_name(view.device):
        page.line(place, "dim", indent=indent)


def _postures(page: Page, view: DeviceView, indent: int = 0) -> None:
    if view.postures:
        page.line(standing(view.postures[0]), indent=indent, hang=2)
    if others := "; ".join(map(standing_briefly, view.postures[1:])):
        page.line(f"{others}.", "dim", indent=indent, hang=2)


def _right(page: Page, view: DeviceView) -> None:
    if not view.met:
        return
    page.line()
    page.line("What looks right here, as far as it was tested:", "green", indent=3)
    for verdict in view.met:
        page.labelled("-", right(verdict), 2, indent=3)


def _quiet_devices(page: Page, views: Sequence[DeviceView]) -> None:
    if not views:
        return
    page.line()
    page.rule()
    page.line("Devices where nothing was found", "bold green")
    page.line("Nothing found does not mean safe: it was looked at once, from one place.")
    for view in views:
        page.line()
        make = device_make(view.device)
        page.line(device_name(view.device) + (f" ({make})" if make else ""), "green")
        _place(page, view, indent=3)
        _postures(page, view, indent=3)
        for verdict in view.met:
            page.labelled("-", f"Looks right: {right(verdict)}", 2, indent=3)
        if view.gaps:
            page.line(
                f"{count(len(view.gaps), 'check')} could not be finished; see below.", indent=3
            )
    page.flush()


def _unseen(page: Page, report: Report) -> None:
    if report.complete and not report.gaps and not report.blind_spots:
        return
    page.line()
    page.rule()
    page.line("What could not be seen", "bold yellow")
    if not report.complete and not report.gaps:
        page.labelled("-", "The scan did not run to its end; what was left was not looked at.", 2)
    for group in gap_groups(report.gaps):
        subjects = listed([safe(subject, 80) for subject in group.subjects])
        reasons = listed([safe(reason, 200) for reason in group.reasons], 3)
        page.labelled("-", f"{safe(group.what, 80)} at {subjects}: {reasons}.", 2)
        if group.advice:
            page.labelled("What to do", safe(group.advice), _LABELS, indent=2)
    for blind_spot in report.blind_spots:
        page.labelled("-", safe(blind_spot), 2)
    page.flush()


def _next(page: Page, report: Report, views: Sequence[DeviceView]) -> None:
    todo = steps(views)
    page.line()
    page.rule()
    page.line("What to do next", "bold")
    for number, step in enumerate(todo[:_MOST_STEPS], 1):
        devices = listed(step.devices, 4)
        page.line(f"{number}. {devices}: {safe(step.finding.title)}.", hang=3)
        if do := first_step(step.finding.remedy):
            page.line(safe(do), indent=3)
    if len(todo) > _MOST_STEPS:
        page.line(f"Then the {count(len(todo) - _MOST_STEPS, 'other matter')} above.")
    if not report.complete:
        again = "try again with more" if report.source == "capture" else "scan again"
        page.line(f"Look at what could not be seen, and {again}.")
    elif todo:
        page.line("Then scan again: what was mended no longer appears.")
    else:
        page.line("Scan again when a device is new, or after an update.")


def _counts(page: Page, report: Report, views: Sequence[DeviceView]) -> None:
    services = sum(len(device.services) for device in report.devices)
    page.line()
    page.rule()
    found = ", ".join(f"{number} {severity.value}" for severity, number in tally(report))
    page.line(
        f"{count(len(views), 'device')}, {count(services, 'service')}, "
        f"{count(len(report.findings), 'finding')}{f' ({found})' if found else ''}, "
        f"{count(len(report.conversations), 'conversation')}.",
        "dim",
    )
    page.line(
        f"iotscan {safe(report.version, 40)}, rules {safe(report.rules, 20)}{_feeds(report)}. "
        "A finding shows what was seen once, from one place. It does not say whether a product "
        "meets a law or standard.",
        "dim",
    )


def _feeds(report: Report) -> str:
    """The lists of flaws that it was held against, with the beginning of their SHA-256."""
    return "".join(
        f", {safe(feed.name, 40)} of {safe(feed.date, 20)} ({safe(feed.sha256, 20)})"
        for feed in report.feeds
    )


RENDERER = render
