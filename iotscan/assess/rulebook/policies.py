"""Policies: which rules are reported, how much each weighs, and by what devices are measured. Pure.

A policy changes what is told, not what is true: findings that it leaves out stay in the report as
``outside``, and verdicts go on resting on them. Severities of its own take the place of the rules',
so grades follow them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from iotscan.assess.rulebook.book import Rulebook, indexed
from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.rules import Rule
from iotscan.assess.rulebook.yamltree import Tree, parse
from iotscan.errors import RuleError, RulePackError, UsageError, unreadable
from iotscan.model import PolicyNote, Relation, Severity

FOLDER = "policies"
_SUFFIXES = (".yaml", ".yml")
_ANY = Relation.INFORMS.value


@dataclass(frozen=True, slots=True)
class Policy:
    """What a policy file says.

    ``speaks_to``: rules that speak to a provision of one of these frameworks (empty: all rules), of
    the ``levels`` named if there are any, and by a relation no weaker than ``least``. ``also`` and
    ``without`` add rules and take them out. ``measures``: the frameworks that devices are measured
    by; empty for all.
    """

    id: str
    title: str
    about: str
    hash: str
    speaks_to: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    least: Relation = Relation.INFORMS
    also: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    measures: tuple[str, ...] = ()

    @property
    def note(self) -> PolicyNote:
        return PolicyNote(self.id, self.title, self.hash)

    def takes(self, rule: Rule, book: Rulebook) -> bool:
        """Whether findings by this rule are reported."""
        if rule.id in self.without:
            return False
        if rule.id in self.also or not self.speaks_to:
            return True
        return rule.relation >= self.least and any(map(self._names, _provisions(rule, book)))

    def _names(self, provision: tuple[str, str]) -> bool:
        framework, level = provision
        return framework in self.speaks_to and (not self.levels or level in self.levels)


def policies() -> tuple[str, ...]:
    """The names of the built-in policies."""
    folder = files("iotscan.rules").joinpath(FOLDER)
    return tuple(sorted(file.name.removesuffix(".yaml") for file in folder.iterdir()))


def load_policy(name: str, book: Rulebook) -> Policy:
    """A built-in policy by its name, or the one in the file of that path, checked against ``book``.

    Raises RulePackError with every fault, UsageError when there is no such policy.
    """
    if name in policies():
        path = f"iotscan/rules/{FOLDER}/{name}.yaml"
        text = files("iotscan.rules").joinpath(FOLDER, f"{name}.yaml").read_text("utf-8")
    elif name.endswith(_SUFFIXES):
        try:
            path, text = name, Path(name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise unreadable(name, error) from error
    else:
        raise UsageError(
            f"there is no policy {name!r}; policies are: {', '.join(policies())}, or a .yaml file"
        )
    tree, faults = parse(text, path)
    found = _policy(tree, path, book, faults) if tree is not None else None
    if faults or found is None:
        raise RulePackError(faults)
    return found


def under(book: Rulebook, policy: Policy | None) -> Rulebook:
    """The rulebook with the severities of the policy, that reports what the policy takes."""
    if policy is None:
        return book
    rules = {
        name: _weighed(rule, policy.severity[name]) if name in policy.severity else rule
        for name, rule in book.rules.items()
    }
    taken = frozenset(name for name, rule in rules.items() if policy.takes(rule, book))
    about, speaking = indexed(rules)
    return replace(
        book,
        rules=rules,
        policy=policy.note,
        reported=taken,
        measures=policy.measures,
        _about=about,
        _speaking=speaking,
    )


def _weighed(rule: Rule, severity: Severity) -> Rule:
    """With a severity of the policy's own; on the internet it weighs no less."""
    exposed = max(severity, rule.severity_if_internet_reachable)
    why = (
        f"Set by the policy; the rule itself says {rule.severity.value}: {rule.severity_rationale}"
    )
    return replace(
        rule,
        severity=severity,
        severity_if_internet_reachable=exposed,
        severity_rationale=why,
    )


def _provisions(rule: Rule, book: Rulebook) -> list[tuple[str, str]]:
    """(framework, level) of each provision that a rule speaks to."""
    found = []
    for crosswalk in (rule.crosswalk, rule.crosswalk_if_internet_reachable):
        for framework, names in crosswalk.items():
            for name in names:
                provision = book.provision(framework, name)
                found.append((framework, provision.level if provision else ""))
    return found


def _policy(tree: Tree, path: str, book: Rulebook, faults: list[RuleError]) -> Policy:
    fields = Fields(tree, path, faults)
    weights = fields.mapping("severity")
    weighing = Fields(Tree(weights, fields.line), path, faults)
    words = tuple(one.value for one in Severity)
    severity = {rule: weighing.choice(rule, words) for rule in weights}
    canonical = json.dumps(tree.plain(), sort_keys=True, ensure_ascii=False)
    found = Policy(
        id=fields.text("id"),
        title=fields.text("title"),
        about=fields.text("about"),
        hash=hashlib.sha256(canonical.encode()).hexdigest(),
        speaks_to=fields.texts("speaks_to"),
        levels=fields.texts("levels"),
        least=Relation(fields.choice("least", tuple(one.value for one in Relation), _ANY)),
        also=fields.texts("also"),
        without=fields.texts("without"),
        severity={rule: Severity(word) for rule, word in severity.items()},
        measures=fields.texts("measures"),
    )
    for key, names, known in (
        ("speaks_to", found.speaks_to, book.frameworks.keys()),
        ("measures", found.measures, book.frameworks.keys()),
        ("also", found.also, book.rules.keys()),
        ("without", found.without, book.rules.keys()),
        ("severity", tuple(found.severity), book.rules.keys()),
    ):
        for name in names:
            if name not in known:
                fields.fault(f"{key}: there is no {name}")
    fields.close()
    return found
