"""What a report says of a capture file: what it was, and what of it could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import starmap

from iotscan.capture.links import known as is_read
from iotscan.capture.reader import CaptureFacts
from iotscan.capture.stations import MOST_STATIONS
from iotscan.model import Ending, Gap, Input

# Links whose frames are known and cannot be looked into.
_SEALED = {
    **dict.fromkeys((105, 119, 127, 163, 192), "Wi-Fi, encrypted"),
    195: "IEEE 802.15.4",
    230: "IEEE 802.15.4",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc(seconds: float) -> str:
    """ISO 8601 of seconds since 1970; empty for a time that no calendar holds."""
    try:
        return (_EPOCH + timedelta(seconds=round(seconds, 6))).isoformat()
    except OverflowError:
        return ""


def input_of(facts: CaptureFacts) -> Input:
    """What a report says of the file."""
    return Input(
        facts.path,
        facts.sha256,
        facts.size,
        facts.frames,
        utc(facts.first) if facts.frames else "",
        round(facts.last - facts.first, 6),
        facts.damage,
        tuple(starmap(_unread, sorted(facts.unread_links.items()))),
    )


def snapped(facts: CaptureFacts) -> str:
    """That its frames were cut when they were captured."""
    return (
        f"{facts.path} holds only the beginning of at least {_frames(facts.snapped)} "
        "(snap length): what was said behind the cut is not known."
    )


def gaps_of(facts: CaptureFacts) -> Iterator[Gap]:
    """What of a file was not read, and why."""
    name = facts.path
    if facts.damage:
        advice = "What follows in the file was not read. Take the capture again, if you can."
        yield Gap(name, "capture", Ending.WRONG_PROTOCOL, facts.damage, advice)
    for link_type, frames in sorted(facts.unread_links.items()):
        reason = f"{_unread(link_type, frames)} cannot be looked into"
        advice = "Take the capture on the router or on an Ethernet port, where frames are in clear."
        if link_type not in _SEALED and is_read(link_type):
            advice = "Look whether the file was damaged, or its frames cut when they were captured."
        yield Gap(name, "capture", Ending.WRONG_PROTOCOL, reason, advice)
    if facts.flows_cut:
        reason = (
            f"{facts.flows_cut} conversations were cut because too many went on at the same time"
        )
        advice = "Split the capture by host, and give the parts one by one."
        yield Gap(name, "capture", Ending.BUDGET_SPENT, reason, advice)
    if facts.unlisted:
        more = f"more stations than the {MOST_STATIONS} that are kept"
        reason = f"{_frames(facts.unlisted)} came from {more}"
        advice = "Split the capture by host, and give the parts one by one."
        yield Gap(name, "capture", Ending.BUDGET_SPENT, reason, advice)
    if facts.lost_fragments:
        reason = f"{facts.lost_fragments} packets in fragments were never complete"
        advice = "Nothing can be done about it afterwards; the parts are not in the capture."
        yield Gap(name, "capture", Ending.BUDGET_SPENT, reason, advice)


def _unread(link_type: int, frames: int) -> str:
    what = _SEALED.get(link_type, "too short for its header" if is_read(link_type) else "")
    return f"{_frames(frames)} of link type {link_type}{what and f' ({what})'}"


def _frames(number: int) -> str:
    return f"{number} frame{'s' * (number != 1)}"
