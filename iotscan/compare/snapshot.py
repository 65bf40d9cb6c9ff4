"""What comparing needs of a report, an eighth of its size and read in a tenth of a second.

Nothing in it can refer back to what holds it, so the garbage collector may leave it alone.
Devices are numbered by their place in ``subjects``; a place on a device is "23/tcp", "device" for
all of it, or the endpoint of a server outside that it talked to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from iotscan.assess.inventory import owner_of
from iotscan.compare.marks import Marks, marks
from iotscan.model import Device, Endpoint, Fact, Finding, Observation, Proof, Report, Sweep
from iotscan.report.words import device_label

# Goes up when a field changes: stored snapshots of another format are made anew.
FORMAT = 1
DEVICE = "device"
SWEEP = "the port sweep"
Facts = dict[str, bool | int | float | str | tuple[str, ...]]


class Subject(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A device. ``heard``: the ways of discovery by which it showed itself; ``swept``: its ports
    were tried to the end and it was alive, ``silent`` of them without any answer.
    """

    key: str
    label: str
    addresses: tuple[str, ...]
    mac: str
    randomised: bool
    names: tuple[str, ...]
    vendor: str
    model: str
    firmware: str
    kind: str
    marks: Marks
    heard: tuple[str, ...]
    services: dict[str, str]
    swept: bool
    silent: int


class Claim(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A finding. ``kind`` and ``facts``: the observation that decided it; ``by``: who saw it where.

    ``outside``: the policy left it out of the report.
    """

    device: int
    rule: str
    title: str
    severity: str
    place: str
    fingerprint: str
    login: str
    kind: str
    facts: Facts
    by: tuple[tuple[str, str], ...]
    accepted: bool
    outside: bool

    @property
    def identity(self) -> tuple[str, str, object, object]:
        """What is the same for the same problem of one device in the next scan."""
        peer = self.facts.get("peer")
        return (self.rule, self.place, peer, self.facts.get("username") if peer else None)


class Look(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A conversation, by how it ended."""

    device: int
    probe: str
    place: str
    ending: str
    note: str
    logins: tuple[str, ...]


class Seen(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An observation."""

    device: int
    kind: str
    place: str
    facts: Facts


class Hole(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Something on a device that could not be looked at."""

    device: int
    what: str
    subject: str
    reason: str


class Snapshot(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One report, as far as comparing it goes."""

    started: str
    source: str
    complete: bool
    version: str
    rules: str
    policy: str
    scope: str
    impact: str
    ports: str
    subjects: tuple[Subject, ...]
    claims: tuple[Claim, ...]
    looks: tuple[Look, ...]
    seen: tuple[Seen, ...]
    holes: tuple[Hole, ...]


def snapshot(report: Report) -> Snapshot:
    """What a comparison needs of the report."""
    return _Taking(report).snapshot()


def pack(taken: Snapshot) -> bytes:
    """As bytes that :func:`unpack` reads back equal."""
    return bytes((FORMAT,)) + msgspec.msgpack.encode(taken)


def unpack(data: bytes) -> Snapshot | None:
    """What ``pack`` wrote; None if another version of iotscan wrote it in another form."""
    if data[:1] != bytes((FORMAT,)):
        return None
    return msgspec.msgpack.decode(memoryview(data)[1:], type=Snapshot)


def scope_of(report: Report) -> str:
    """The networks that were allowed, without those excluded, as one line."""
    words = ", ".join(sorted(map(str, report.scope.allow)))
    denied = ", ".join(sorted(map(str, report.scope.deny)))
    if not words:
        words = ", ".join(sorted(given.name for given in report.inputs))
    return f"{words} without {denied}" if denied else words


class _Taking:
    """Reads one report; holds what several parts of it need."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._number = {device.key: number for number, device in enumerate(report.devices)}
        self._owner = {
            address: self._number[device.key]
            for address, device in owner_of(report.devices).items()
        }
        self._about: dict[int, list[Observation]] = defaultdict(list)
        self._by_facts: dict[tuple[int, str], list[Observation]] = defaultdict(list)
        for seen in report.observations:
            number = self._owner.get(seen.address)
            if number is not None:
                self._about[number].append(seen)
                self._by_facts[number, self._place(number, seen.endpoint)].append(seen)
        self._talks = {note.id: note for note in report.conversations}
        self._swept = {sweep.id for sweep in report.sweeps}
        self._heard = {
            sighting.proof.source: sighting.source
            for device in report.devices
            for sighting in device.sightings
        }

    def snapshot(self) -> Snapshot:
        report = self._report
        sweeps: dict[int, list[Sweep]] = defaultdict(list)
        for sweep in report.sweeps:
            if sweep.address in self._owner:
                sweeps[self._owner[sweep.address]].append(sweep)
        return Snapshot(
            started=report.started,
            source=report.source,
            complete=report.complete,
            version=report.version,
            rules=report.rules,
            policy=report.policy.id if report.policy else "",
            scope=scope_of(report),
            impact=report.scope.impact.value,
            ports=report.ports,
            subjects=tuple(
                self._subject(device, number, sweeps[number])
                for number, device in enumerate(report.devices)
            ),
            claims=(
                *self._claims(report.findings, False),
                *self._claims(report.outside, True),
            ),
            looks=tuple(self._looks()),
            seen=tuple(self._seen()),
            holes=tuple(
                Hole(self._number[gap.device], gap.what, gap.subject, gap.reason)
                for gap in report.gaps
                if gap.device in self._number
            ),
        )

    def _subject(self, device: Device, number: int, sweeps: list[Sweep]) -> Subject:
        identity = device.identity
        alive = any(sweep.alive or sweep.open or sweep.closed for sweep in sweeps)
        return Subject(
            key=device.key,
            label=device_label(device),
            addresses=tuple(map(str, device.addresses)),
            mac=device.mac or "",
            randomised=device.randomised,
            names=device.names,
            vendor=identity.vendor,
            model=identity.model,
            firmware=identity.firmware,
            kind=identity.kind,
            marks=marks(device, self._about[number]),
            heard=tuple(sorted({sighting.source for sighting in device.sightings})),
            services={_door(s.endpoint): s.name or "" for s in device.services},
            swept=alive and not any(sweep.unswept for sweep in sweeps),
            silent=sum(sweep.silent for sweep in sweeps),
        )

    def _claims(self, findings: Iterable[Finding], outside: bool) -> Iterator[Claim]:
        for finding in findings:
            number = self._number.get(finding.device)
            if number is None:
                continue
            place = self._place(number, finding.endpoint)
            yield Claim(
                device=number,
                rule=finding.rule,
                title=finding.title,
                severity=finding.severity.value,
                place=place,
                fingerprint=finding.fingerprint,
                login=finding.login,
                kind=self._kind(number, place, finding.facts),
                facts=dict(finding.facts),
                by=tuple(dict.fromkeys(self._by(number, finding.proofs))),
                accepted=finding.accepted is not None,
                outside=outside,
            )

    def _kind(self, number: int, place: str, facts: Mapping[str, Fact]) -> str:
        """What sort of observation decided a finding; "" if the report does not hold it."""
        near = self._by_facts[number, place] if place != DEVICE else self._about[number]
        return next((seen.kind for seen in near if seen.facts == facts), "")

    def _by(self, number: int, proofs: Iterable[Proof]) -> Iterator[tuple[str, str]]:
        """Who saw it, and at which of the device's doors."""
        for proof in proofs:
            if (note := self._talks.get(proof.source)) is not None:
                yield note.probe, self._place(number, note.endpoint)
            elif proof.source in self._heard:
                yield self._heard[proof.source], DEVICE
            elif proof.source in self._swept:
                yield SWEEP, DEVICE

    def _looks(self) -> Iterator[Look]:
        for note in self._report.conversations:
            number = self._owner.get(note.endpoint.address)
            if number is not None:
                place = _door(note.endpoint)
                yield Look(number, note.probe, place, note.ending.value, note.note, note.logins)

    def _seen(self) -> Iterator[Seen]:
        for number, observations in self._about.items():
            for seen in observations:
                place = self._place(number, seen.endpoint)
                yield Seen(number, seen.kind, place, dict(seen.facts))

    def _place(self, number: int, endpoint: Endpoint | None) -> str:
        if endpoint is None:
            return DEVICE
        return _door(endpoint) if self._owner.get(endpoint.address) == number else str(endpoint)


def _door(endpoint: Endpoint) -> str:
    return f"{endpoint.port}/{endpoint.transport}"
