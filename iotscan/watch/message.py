"""News as a message that fits any messenger, and that none of them obeys.

Names come from devices. Mail programs and messengers turn some characters into links, pictures,
mentions and formatting; here those are written in their full-width forms, which look alike and mean
nothing to any of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from iotscan.model import Report, Severity
from iotscan.report.words import count, device_label, safe
from iotscan.watch.news import News

# Discord takes 2,000 characters, most others more; a phone shows far fewer.
LONGEST = 1500
_LONGEST_LINE = 240
_MARKS = "<>&@[]*_~`|#\\{}$"
# Unicode has the printable ASCII characters again from U+FF01 on, in the same order.
_FULL_WIDTH = str.maketrans({mark: chr(ord(mark) + 0xFEE0) for mark in _MARKS})
Tone = Literal["info", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text. ``tone``: how urgently a messenger may show it."""

    title: str
    body: str
    tone: Tone = "info"


def of_news(news: News, also: str = "") -> Message:
    """What changed. ``also``: a last line."""
    hint = f"iotscan diff {news.before} {news.after}"
    tone: Tone = "warning" if news.alarming else "info"
    return Message(f"iotscan: {news.headline()}", _fitted(news.lines(), hint, also), tone)


def of_first(report: Report, scan: int) -> Message:
    """What there is when a watch begins."""
    hint = f"iotscan report {scan}"
    also = "From now on only changes are told."
    return Message(
        f"iotscan: watching {count(len(report.devices), 'device')}",
        _fitted(summary(report), hint, also),
    )


def of_failure(reason: str) -> Message:
    """Why there is no news: silence must not be taken for "nothing changed"."""
    return Message("iotscan: nothing can be told this time", plain(reason), "failure")


def summary(report: Report) -> Iterable[str]:
    """The state of a network, line by line, worst first."""
    where = ", ".join(map(str, report.scope.allow))
    open_ = [finding for finding in report.findings if finding.accepted is None]
    numbers = [
        f"{sum(one.severity is severity for one in open_):,} {severity.value}"
        for severity in sorted(Severity, reverse=True)
        if any(one.severity is severity for one in open_)
    ]
    told = f": {', '.join(numbers)}" if numbers else ""
    devices = count(len(report.devices), "device")
    yield safe(f"{devices} in {where}, {count(len(open_), 'finding')}{told}.")
    if not report.complete:
        yield "The scan is incomplete: not all that was asked for was looked at."
    labels = {device.key: device_label(device) for device in report.devices}
    for finding in sorted(open_, key=lambda one: -one.severity.rank):
        label = labels.get(finding.device, str(finding.address))
        yield safe(f"{finding.title} ({finding.severity.value}): {label}")


def plain(words: str, longest: int = _LONGEST_LINE) -> str:
    """A line of text in which nothing is a link, a mention or formatting."""
    return safe(words, longest).translate(_FULL_WIDTH).replace("://", ":／／")


def _fitted(lines: Iterable[str], hint: str, also: str = "") -> str:
    """As many of the lines as fit, how many there are more, and where all of it is."""
    every = [plain(line) for line in lines]
    last = [also] if also else []
    shown = len(every)
    while shown and len(_joined(every, shown, last, hint)) > LONGEST:
        shown -= 1
    return _joined(every, shown, last, hint)


def _joined(every: list[str], shown: int, last: list[str], hint: str) -> str:
    more = len(every) - shown
    tail = [f"… and {more:,} more."] if more else []
    return "\n".join([*every[:shown], *tail, *last, f"All of it: {hint}"])
