"""What is concluded: devices, findings on them, and how they stand to each provision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iotscan.model.observation import Proof, Sighting
from iotscan.model.transcript import Endpoint, Service
from iotscan.model.words import Address, Confidence, Ending, Fact, Relation, Severity, Standing


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device is, as far as signals say (``because``); empty means unknown.

    ``family``: the line of products, where that is known and the model may not be; ``kind``: a word
    of a closed list (iotscan/assess/devicekinds.py).
    """

    vendor: str = ""
    model: str = ""
    firmware: str = ""
    kind: str = ""
    because: tuple[str, ...] = ()
    family: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """One real device: sightings fused by MAC, address, name and UPnP id.

    ``key`` is stable between scans: the MAC if it is a registered one, else the UPnP id, else
    the lowest address. ``randomised``: its MAC is locally administered.
    """

    key: str
    addresses: tuple[Address, ...]
    mac: str | None = None
    randomised: bool = False
    names: tuple[str, ...] = ()
    identity: Identity = Identity()
    services: tuple[Service, ...] = ()
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A risk that somebody decided to live with, up to and including the day ``expires``.

    ``device``: a key, MAC, address or name of a device, "*" for all; ``port``: "23/tcp", "" for
    any.
    """

    rule: str
    device: str
    reason: str
    owner: str
    expires: str
    port: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that holds for one device, with the words for its owner and the proof.

    ``detail`` is one masked sentence with the facts of this case; ``facts`` are those facts.
    ``crosswalk``: framework id → provision ids. ``fingerprint`` is the same for the same problem in
    the next scan (it holds no time and no transcript id; addresses only in rules on conversations).
    ``endpoint`` may be of another host: a server outside that the device was seen to talk to.
    ``accepted``: the risk was accepted, and the report is not failed for it.
    """

    rule: str
    title: str
    principle: str
    severity: Severity
    confidence: Confidence
    relation: Relation
    device: str
    address: Address
    endpoint: Endpoint | None
    detail: str
    plain: str
    remedy: str
    does_not_prove: str
    crosswalk: Mapping[str, tuple[str, ...]]
    cwe: tuple[str, ...]
    proofs: tuple[Proof, ...]
    fingerprint: str
    login: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    accepted: Acceptance | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one device stands to one provision, and why. ``findings`` are fingerprints."""

    provision: str
    standing: Standing
    reason: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Posture:
    """A device's verdicts for one framework with a cap-based grade.

    ``grade``: A (nothing found) to F (a critical finding); ``incomplete``: a needed probe did not
    finish, so the grade is "at best". ``assessed`` of ``observable`` of ``total`` provisions.
    """

    device: str
    framework: str
    grade: str
    incomplete: bool
    assessed: int
    observable: int
    total: int
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be looked at: where, what, why, and what to do about it."""

    subject: str
    what: str
    ending: Ending
    reason: str
    advice: str = ""
    device: str = ""
