"""How good reports on captures are, measured against labels: precision, recall, misses, extras.

A reported finding of the vocabulary fits a label of the same type, host,
port (any, if the label has none) and user name (if both have one). Hosts outside the local network
may be booked on the device that talked to them. Each label is found by one report; others that fit
it as well are repeats, and count neither way. Optional labels count neither way. Where an entry is
not exhaustive, nothing that is reported beside it counts against it, but for what it names absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from iotscan.labels import Label, Truth
from iotscan.model import Device, Finding, Report


@dataclass(slots=True)
class Tally:
    """Counts with what is behind them."""

    found: int = 0
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Of what was reported, how much is true; 1 when nothing was reported."""
        return self.found / (self.found + len(self.extra)) if self.found or self.extra else 1.0

    @property
    def recall(self) -> float:
        """Of what is true, how much was reported; 1 when there is nothing to report."""
        return self.found / (self.found + len(self.missed)) if self.found or self.missed else 1.0

    def add(self, other: Tally) -> None:
        self.found += other.found
        self.missed += other.missed
        self.extra += other.extra


@dataclass(slots=True)
class Score:
    """Of one capture, or of all: findings by type, MACs, addresses, names, services."""

    types: dict[str, Tally] = field(default_factory=dict)
    macs: Tally = field(default_factory=Tally)
    addresses: Tally = field(default_factory=Tally)
    names: Tally = field(default_factory=Tally)
    services: Tally = field(default_factory=Tally)

    @property
    def findings(self) -> Tally:
        """All types together."""
        whole = Tally()
        for tally in self.types.values():
            whole.add(tally)
        return whole

    def add(self, other: Score) -> None:
        for name, tally in other.types.items():
            self.types.setdefault(name, Tally()).add(tally)
        self.macs.add(other.macs)
        self.addresses.add(other.addresses)
        self.names.add(other.names)
        self.services.add(other.services)


def score(truth: Truth, report: Report, vocabulary: frozenset[str]) -> Score:
    """How the report on a capture compares with the truth."""
    whole = Score(_findings(truth, report.findings, vocabulary))
    if truth.devices is not None:
        _devices(truth.devices, report.devices, whole)
    if truth.services is not None:
        whole.services = _sets(truth.services, _services(report), lambda s: f"{s[0]}:{s[1]}")
    return whole


def _findings(
    truth: Truth, findings: Sequence[Finding], vocabulary: frozenset[str]
) -> dict[str, Tally]:
    left = [finding for finding in findings if finding.rule in vocabulary]
    types: dict[str, Tally] = {}
    # Those first that fit least, so that no other takes the one finding that is theirs.
    for label in sorted(truth.findings, key=_choice):
        fitting = [finding for finding in left if label.fits(finding)]
        if fitting:
            left.remove(max(fitting, key=label.agrees))
        tally = types.setdefault(label.type, Tally())
        if not label.optional and fitting:
            tally.found += 1
        elif not label.optional:
            tally.missed.append(f"{truth.file}: {label}")
    for finding in left:
        repeats = any(label.fits(finding) for label in truth.findings)
        if not repeats and (truth.exhaustive or finding.rule in truth.absent):
            types.setdefault(finding.rule, Tally()).extra.append(f"{truth.file}: {_told(finding)}")
    return types


def _choice(label: Label) -> tuple[bool, bool, bool]:
    return label.optional, label.username is None, label.port is None


def _devices(truth: Sequence[Mapping[str, Any]], devices: Sequence[Device], whole: Score) -> None:
    by_mac = {device.mac: device for device in devices if device.mac}
    macs = {str(entry["mac"]) for entry in truth if entry["mac"]}
    whole.macs = _sets(macs, set(by_mac), str)
    bare = {str(address) for device in devices if not device.mac for address in device.addresses}
    for entry in truth:
        ips = set(entry["ips"])
        if entry["mac"] is None:
            whole.addresses.add(_sets(ips, ips & bare, str))
            continue
        device = by_mac.get(entry["mac"])
        own = {str(address) for address in device.addresses} if device else set()
        whole.addresses.add(_sets(ips, own, lambda ip, mac=entry["mac"]: f"{mac} {ip}"))
        names = _plain(_names(entry["names"]))
        known = _plain(device.names if device else ())
        whole.names.add(_sets(names, names & known, lambda name, mac=entry["mac"]: f"{mac} {name}"))


def _names(names: Mapping[str, Sequence[str]]) -> list[str]:
    """The host names among what a device says of itself; instances have dots inside."""
    told = [*names.get("dhcp-hostname", ()), *names.get("dhcp-fqdn", ())]
    hosts = [name.removesuffix(".local") for name in names.get("mdns-host", ())]
    return told + [name for name in hosts if "." not in name]


def _plain(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}


def _services(report: Report) -> set[tuple[str, int]]:
    """(address, port) of what answered an opening in the capture: on devices, and on servers
    outside that they reached. What was only overheard in connections opened before, and services
    over UDP, are no part of the truth, and so are not judged.
    """
    places = [service for device in report.devices for service in device.services]
    here = {(str(one.endpoint.address), one.endpoint.port) for one in places if one.opened}
    outside = {
        (str(seen.facts["peer"]), int(str(seen.facts["port"])))
        for seen in report.observations
        if seen.kind == "capture.contact" and seen.facts["outside"] and seen.facts.get("opened")
    }
    return here | outside


def _sets(truth: Iterable[Any], reported: Iterable[Any], words: Any) -> Tally:
    true, said = set(truth), set(reported)
    missed, extra = sorted(map(words, true - said)), sorted(map(words, said - true))
    return Tally(len(true & said), missed, extra)


def _told(finding: Finding) -> str:
    frames = sorted({frame for proof in finding.proofs for frame in proof.frames})[:4]
    place = finding.endpoint or finding.address
    facts = {k: v for k, v in finding.facts.items() if k in ("peer", "username", "outcome")}
    return f"{finding.rule} {place} frames {frames} {facts}"
