"""How good reports on captures are, measured against labels: precision, recall, misses, extras.

The labels are YAML: ``vocabulary`` (every type of finding judged) and ``captures``, an entry
a file with what is in it. A reported finding of the vocabulary fits a label of the same type, host,
port (any, if the label has none) and user name (if both have one). Hosts outside the local network
may be booked on the device that talked to them. Each label is found by one report; others that fit
it as well are repeats, and count neither way. Optional labels count neither way. Where an entry is
not exhaustive, nothing that is reported beside it counts against it, but for what it names absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from iotscan.errors import UsageError
from iotscan.model import Device, Finding, Report

# libyaml reads labels of some thousand lines in a tenth of the time.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Label:
    """One finding that the truth names."""

    type: str
    host: str
    port: int | None
    peer: str = ""
    username: str | None = None
    frame: int = 0
    optional: bool = False
    public: bool = False

    def fits(self, finding: Finding) -> bool:
        """Whether the finding is this one, as far as both say."""
        if finding.rule != self.type:
            return False
        if self.port is not None and finding.endpoint and finding.endpoint.port != self.port:
            return False
        said = finding.facts.get("username")
        if self.username is not None and isinstance(said, str) and said != self.username:
            return False
        hosts = _hosts(finding)
        return self.host in hosts or (self.public and self.peer in hosts)

    def agrees(self, finding: Finding) -> int:
        """How well a finding that fits also agrees in what need not be equal."""
        cited = {frame for proof in finding.proofs for frame in proof.frames}
        return 2 * (self.peer in _hosts(finding, peer=True)) + (self.frame in cited)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        name = "" if self.username is None else f" user {self.username}"
        return f"{self.type} {self.host}{port} (frame {self.frame}, peer {self.peer}){name}"


@dataclass(frozen=True, slots=True)
class Truth:
    """What the labels say of one capture; ``devices`` and ``services`` are None if not labelled."""

    file: str
    exhaustive: bool
    findings: tuple[Label, ...]
    absent: frozenset[str]
    devices: tuple[Mapping[str, Any], ...] | None
    services: frozenset[tuple[str, int]] | None


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


def load(path: Path) -> tuple[frozenset[str], tuple[Truth, ...]]:
    """The vocabulary and the truth on each capture. Raises UsageError where it cannot be read."""
    try:
        tree = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506  (a safe one)
        return frozenset(tree["vocabulary"]), tuple(map(_truth, tree["captures"]))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} does not hold labels: {error}") from error


def score(truth: Truth, report: Report, vocabulary: frozenset[str]) -> Score:
    """How the report on a capture compares with the truth."""
    whole = Score(_findings(truth, report.findings, vocabulary))
    if truth.devices is not None:
        _devices(truth.devices, report.devices, whole)
    if truth.services is not None:
        whole.services = _sets(truth.services, _services(report), lambda s: f"{s[0]}:{s[1]}")
    return whole


def _truth(entry: Mapping[str, Any]) -> Truth:
    labelled = "devices_note" not in entry
    services = {(str(s["ip"]), int(s["port"])) for s in entry.get("services") or ()}
    return Truth(
        str(entry["file"]),
        bool(entry.get("exhaustive", True)),
        tuple(map(_label, entry.get("findings") or ())),
        frozenset(entry.get("absent") or ()),
        tuple(entry.get("devices") or ()) if labelled else None,
        frozenset(services) if labelled and entry.get("exhaustive", True) else None,
    )


def _label(entry: Mapping[str, Any]) -> Label:
    detail = entry.get("detail") or {}
    name = detail.get("username") if isinstance(detail, dict) else None
    port = entry.get("port")
    return Label(
        str(entry["type"]),
        str(entry["host"]),
        None if port is None else int(port),
        str(entry.get("peer") or ""),
        None if name is None else str(name),
        int(entry.get("frame") or 0),
        bool(entry.get("optional")),
        entry.get("host_address") == "public",
    )


def _findings(
    truth: Truth, findings: Sequence[Finding], vocabulary: frozenset[str]
) -> dict[str, Tally]:
    left = [finding for finding in findings if finding.rule in vocabulary]
    types: dict[str, Tally] = {}
    for label in truth.findings:
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


def _devices(truth: Sequence[Mapping[str, Any]], devices: Sequence[Device], whole: Score) -> None:
    by_mac = {device.mac: device for device in devices if device.mac}
    macs = {str(entry["mac"]) for entry in truth if entry["mac"]}
    whole.macs = _sets(macs, set(by_mac), str)
    bare = {str(address) for device in devices if not device.mac for address in device.addresses}
    for entry in truth:
        ips = {str(ip) for ip in entry.get("ips") or ()}
        if entry["mac"] is None:
            whole.addresses.add(_sets(ips, ips & bare, str))
            continue
        device = by_mac.get(entry["mac"])
        own = {str(address) for address in device.addresses} if device else set()
        whole.addresses.add(_sets(ips, own, lambda ip, mac=entry["mac"]: f"{mac} {ip}"))
        names = _plain(_names(entry.get("names") or {}))
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
    """(address, port) of what answered: on devices, and on servers outside that they reached."""
    places = {service.endpoint for device in report.devices for service in device.services}
    here = {(str(place.address), place.port) for place in places if place.transport == "tcp"}
    outside = {
        (str(seen.facts["peer"]), int(str(seen.facts["port"])))
        for seen in report.observations
        if seen.kind == "capture.contact" and seen.facts["transport"] == "tcp"
        if seen.facts["outside"] and seen.facts.get("answered", True)
    }
    return here | outside


def _sets(truth: Iterable[Any], reported: Iterable[Any], words: Any) -> Tally:
    true, said = set(truth), set(reported)
    missed, extra = sorted(map(words, true - said)), sorted(map(words, said - true))
    return Tally(len(true & said), missed, extra)


def _hosts(finding: Finding, *, peer: bool = False) -> set[str]:
    """The host a finding is about, and the device that talked to it where that is another."""
    hosts = {str(finding.endpoint.address if finding.endpoint else finding.address)}
    if peer or (finding.endpoint and finding.endpoint.address != finding.address):
        hosts |= {str(finding.address), str(finding.facts.get("peer", ""))}
    return hosts


def _told(finding: Finding) -> str:
    frames = sorted({frame for proof in finding.proofs for frame in proof.frames})[:4]
    place = finding.endpoint or finding.address
    facts = {k: v for k, v in finding.facts.items() if k in ("peer", "username", "outcome")}
    return f"{finding.rule} {place} frames {frames} {facts}"
