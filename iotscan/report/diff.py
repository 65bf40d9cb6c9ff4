"""What changed between two scans: for the screen, as JSON, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from iotscan.errors import UsageError
from iotscan.model.difference import Change, DeviceChange, Difference, FindingChange, Side
from iotscan.report import Options
from iotscan.report.json import dumps
from iotscan.report.markdown import plain
from iotscan.report.page import Page
from iotscan.report.words import count, safe, when

_WORDS: Mapping[Change, tuple[str, str]] = {
    Change.NEW: ("New findings", "bold red"),
    Change.UNKNOWN: ("Not reported any more, but nobody can say that it is gone", "bold yellow"),
    Change.RESOLVED: ("Resolved", "bold green"),
}
_DEVICES: Mapping[Change, tuple[str, str]] = {
    Change.NEW: ("New devices", "bold red"),
    Change.GONE: ("Devices that were not seen this time", "bold yellow"),
}
_RECOGNISED = "Recognised, though something about them changed"
_UNSURE = "Taken for the same by no more than their address or a name"


def headline(difference: Difference) -> str:
    """In one sentence how much changed."""
    devices = [change.change for change in difference.devices]
    parts = [
        count(devices.count(Change.NEW), "new device"),
        f"{devices.count(Change.GONE)} not seen any more",
        count(len(difference.of(Change.NEW)), "new finding"),
        f"{len(difference.of(Change.RESOLVED)):,} resolved",
        f"{len(difference.of(Change.UNKNOWN)):,} unknown",
        f"{len(difference.of(Change.STILL)):,} as before",
    ]
    return f"{', '.join(parts)}."


def to_screen(difference: Difference, out: TextIO, options: Options | None = None) -> None:
    """What needs a look first: new, unknown, resolved; what stayed is only counted."""
    page = Page(out, options or Options())
    page.line(headline(difference), "bold")
    page.line(f"From {_side(difference.before)} to {_side(difference.after)}.")
    for note in difference.notes:
        page.line(safe(note), "yellow")
    page.flush()
    for title, style, lines in _sections(difference):
        page.line()
        page.line(f"{title} ({len(lines):,})", style)
        for line, more in lines:
            page.labelled("-", safe(line), 2)
            for words in more:
                page.line(safe(words), "dim", indent=4)
        page.flush()


def _to_markdown(difference: Difference, out: TextIO) -> None:
    """The same as Markdown (CommonMark); what devices say is shown and never obeyed."""
    out.write(f"# What changed\n\n{plain(headline(difference))}\n\n")
    out.write(f"From {plain(_side(difference.before))} to {plain(_side(difference.after))}.\n")
    if difference.notes:
        out.write("\n" + "".join(f"> {plain(note)}\n>\n" for note in difference.notes))
    for title, _, lines in _sections(difference):
        out.write(f"\n## {plain(title)}\n\n")
        for line, more in lines:
            out.write(f"- {plain(line)}\n")
            out.writelines(f"  - {plain(words)}\n" for words in more)


def _to_json(difference: Difference, out: TextIO) -> None:
    """Everything, for programs: docs/history.md describes it."""
    out.write(dumps(difference))


FORMATS: Mapping[str, Callable[[Difference, TextIO], None]] = {
    "terminal": to_screen,
    "json": _to_json,
    "markdown": _to_markdown,
}


def writer(name: str) -> Callable[[Difference, TextIO], None]:
    """What writes a difference in that format. Raises UsageError for a name that is none."""
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(f"there is no format {name!r} for a difference; formats are: {known}")
    return FORMATS[name]


_Lines = Sequence[tuple[str, Sequence[str]]]


def _sections(difference: Difference) -> Iterator[tuple[str, str, _Lines]]:
    """(title, style, lines with what is to be said below each), without the empty ones."""
    for change, (title, style) in _DEVICES.items():
        found = [device for device in difference.devices if device.change is change]
        yield from _filled(title, style, map(_device, found))
    moved = [device for device in difference.devices if _worth_telling(device)]
    yield from _filled(_RECOGNISED, "bold", map(_recognised, moved))
    unsure = [one for one in difference.devices if not one.sure and one not in moved]
    yield from _filled(_UNSURE, "bold", [(one.label, []) for one in unsure])
    for change, (title, style) in _WORDS.items():
        yield from _filled(title, style, map(_finding, difference.of(change)))
    other = [finding for finding in difference.of(Change.STILL) if finding.reason]
    yield from _filled("As before, but told otherwise", "bold", map(_finding, other))


def _filled(
    title: str, style: str, lines: Iterable[tuple[str, Sequence[str]]]
) -> Iterator[tuple[str, str, _Lines]]:
    if found := list(lines):
        yield title, style, found


def _worth_telling(device: DeviceChange) -> bool:
    still = device.change is Change.STILL
    return still and bool(device.changes or device.before != device.after)


def _device(device: DeviceChange) -> tuple[str, Sequence[str]]:
    doubt = f"Not taken for one seen before: {device.doubt}." if device.doubt else ""
    return device.label, [doubt] if doubt else []


def _recognised(device: DeviceChange) -> tuple[str, Sequence[str]]:
    changes = [f"{one.field}: {one.before} → {one.after}" for one in device.changes]
    sure = "Known by" if device.sure else "Probably the same, by no more than"
    return device.label, [*changes, f"{sure} {', '.join(device.because)}."]


def _finding(finding: FindingChange) -> tuple[str, Sequence[str]]:
    place = "" if finding.place == "device" else f", {finding.place}"
    accepted = ", accepted" if finding.accepted else ""
    words = f"{finding.label}: {finding.title} ({finding.severity.value}{accepted}{place})"
    return words, [f"{finding.reason[:1].upper()}{finding.reason[1:]}."] if finding.reason else []


def _side(side: Side) -> str:
    name = f"scan {side.id}" if side.id else side.name or "this report"
    policy = f", policy {side.policy}" if side.policy else ""
    return f"{name} ({when(side.started)}{policy})"
