"""What the page says, worked out before the template writes it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from iotscan.model import (
    ConversationNote,
    Device,
    Finding,
    Posture,
    Proof,
    Report,
    Standing,
    Verdict,
)
from iotscan.report import words
from iotscan.report.digest import (
    DeviceView,
    GapGroup,
    Step,
    device_views,
    gap_groups,
    headline,
    steps,
    tally,
)
from iotscan.report.html import remedies
from iotscan.report.html.remedies import Task

# Beyond so many findings, what a rule means stands once for all devices, not at each of them.
FEW = 400
_MOST_NUMBERS = 60
_TEXTS = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """A finding as it is shown. ``task`` and ``steps`` say how to mend it; where the same steps
    stand above, ``same_as`` is the title of the finding they stand under and ``steps`` is empty.
    """

    finding: Finding
    number: int
    anchor: str
    guide: str
    task: Task | None
    steps: tuple[str, ...]
    same_as: str


@dataclass(frozen=True, slots=True)
class Group:
    """Devices of one state, with the words for it."""

    state: str
    title: str
    views: tuple[tuple[int, DeviceView], ...]


class Page:
    """A report, ready to be written as a page."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.views = device_views(report)
        self.headline = headline(report, self.views)
        self.state = state(self.views[0]) if self.views else "none"
        self.few = len(report.findings) <= FEW
        self._remedies = remedies.load()
        self._talks = {note.id: note for note in report.conversations}
        self._guides: dict[_TEXTS, str] = {}
        self._number = 0

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The devices with findings, by urgency, and then those without."""
        numbered = tuple(enumerate(self.views, 1))
        found = []
        for name, title in STATES:
            members = tuple(pair for pair in numbered if state(pair[1]) == name)
            if members:
                found.append(Group(name, title, members))
        return tuple(found)

    @property
    def place(self) -> str:
        """What the map is of: the networks, as far as a line takes them."""
        networks = words.listed([str(network) for network in self.report.scope.allow], 2)
        return networks or "Your network"

    @cached_property
    def todo(self) -> tuple[Step, ...]:
        return steps(self.views)

    @property
    def gaps(self) -> tuple[GapGroup, ...]:
        return gap_groups(self.report.gaps)

    @property
    def tally(self) -> str:
        return ", ".join(f"{number:,} {severity.value}" for severity, number in tally(self.report))

    @property
    def services(self) -> int:
        return sum(len(device.services) for device in self.report.devices)

    @cached_property
    def right(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What looks right, and at which devices."""
        found: dict[str, list[str]] = {}
        for view in self.views:
            for verdict in view.met:
                found.setdefault(words.right(verdict), []).append(words.device_label(view.device))
        return tuple((reason, tuple(names)) for reason, names in found.items())

    def told(self, view: DeviceView) -> list[Told]:
        """The findings of a device, worst first, each with how to mend it."""
        shown: dict[tuple[str, ...], str] = {}
        return [self._told(finding, view.device, shown) for finding in view.findings]

    def way(self, finding: Finding) -> str:
        """The anchor under which it stands how to mend a finding, and why."""
        return self._places[finding.device] if self.few else self._guide(finding)

    @cached_property
    def _places(self) -> dict[str, str]:
        return {view.device.key: f"d{number}" for number, view in enumerate(self.views, 1)}

    def guides(self) -> list[tuple[str, Told]]:
        """What the rules mean, each once, for a page where that does not stand at the findings."""
        first: dict[str, Finding] = {}
        for view in self.views:
            for finding in view.findings:
                first.setdefault(self._guide(finding), finding)
        return [(anchor, self._told(finding, None, {})) for anchor, finding in first.items()]

    def evidence(self, finding: Finding) -> list[str]:
        """One line for each proof: where it lies, and what kind of conversation that was."""
        return [_evidence(proof, self._talks.get(proof.source)) for proof in finding.proofs]

    def decided(self, posture: Posture) -> list[Verdict]:
        """The verdicts that say something."""
        return [v for v in posture.verdicts if v.standing is not Standing.NOT_ASSESSED]

    def _told(
        self, finding: Finding, device: Device | None, shown: dict[tuple[str, ...], str]
    ) -> Told:
        self._number += 1
        task = self._remedies.task(finding.rule, finding.principle)
        ways = self._remedies.steps(task, device) if task else ()
        above = shown.get(ways, "")
        shown.setdefault(ways, finding.title)
        return Told(
            finding=finding,
            number=self._number,
            anchor=f"f{self._number}",
            guide=self._guide(finding),
            task=task,
            steps=() if above else ways,
            same_as=above,
        )

    def _guide(self, finding: Finding) -> str:
        texts = (finding.rule, finding.plain, finding.remedy, finding.does_not_prove)
        return self._guides.setdefault(texts, f"g{len(self._guides) + 1}")


STATES = (
    ("critical", "Act now"),
    ("high", "Fix soon"),
    ("medium", "Improve"),
    ("low", "Small matters"),
    ("info", "Good to know"),
    ("accepted", "Risks accepted"),
    ("none", "Nothing found"),
)


def state(view: DeviceView) -> str:
    """The word for how a device is: its worst severity, "accepted" or "none"."""
    return view.worst.value if view.worst else "accepted" if view.findings else "none"


def tone(finding: Finding) -> str:
    """The word for how a finding is shown: its severity, or "accepted"."""
    return "accepted" if finding.accepted else finding.severity.value


def crosswalk(finding: Finding) -> Sequence[tuple[str, str]]:
    """The requirements that a finding speaks to: framework in people's words, and provisions."""
    items = sorted(finding.crosswalk.items())
    return [(words.framework(name), ", ".join(found)) for name, found in items if name != "cwe"]


def _evidence(proof: Proof, talk: ConversationNote | None) -> str:
    where = words.proof(proof, most=_MOST_NUMBERS)
    if talk is None:
        return where
    ended = words.ENDINGS[talk.ending]
    return f"{where}: {talk.probe} with {talk.endpoint}, {words.count(talk.turns, 'turn')}, {ended}"
