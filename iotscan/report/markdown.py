"""The report as Markdown (CommonMark with tables), for tickets and wikis."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TextIO

from iotscan.model import Finding, Report
from iotscan.report import Options
from iotscan.report.digest import DeviceView, device_views, gap_groups, headline
from iotscan.report.exchange import place, proofs
from iotscan.report.words import (
    CONFIDENCE,
    URGENCY,
    accepted,
    count,
    device_label,
    device_make,
    device_place,
    judged_under,
    listed,
    looked_at,
    right,
    safe,
    standing,
    urgency,
)

# What CommonMark, tables and the links of GitHub act upon. A backslash before it makes it mean
# itself (CommonMark 2.4); the last three are only acted upon where a paragraph begins.
_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~&#!$@]|(?<=\bwww)\.|:(?=//))", re.IGNORECASE)
_OPENING = re.compile(r"^(\d*)([-+=.)])")


def render(report: Report, out: TextIO, options: Options) -> None:
    """Headline, a table of devices, then each with its findings, then what could not be seen."""
    views = device_views(report)
    out.write(f"# {plain(headline(report, views))}\n\n{plain(looked_at(report))}\n\n")
    out.writelines(f"{plain(line)}\n\n" for line in judged_under(report))
    if not report.complete:
        out.write("**This report is incomplete**: see what could not be seen.\n\n")
    if report.devices:
        _table(out, views)
    for view in views:
        if view.findings or view.met:
            _device(out, view)
    _unseen(out, report)
    out.write(
        f"---\n\nMade by iotscan {plain(report.version)}, rules {plain(safe(report.rules, 20))}. "
        "A finding shows what was seen once, from one place. It does not say whether a product "
        "meets a law or standard.\n"
    )


def _table(out: TextIO, views: Sequence[DeviceView]) -> None:
    out.write("| device | what it is | worst | findings |\n|---|---|---|---|\n")
    for view in views:
        how = urgency(view.worst) if view.findings else "nothing found"
        cells = (device_label(view.device), device_make(view.device), how)
        out.write(f"| {' | '.join(map(plain, cells))} | {len(view.findings)} |\n")
    out.write("\n")


def _device(out: TextIO, view: DeviceView) -> None:
    out.write(f"## {plain(device_label(view.device))}\n\n{plain(device_place(view.device))}\n\n")
    if view.postures:
        out.write(f"{plain(standing(view.postures[0]))}\n\n")
    for finding in view.findings:
        _finding(out, finding)
    if view.met:
        out.write("What looks right here, as far as it was tested:\n\n")
        out.writelines(f"- {plain(right(verdict))}\n" for verdict in view.met)
        out.write("\n")


def _finding(out: TextIO, finding: Finding) -> None:
    out.write(f"### {plain(safe(finding.title))} ({URGENCY[finding.severity]})\n\n")
    out.write(f"{plain(safe(finding.detail))}\n\n")
    if finding.accepted:
        out.write(f"{plain(accepted(finding.accepted))}\n\n")
    for label, words in (
        ("Why", finding.plain),
        ("What to do", finding.remedy),
        ("Not proven", finding.does_not_prove),
        (
            "Technical",
            f"{place(finding)}, {finding.rule}, {finding.severity.value}, "
            f"{CONFIDENCE[finding.confidence]}",
        ),
        ("Proof", "; ".join(proofs(finding))),
    ):
        if words:
            out.write(f"- **{label}**: {plain(safe(words))}\n")
    out.write("\n")


def _unseen(out: TextIO, report: Report) -> None:
    if not (report.gaps or report.blind_spots):
        return
    out.write("## What could not be seen\n\n")
    for group in gap_groups(report.gaps):
        subjects = listed([safe(subject, 80) for subject in group.subjects], 12)
        reasons = listed([safe(reason, 200) for reason in group.reasons], 3)
        advice = f" What to do: {safe(group.advice)}" if group.advice else ""
        what = f"{safe(group.what, 80)} at {subjects}: {reasons}.{advice}"
        out.write(f"- {plain(what)}\n")
    out.writelines(f"- {plain(safe(spot))}\n" for spot in report.blind_spots)
    out.write(f"\n{count(len(report.gaps), 'check')} could not be finished.\n\n")


def plain(words: str) -> str:
    """Words that mean nothing but themselves: no markup, no link, no end of a cell."""
    return _OPENING.sub(r"\1\\\2", _SIGNS.sub(r"\\\1", safe(words)))


RENDERER = render
