"""What is worth telling of a scan, from the history: only what changed, and what is known of it.

A device that was away is not new: the history knows it, and its findings are compared with those of
the last scan in which it was seen. Findings of which nobody can say what became of them are no
news; what was not looked at is never told as resolved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from iotscan.model import Severity
from iotscan.model.difference import Change, DeviceChange, Difference, FindingChange
from iotscan.report.words import count, safe
from iotscan.store import Store

_LOUD = Severity.MEDIUM


@dataclass(frozen=True, slots=True)
class News:
    """What changed from the scan ``before`` to ``after`` (ids), worst first in each list.

    ``back``: devices that were away. ``firmware``: devices whose firmware is another one now.
    ``notes``: what to know of the comparison, such as that the scan was cut short.
    """

    before: int
    after: int
    new: tuple[FindingChange, ...] = ()
    resolved: tuple[FindingChange, ...] = ()
    arrived: tuple[DeviceChange, ...] = ()
    back: tuple[DeviceChange, ...] = ()
    gone: tuple[DeviceChange, ...] = ()
    firmware: tuple[DeviceChange, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return any((self.new, self.resolved, self.arrived, self.back, self.gone, self.firmware))

    @property
    def alarming(self) -> bool:
        """Whether somebody should look soon."""
        return bool(self.arrived) or any(finding.severity >= _LOUD for finding in self.new)

    def headline(self) -> str:
        """How much changed, in a few words that no device had a say in."""
        parts = (
            (count(len(self.new), "new finding"), self.new),
            (count(len(self.arrived), "new device"), self.arrived),
            (f"{len(self.resolved):,} resolved", self.resolved),
            (f"{len(self.gone):,} not seen any more", self.gone),
            (f"{len(self.back):,} back", self.back),
            (count(len(self.firmware), "firmware change"), self.firmware),
        )
        return ", ".join(words for words, found in parts if found) or "nothing changed"

    def lines(self) -> Iterator[str]:
        """One line for each change, what weighs most first, then the notes."""
        yield from (f"New finding: {_finding(one)}" for one in self.new)
        for device in self.arrived:
            doubt = f" (not taken for one seen before: {device.doubt})" if device.doubt else ""
            yield safe(f"New device: {device.label}{doubt}")
        for device in self.firmware:
            changes = [one for one in device.changes if one.field == "firmware"]
            words = ", ".join(f"{one.before} → {one.after}" for one in changes)
            yield safe(f"Other firmware: {device.label}, {words}")
        yield from (safe(f"Not seen any more: {device.label}") for device in self.gone)
        yield from (safe(f"Back again: {device.label}") for device in self.back)
        yield from (f"Resolved: {_finding(one)}" for one in self.resolved)
        yield from map(safe, self.notes)


def _finding(change: FindingChange) -> str:
    place = "" if change.place == "device" else f", {change.place}"
    return safe(f"{change.title} ({change.severity.value}): {change.label}{place}")


def news(store: Store, before: int, after: int) -> News:
    """What the scan ``after`` tells that ``before`` did not."""
    found = store.diff(before, after)
    arrived = {one.after: one for one in found.devices if one.change is Change.NEW}
    away = _away(store, after, arrived)
    told = [one for one in found.findings if one.device not in away]
    firmware = [*_firmware(found, lambda key: key not in away)]
    for scan, keys in _grouped(away).items():
        since = store.diff(scan, after)
        told += [one for one in since.findings if one.device in keys]
        firmware += _firmware(since, keys.__contains__)
    return News(
        before,
        after,
        tuple(one for one in told if one.change is Change.NEW and not one.accepted),
        tuple(one for one in told if one.change is Change.RESOLVED),
        tuple(one for key, one in arrived.items() if key not in away),
        tuple(replace(one, doubt="") for key, one in arrived.items() if key in away),
        tuple(one for one in found.devices if one.change is Change.GONE),
        tuple(firmware),
        found.notes,
    )


def _away(store: Store, scan: int, arrived: Mapping[str, DeviceChange]) -> dict[str, int]:
    """Which of the devices that seem new the history knows for sure, and from which scan last."""
    if not arrived:
        return {}
    known = store.scanned(scan).known
    ids = {key: known[key] for key in arrived if key in known}
    met = store.met_before(scan, ids.values())
    return {key: met[device] for key, device in ids.items() if device in met}


def _grouped(away: Mapping[str, int]) -> dict[int, set[str]]:
    groups: dict[int, set[str]] = defaultdict(set)
    for key, scan in away.items():
        groups[scan].add(key)
    return groups


def _firmware(found: Difference, of: Callable[[str], bool]) -> Iterator[DeviceChange]:
    for device in found.devices:
        if of(device.after) and any(one.field == "firmware" for one in device.changes):
            yield device
