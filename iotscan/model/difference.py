"""What a comparison of two scans says. Plain data: it goes through :mod:`iotscan.codec`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from iotscan.model import Severity

# The version of the JSON form: it goes up when a field changes its meaning or leaves.
DIFFERENCE_FORMAT = 1


class Change(Enum):
    """What became of a finding or a device between an earlier and a later scan.

    ``RESOLVED`` is said only when the later scan looked at the very thing again and saw otherwise;
    whatever else is no longer reported is ``UNKNOWN``, with the reason. A device that is not seen
    any more is ``GONE``: it may be switched off.
    """

    NEW = "new"
    STILL = "still"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two scans. ``id`` is the store's, 0 for a report from a file, ``name`` how it was
    asked for ("latest", "17", "report.json").
    """

    name: str
    started: str
    source: str
    complete: bool
    version: str
    rules: str
    policy: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A word about a device that differs: ``field`` is firmware, model, vendor, kind, addresses,
    mac or names; "" stands for "not known".
    """

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """One device in both scans, or in one.

    ``change``: NEW, GONE or STILL. ``before`` and ``after`` are its keys in the reports, "" where
    it is not. ``because``: the evidence that both are one device; ``sure`` is False where that is
    an address or a name alone, which another device may have taken over. ``doubt``: why a device
    that looks alike was not taken for it, "" if there is none.
    """

    change: Change
    label: str
    before: str = ""
    after: str = ""
    because: tuple[str, ...] = ()
    sure: bool = True
    doubt: str = ""
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingChange:
    """One finding in both scans, or in one.

    ``device`` is the device's key in the later report, or in the earlier if it is gone; ``place``
    is "23/tcp", "device", or the endpoint of a server outside. ``reason`` says what the later scan
    saw instead (RESOLVED), why nothing can be said (UNKNOWN), that the earlier had not looked
    there (NEW), or that it goes by another severity now (STILL); "" if there is nothing to add.
    ``fingerprint`` is the later report's, or the earlier's if it has none.
    """

    change: Change
    rule: str
    title: str
    severity: Severity
    device: str
    label: str
    place: str
    fingerprint: str
    reason: str = ""
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from ``before`` to ``after``, worst first.

    ``notes`` are sentences about the comparison itself: other rules, another scope, a scan that was
    cut short.
    """

    format: int
    before: Side
    after: Side
    devices: tuple[DeviceChange, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, change: Change) -> tuple[FindingChange, ...]:
        """The findings of which this is said."""
        return tuple(finding for finding in self.findings if finding.change is change)
