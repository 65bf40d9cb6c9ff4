"""The nouns of iotscan: frozen, slotted dataclasses and enumerations, standard library only.

A newcomer learns ten words here: scope, device, service, transcript, observation, principle,
rule, finding, report and probe (the last one lives in :mod:`iotscan.probe_api`).

Units: times called ``at`` or ``began`` are seconds since the scan (or capture) began, rounded to
microseconds; ``started`` is UTC in ISO 8601. Bytes are as they were on the wire, secrets masked.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    Address = IPv4Address | IPv6Address
    Subnet = IPv4Network | IPv6Network
else:
    # One class at run time, so that JSON codecs see a single custom type, not a union of two.
    class Address(metaclass=ABCMeta):
        """An IPv4 or IPv6 address."""

    class Subnet(metaclass=ABCMeta):
        """An IPv4 or IPv6 network."""

    for _class in (IPv4Address, IPv6Address):
        Address.register(_class)
    for _class in (IPv4Network, IPv6Network):
        Subnet.register(_class)

Transport = Literal["tcp", "udp"]
Sender = Literal["client", "server"]
Fact = bool | int | float | str | tuple[str, ...]


class Ordered(Enum):
    """An enumeration whose members compare in the order they are written in; values are words."""

    @property
    def rank(self) -> int:
        """Place in that order, from 0."""
        return type(self)._member_names_.index(self._name_)

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, type(self)) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.rank <= other.rank if isinstance(other, type(self)) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.rank > other.rank if isinstance(other, type(self)) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.rank >= other.rank if isinstance(other, type(self)) else NotImplemented


class Impact(Ordered):
    """The most that may be done to a device."""

    LISTEN = "listen"
    GREET = "greet"
    LOGIN = "login"


class Ending(Enum):
    """Why a conversation stopped. Only ``COMPLETE`` may support "looks met"."""

    COMPLETE = "complete"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    TLS_FAILED = "tls-failed"
    WRONG_PROTOCOL = "wrong-protocol"
    OUT_OF_SCOPE = "out-of-scope"
    BUDGET_SPENT = "budget-spent"
    LOCKED_OUT = "locked-out"
    BUG = "bug"


class Standing(Enum):
    """How a device stands to a provision: three answers, never two."""

    VIOLATED = "violated"
    MET = "met"
    NOT_ASSESSED = "not-assessed"


class Severity(Ordered):
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(Ordered):
    """How directly a finding was seen: indirect, strong signs, seen."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    CONFIRMED = "confirmed"


class Relation(Ordered):
    """What a finding says about a provision; stronger is larger."""

    INFORMS = "informs"
    SUGGESTS = "suggests"
    CONTRADICTS = "contradicts"


class Outcome(Enum):
    """How a device answered one login attempt, by a parsed fact."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LOCKED = "locked"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Endpoint:
    address: Address
    transport: Transport
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}/{self.transport}"


@dataclass(frozen=True, slots=True)
class Service:
    """Something that answers at an endpoint.

    ``name`` is the protocol it was recognised to speak (a probe's name), None while unknown.
    ``hint`` is what the device itself announced about it: the path of an SSDP LOCATION, the
    name of the opening that made it answer.
    """

    endpoint: Endpoint
    name: str | None = None
    tls: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What a TLS handshake showed. Nothing is verified here; ``chain`` is DER, leaf first."""

    version: str = ""
    cipher: str = ""
    chain: tuple[bytes, ...] = ()
    alpn: str = ""
    client_certificate_requested: bool | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said. ``login`` is the id of the credential sent in this turn, masked in ``data``.

    ``frame`` is the capture's frame number (1 is the first) when this was read from a capture;
    ``cut``: the capture lacks what its sender said right behind it.
    """

    sender: Sender
    at: float
    data: bytes
    channel: int = 0
    login: str | None = None
    frame: int | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """One connection, or one UDP exchange, within a conversation.

    ``login`` is the id of the credential it was opened for, ``outcome`` what the probe read from
    the answer while talking (the reader derives its own; they must agree).
    """

    endpoint: Endpoint
    opened: float = 0.0
    ending: Ending = Ending.COMPLETE
    tls: TlsFacts | None = None
    login: str | None = None
    outcome: Outcome | None = None


# The probe's name in transcripts in which nothing but what a port speaks was found out.
RECOGNITION = "recognise"


@dataclass(frozen=True, slots=True)
class Transcript:
    """One probe's whole conversation with one service: the evidence that readers read.

    ``turns`` of all channels in the order they happened. ``id`` is unique within a recording
    ("c17"). ``note`` says in words why it ended when that is not COMPLETE. ``client`` is the other
    side of a captured conversation; None when it was the scanner.
    """

    id: str
    service: Service
    probe: str
    began: float
    turns: tuple[Turn, ...] = ()
    channels: tuple[Channel, ...] = ()
    ending: Ending = Ending.COMPLETE
    note: str = ""
    client: Endpoint | None = None

    def said_by(self, sender: Sender, channel: int | None = None) -> bytes:
        """Everything one side said, joined: of one channel, or of all."""
        return b"".join(
            turn.data
            for turn in self.turns
            if turn.sender == sender and channel in (None, turn.channel)
        )

    def turns_of(self, channel: int) -> tuple[tuple[int, Turn], ...]:
        """(index in ``turns``, turn) of one channel: the indexes are what proofs cite."""
        return tuple((i, turn) for i, turn in enumerate(self.turns) if turn.channel == channel)


@dataclass(frozen=True, slots=True)
class Packet:
    """An announcement or a discovery answer as it arrived, without what lies below ``data``.

    ``protocol`` is the discoverer that can read it ("arp", "mdns", "ssdp" …); ``id`` is "p5".
    ``source`` is None for frames without an IP address of their own.
    """

    id: str
    at: float
    protocol: str
    data: bytes
    source: Address | None = None
    mac: str | None = None
    interface: str = ""
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a reader finds the evidence.

    ``source``: id of a transcript ("c17"), packet ("p5") or sweep ("s3") in the recording;
    ``turns``: indexes of the turns that prove it, empty for packets and sweeps;
    ``frames``: frame numbers in the capture file named ``file``.
    """

    source: str
    turns: tuple[int, ...] = ()
    file: str = ""
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of observation: the words (fact names and their types) that rules may use of it.

    ``doc`` says in one sentence when a reader emits it.
    """

    name: str
    facts: Mapping[str, type]
    doc: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A fact about one address (and endpoint, when it is about a service), with its proof.

    ``facts`` holds only what was established: a missing word means "not known".
    Text in it that the device controls has been through :func:`iotscan.text.clean`.
    """

    kind: str
    facts: Mapping[str, Fact]
    address: Address
    endpoint: Endpoint | None = None
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """One source's word that a device is there, as read from one packet or sweep.

    ``names`` are what the device calls itself; ``traits`` are identifying words under fixed keys
    (vendor, model, firmware, serial, udn, server, kind, os …); ``leads`` are services it announced,
    followed only when their address is one of the announcer's own.
    """

    source: str
    addresses: tuple[Address, ...]
    mac: str | None = None
    names: tuple[str, ...] = ()
    traits: Mapping[str, str] = field(default_factory=dict)
    leads: tuple[Service, ...] = ()
    proof: Proof = Proof("")


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a port sweep saw at one address. ``unswept`` ports could not be looked at, ``why``.

    ``alive``: something at the address answered (a RST counts, except on loopback where the
    scanner's own kernel sends it).
    """

    id: str
    at: float
    address: Address
    open: tuple[Endpoint, ...] = ()
    closed: int = 0
    silent: int = 0
    unswept: int = 0
    why: str = ""
    alive: bool = False


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


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be touched. Exclusions always win; see :mod:`iotscan.net.gateway`."""

    allow: tuple[Subnet, ...]
    deny: tuple[Subnet, ...] = ()
    interfaces: tuple[str, ...] = ()
    impact: Impact = Impact.LOGIN

    def admits(self, address: Address) -> bool:
        """Whether the address may be talked to; an IPv4-mapped IPv6 address counts as IPv4."""
        mapped = getattr(address, "ipv4_mapped", None)
        plain = mapped if mapped is not None else address
        if any(plain in net for net in self.deny if net.version == plain.version):
            return False
        return any(plain in net for net in self.allow if net.version == plain.version)


@dataclass(frozen=True, slots=True)
class Header:
    """How a recording began: everything a replay needs to give the same report."""

    format: int
    version: str
    started: str
    scope: Scope
    settings: Mapping[str, Fact]
    rules: str
    source: str = "scan"


@dataclass(frozen=True, slots=True)
class Footer:
    """How a recording ended; a recording without one was cut off, and its report says so."""

    ended: float
    complete: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """All that a scan saw, or all that was read from captures: the one input of the assessment."""

    header: Header
    packets: tuple[Packet, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    transcripts: tuple[Transcript, ...] = ()
    gaps: tuple[Gap, ...] = ()
    blind_spots: tuple[str, ...] = ()
    footer: Footer | None = None


@dataclass(frozen=True, slots=True)
class ConversationNote:
    """One line per conversation in a report: enough to find its transcript.

    ``logins``: ids of the known logins that were tried in it.
    """

    id: str
    probe: str
    endpoint: Endpoint
    ending: Ending
    turns: int
    note: str = ""
    logins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """A capture file that a report was made from; ``sha256`` and ``size``: of it as it was given.

    ``frames`` counts what was read, over ``duration`` seconds from ``started``. ``stopped`` says
    where and why reading ended before the end of the file, "" if it did not; ``unread`` what of the
    frames could not be looked into.
    """

    name: str
    sha256: str
    size: int
    frames: int = 0
    started: str = ""
    duration: float = 0.0
    stopped: str = ""
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyNote:
    """The policy a report was made under; ``hash`` is the same for the same content."""

    id: str
    title: str
    hash: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A public list of flaws that the user imported, and that devices were held against.

    ``date``: of when its publisher says it is (ISO 8601); ``sha256``: of the file as it was given;
    ``entries``: how much of it can be held against devices.
    """

    name: str
    publisher: str
    date: str
    sha256: str
    entries: int


@dataclass(frozen=True, slots=True)
class Report:
    """What iotscan concludes. ``complete`` is False when something asked for was not looked at.

    ``ports``: the TCP ports that were tried, as in "22-23,80", "" when that is not known;
    ``sweeps``: how the trying went, of every address that is a device's. ``policy`` chose which
    findings are reported; ``outside`` are those it left out, which verdicts may still cite.
    ``expired``: risks once accepted, whose time is over, and that are findings again.
    """

    format: int
    version: str
    rules: str
    started: str
    duration: float
    source: str
    scope: Scope
    complete: bool
    devices: tuple[Device, ...] = ()
    observations: tuple[Observation, ...] = ()
    findings: tuple[Finding, ...] = ()
    postures: tuple[Posture, ...] = ()
    gaps: tuple[Gap, ...] = ()
    blind_spots: tuple[str, ...] = ()
    conversations: tuple[ConversationNote, ...] = ()
    inputs: tuple[Input, ...] = ()
    ports: str = ""
    sweeps: tuple[Sweep, ...] = ()
    policy: PolicyNote | None = None
    outside: tuple[Finding, ...] = ()
    expired: tuple[Acceptance, ...] = ()
    feeds: tuple[Feed, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """Something worth showing while a scan runs.

    ``stage``: discover, sweep, probe, assess; ``what``: a word of the stage's own (host, service,
    conversation, done …); ``done`` of ``total`` where a total is known, else 0. ``address`` and
    ``service``: the host and the name of the service it is about, where it is about one.
    """

    stage: str
    what: str
    subject: str = ""
    done: int = 0
    total: int = 0
    address: str = ""
    service: str = ""
