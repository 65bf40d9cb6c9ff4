"""What the store answers with. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iotscan.model import Severity


@dataclass(frozen=True, slots=True)
class Scan:
    """One stored scan without its report.

    ``id`` counts up from 1 and is never used again. ``started`` is UTC in ISO 8601, ``scope`` the
    networks as text, ``findings`` the number of each severity (accepted ones not counted, they
    stand in ``accepted``).
    """

    id: int
    started: str
    duration: float
    source: str
    scope: str
    version: str
    rules: str
    policy: str
    complete: bool
    devices: int
    findings: Mapping[Severity, int] = field(default_factory=dict)
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device over all stored scans.

    ``name`` is what the user calls it ("" if nothing), ``label`` what it is called without that.
    ``known``: the user said it belongs here. ``first_seen`` and ``last_seen``: when those scans
    began; ``last_scan`` is the id of the later one and ``key`` the device's key in its report.
    ``marks``: the evidence that it is told by, as ("mac", "00:00:5e:00:53:01"). ``sure`` is False
    for a device that was last recognised by an address or a name alone; ``because`` says by what.
    """

    id: int
    name: str
    label: str
    known: bool
    key: str
    addresses: tuple[str, ...]
    mac: str
    randomised: bool
    vendor: str
    model: str
    firmware: str
    kind: str
    first_seen: str
    last_seen: str
    last_scan: int
    scans: int
    marks: tuple[tuple[str, str], ...] = ()
    sure: bool = True
    because: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The user's name for it, else the label."""
        return self.name or self.label


@dataclass(frozen=True, slots=True)
class AcceptedRisk:
    """A risk accepted in the store. ``device`` is a :class:`KnownDevice` id, None for all devices;
    ``expires`` the last day it holds (ISO 8601); ``port`` "23/tcp", "" for any.
    """

    id: int
    rule: str
    device: int | None
    reason: str
    owner: str
    expires: str
    port: str = ""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token of the HTTP API, without itself. ``scopes`` are read, scan and write."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created: str
