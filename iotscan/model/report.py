"""What is handed out: the report, notes on what it was made from, and how far a scan is."""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.model.finding import Acceptance, Device, Finding, Gap, Posture
from iotscan.model.observation import Observation, Sweep
from iotscan.model.recording import Scope
from iotscan.model.transcript import Endpoint
from iotscan.model.words import Ending


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
    """What iotscan concludes. ``complete`` is False when something asked for was not looked at,
    ``finished`` when the scan was cut short, or a version made the report that did not say so.

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
    finished: bool = False


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
