"""Everything that findings are judged by, and the ways to look it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from iotscan.assess.rulebook.editions import through
from iotscan.assess.rulebook.feeds import Feeds
from iotscan.assess.rulebook.fingerprints import Fingerprints
from iotscan.assess.rulebook.flaws import Flaw
from iotscan.assess.rulebook.known_keys import KnownKey
from iotscan.assess.rulebook.rules import Case, Evidence, Framework, Principle, Provision, Rule
from iotscan.assess.rulebook.support import SupportData
from iotscan.model import PolicyNote


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The catalogue and the rules, each by id. ``hash`` is the same for the same content.

    Formatting, comments and file names do not change the hash; any word of any entry does.
    ``policy``, if there is one, chose which rules are ``reported`` (None: all), by which frameworks
    a report ``measures`` devices (empty: those always measured by), and severities that the hash
    knows nothing of. So it is with ``feeds``, lists of flaws that the user imported, and with
    ``asks_support``: whether it is told, too, that no support period was found.
    """

    principles: Mapping[str, Principle]
    frameworks: Mapping[str, Framework]
    rules: Mapping[str, Rule]
    evidence: Mapping[str, Evidence]
    hash: str
    fingerprints: Fingerprints = field(default_factory=Fingerprints, repr=False)
    flaws: Mapping[str, Flaw] = field(default_factory=dict, repr=False)
    keys: Mapping[str, KnownKey] = field(default_factory=dict, repr=False)
    support: SupportData = field(default_factory=SupportData, repr=False)
    feeds: Feeds = field(default_factory=Feeds, repr=False)
    asks_support: bool = False
    policy: PolicyNote | None = None
    reported: frozenset[str] | None = field(default=None, repr=False)
    measures: tuple[str, ...] = ()
    _about: Mapping[str, tuple[tuple[Rule, Case], ...]] = field(
        repr=False, compare=False, default_factory=dict
    )
    _speaking: Mapping[tuple[str, str], tuple[Rule, ...]] = field(
        repr=False, compare=False, default_factory=dict
    )

    def about(self, kind: str) -> tuple[tuple[Rule, Case], ...]:
        """The stable rules that judge observations of this kind, by id, with the case in point."""
        return self._about.get(kind, ())

    def reports(self, rule: str) -> bool:
        """Whether findings by this rule belong in a report."""
        return self.reported is None or rule in self.reported

    def provision(self, framework: str, provision: str) -> Provision | None:
        found = self.frameworks.get(framework)
        return found.provisions.get(provision) if found else None

    def speaking_to(self, framework: str, provision: str) -> tuple[Rule, ...]:
        """The stable rules whose crosswalk names this provision, by id."""
        return self._speaking.get((framework, provision), ())

    def through(self, framework: Framework) -> Rulebook:
        """With rules and evidence that speak to an edition by what they say of its successor."""
        if not framework.follows:
            return self
        rules = {
            name: replace(rule, crosswalk=through(rule.crosswalk, framework))
            for name, rule in self.rules.items()
        }
        evidence = {
            name: replace(entry, crosswalk=through(entry.crosswalk, framework))
            for name, entry in self.evidence.items()
        }
        about, speaking = indexed(rules)
        return replace(self, rules=rules, evidence=evidence, _about=about, _speaking=speaking)


def indexed(
    rules: Mapping[str, Rule],
) -> tuple[dict[str, tuple[tuple[Rule, Case], ...]], dict[tuple[str, str], tuple[Rule, ...]]]:
    """The stable rules by the kind that each case is about, and by the provisions they speak to."""
    about: dict[str, tuple[tuple[Rule, Case], ...]] = {}
    speaking: dict[tuple[str, str], tuple[Rule, ...]] = {}
    for rule in (rule for rule in rules.values() if rule.status == "stable"):
        for case in rule.cases:
            about[case.about] = (*about.get(case.about, ()), (rule, case))
        for framework, provisions in rule.crosswalk.items():
            for provision in provisions:
                key = (framework, provision)
                speaking[key] = (*speaking.get(key, ()), rule)
    return about, speaking
