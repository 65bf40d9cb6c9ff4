"""What a rule pack holds: principles, frameworks with provisions, rules, positive evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iotscan.assess.rulebook.conditions import Condition
from iotscan.model import Confidence, Fact, Relation, Severity

Facts = Mapping[str, Fact]
Crosswalk = Mapping[str, tuple[str, ...]]
# How much a scan can say for or against a provision, as the frameworks' files word it.
AGAINST = {"strong": Relation.CONTRADICTS, "indicative": Relation.SUGGESTS, "no": Relation.INFORMS}
FOR = ("no", "weak", "partial")
# Whether every report measures devices by a framework, or only who asks for it is told.
MEASURED = ("always", "on-request")
WAYS = ("active", "passive", "lookup")
# Facts of every observation from a captured conversation: the address of the other side.
OF_CAPTURES: Mapping[str, type] = {"peer": str}
# A finding each: for a device, a port of it, a port and who spoke with it, a login seen there.
OF_CONVERSATIONS = ("peer", "login")
PER = ("port", "device", *OF_CONVERSATIONS)
INTRUSIVENESS = ("none", "safe", "login-attempt", "state-changing-avoided", "opt-in-write")


@dataclass(frozen=True, slots=True)
class Principle:
    """A rule of thumb of secure design that provisions of all frameworks come back to."""

    id: str
    title: str
    plain: str
    etsi_sections: tuple[str, ...] = ()
    eu_cra: tuple[str, ...] = ()
    is3c: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observability:
    """How a scanner could see anything of a provision (``by``), and what that is worth."""

    by: tuple[str, ...]
    against: Relation
    evidence_for: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Provision:
    """One requirement of a framework, paraphrased; ``observability`` None: a related topic only.

    ``related``: framework → its provisions that say the same, or whose fulfilment counts as this
    one's, as the documents themselves state.
    """

    id: str
    title: str
    level: str = ""
    section: str = ""
    condition: str = ""
    observability: Observability | None = None
    related: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Framework:
    """A law, standard or guide. ``details`` are further words about it (status, url, basis …).

    ``measured``: one of MEASURED. ``follows``: the current edition, whose rules and evidence speak
    to this one through the numbers in ``Provision.related``.
    """

    id: str
    name: str
    publisher: str
    version: str
    use: str
    provisions: Mapping[str, Provision]
    sections: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    measured: str = MEASURED[0]
    follows: str = ""

    @property
    def judged(self) -> bool:
        """Whether devices can be measured by it: its provisions say what a scan sees of them."""
        return any(provision.observability for provision in self.provisions.values())


@dataclass(frozen=True, slots=True)
class Examples:
    """Facts with which a rule holds, does not hold, or cannot say: the rule's own tests."""

    hit: tuple[Facts, ...]
    miss: tuple[Facts, ...]
    unknown: tuple[Facts, ...]


@dataclass(frozen=True, slots=True)
class Scenes:
    """The same for positive evidence: each example says the facts of several kinds at once."""

    hit: tuple[Mapping[str, Facts], ...]
    miss: tuple[Mapping[str, Facts], ...]
    unknown: tuple[Mapping[str, Facts], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which a rule can hold: of this kind of observation, if so, said like this.

    ``confidence`` is that of the rule, unless this way shows it more or less directly.
    """

    about: str
    when: Condition
    says: str
    examples: Examples
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes an observation a finding, and the words for it.

    Each case is enough on its own. ``per``: a finding for each port it holds at, one for the whole
    device, or, of captured conversations, one for each address, port and peer, or each login too;
    only these two are held against what a server outside says. ``covers`` are rules whose finding
    at the same endpoint is the same fact told weaker, and is not reported beside this one. Only
    ``stable`` rules report; ``draft`` ones are listed and checked.
    """

    id: str
    title: str
    status: str
    principle: str
    severity: Severity
    severity_if_internet_reachable: Severity
    severity_rationale: str
    relation: Relation
    confidence: Confidence
    intrusiveness: str
    per: str
    cases: tuple[Case, ...]
    plain_language: str
    remediation: str
    does_not_prove: str
    crosswalk: Crosswalk
    crosswalk_if_internet_reachable: Crosswalk
    covers: tuple[str, ...]
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Clause:
    """Of one kind of observation on a device, at least one is known and each satisfies ``when``."""

    about: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that speaks for a device. ``strength`` partial can support "met", weak cannot.

    It holds when ``shown_by`` does: every clause that has observations at all is satisfied, and at
    least one has; and when no finding of ``ruled_out_by`` was made on the device.
    """

    id: str
    title: str
    strength: str
    by: str
    shows: str
    does_not_prove: str
    crosswalk: Crosswalk
    shown_by: tuple[Clause, ...]
    ruled_out_by: tuple[str, ...]
    examples: Scenes
    path: str = ""
    line: int = 0
