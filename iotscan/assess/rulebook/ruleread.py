"""Reads rules and positive evidence, checked against the words that readers really use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from iotscan.assess.rulebook import says
from iotscan.assess.rulebook.conditionread import read_condition, read_facts
from iotscan.assess.rulebook.conditions import Condition, Every, holds
from iotscan.assess.rulebook.fields import Fields, texts_of
from iotscan.assess.rulebook.rules import (
    INTRUSIVENESS,
    OF_CAPTURES,
    PER,
    WAYS,
    Case,
    Clause,
    Crosswalk,
    Evidence,
    Examples,
    Facts,
    Framework,
    Principle,
    Rule,
    Scenes,
)
from iotscan.assess.rulebook.yamltree import Tree
from iotscan.errors import RuleError
from iotscan.model import Confidence, Kind, Relation, Severity

_STATUSES = ("stable", "draft")
_SEVERITIES = {severity.name.lower(): severity for severity in reversed(Severity)}
_CONFIDENCES = {confidence.name.lower(): confidence for confidence in reversed(Confidence)}
_RELATIONS = {relation.name.lower(): relation for relation in reversed(Relation)}
_ANSWERS: dict[str, bool | None] = {"hit": True, "miss": False, "unknown": None}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words a rule may use: kinds with their facts, principles, provisions."""

    kinds: Mapping[str, Kind]
    principles: Mapping[str, Principle]
    frameworks: Mapping[str, Framework]


def read_rule(tree: Tree, path: str, words: Vocabulary, faults: list[RuleError]) -> Rule:
    """One rule. Its examples are tried here: one that gives another answer is a fault."""
    fields = Fields(tree, path, faults)
    confidence = fields.choice("confidence", tuple(_CONFIDENCES))
    cases = [_case(fields, words, confidence)]
    for item in fields.items("also"):
        other = Fields(item, path, faults)
        cases.append(_case(other, words, confidence))
        other.close()
    rule = Rule(
        id=fields.text("id"),
        title=fields.text("title"),
        status=fields.choice("status", _STATUSES),
        principle=_principle(fields, words),
        severity=_SEVERITIES[fields.choice("severity", tuple(_SEVERITIES))],
        severity_if_internet_reachable=_SEVERITIES[
            fields.choice("severity_if_internet_reachable", tuple(_SEVERITIES))
        ],
        severity_rationale=fields.text("severity_rationale"),
        relation=_RELATIONS[fields.choice("relation", tuple(_RELATIONS))],
        confidence=_CONFIDENCES[confidence],
        intrusiveness=fields.choice("intrusiveness", INTRUSIVENESS),
        per=fields.choice("per", PER, "port"),
        cases=tuple(cases),
        plain_language=fields.text("plain_language"),
        remediation=fields.text("remediation"),
        does_not_prove=fields.text("does_not_prove"),
        crosswalk=_crosswalk("crosswalk", fields, words),
        crosswalk_if_internet_reachable=_crosswalk(
            "crosswalk_if_internet_reachable", fields, words
        ),
        covers=fields.texts("covers"),
        path=path,
        line=fields.line,
    )
    if not rule.crosswalk:
        fields.fault("a rule speaks to at least one provision: the crosswalk is empty")
    fields.close()
    return rule


def _case(fields: Fields, words: Vocabulary, confidence: str) -> Case:
    kind = _kind(fields, words)
    when = _condition(fields, kind)
    own = _CONFIDENCES[fields.choice("confidence", tuple(_CONFIDENCES), confidence)]
    said, examples = _sentence(fields, kind), _examples(fields, kind, when)
    return Case(kind.name, when, said, examples, own)


def read_evidence(tree: Tree, path: str, words: Vocabulary, faults: list[RuleError]) -> Evidence:
    """One entry of positive evidence. Its examples are tried here, as those of rules."""
    fields = Fields(tree, path, faults)
    clauses = tuple(
        _clause(item, path, words, faults) for item in fields.items("shown_by", required=True)
    )
    evidence = Evidence(
        id=fields.text("id"),
        title=fields.text("title"),
        strength=fields.choice("strength", ("weak", "partial")),
        by=fields.choice("by", WAYS),
        shows=fields.text("shows"),
        does_not_prove=fields.text("does_not_prove"),
        crosswalk=_crosswalk("crosswalk", fields, words),
        shown_by=clauses,
        ruled_out_by=fields.texts("ruled_out_by"),
        examples=_scenes(fields, clauses, words),
        path=path,
        line=fields.line,
    )
    fields.close()
    return evidence


def shown(clauses: tuple[Clause, ...], facts: Mapping[str, Sequence[Facts]]) -> bool | None:
    """Whether what is known of each kind satisfies its clause; None when nothing decides it."""
    answers = {
        holds(clause.when, known) for clause in clauses for known in facts.get(clause.about, ())
    }
    return False if False in answers else None if None in answers or not answers else True


def _clause(tree: Tree, path: str, words: Vocabulary, faults: list[RuleError]) -> Clause:
    fields = Fields(tree, path, faults)
    kind = _kind(fields, words)
    clause = Clause(kind.name, _condition(fields, kind))
    fields.close()
    return clause


def _kind(fields: Fields, words: Vocabulary) -> Kind:
    name = fields.text("about")
    if name and name not in words.kinds:
        fields.fault(f"no reader emits the kind {name}")
    kind = words.kinds.get(name, Kind(name, {}, ""))
    return replace(kind, facts={**OF_CAPTURES, **kind.facts}) if kind.facts else kind


def _condition(fields: Fields, kind: Kind) -> Condition:
    tree = fields.tree("when", required=True)
    return read_condition(tree, kind, fields) if tree is not None and kind.facts else Every(())


def _principle(fields: Fields, words: Vocabulary) -> str:
    name = fields.text("principle")
    if name and name not in words.principles:
        fields.fault(f"there is no principle {name}")
    return name


def _sentence(fields: Fields, kind: Kind) -> str:
    sentence = fields.text("says")
    for fault in says.faults(sentence, kind.facts) if kind.facts else ():
        fields.fault(f"says: {fault}")
    return sentence


def _crosswalk(key: str, fields: Fields, words: Vocabulary) -> Crosswalk:
    found = {}
    for name, item in fields.mapping(key).items():
        found[name] = texts_of(item, name, fields)
        framework = words.frameworks.get(name)
        if framework is None:
            fields.fault(f"{key}: there is no framework {name}", item.line)
            continue
        for provision in found[name]:
            if provision not in framework.provisions:
                fields.fault(f"{key}: {name} has no provision {provision}", item.line)
    return found


def _examples(fields: Fields, kind: Kind, when: Condition) -> Examples:
    given = fields.mapping("examples", required=True)
    found: dict[str, list[Facts]] = {answer: [] for answer in _ANSWERS}
    for answer, item in _given(given, fields):
        facts = read_facts(item, kind, fields)
        found[answer].append(facts)
        if kind.facts and holds(when, facts) is not _ANSWERS[answer]:
            fields.fault(
                f"this example is no {answer} but a {_word(holds(when, facts))}", item.line
            )
    return Examples(tuple(found["hit"]), tuple(found["miss"]), tuple(found["unknown"]))


def _scenes(fields: Fields, clauses: tuple[Clause, ...], words: Vocabulary) -> Scenes:
    given = fields.mapping("examples", required=True)
    found: dict[str, list[Mapping[str, Facts]]] = {answer: [] for answer in _ANSWERS}
    for answer, item in _given(given, fields):
        scene: dict[str, Facts] = {}
        for name, facts in (item.value if isinstance(item.value, dict) else {}).items():
            kind = words.kinds.get(name)
            if kind is None:
                fields.fault(f"no reader emits the kind {name}", facts.line)
                continue
            scene[name] = read_facts(facts, kind, fields)
        found[answer].append(scene)
        got = shown(clauses, {name: [facts] for name, facts in scene.items()})
        if got is not _ANSWERS[answer]:
            fields.fault(f"this example is no {answer} but a {_word(got)}", item.line)
    return Scenes(tuple(found["hit"]), tuple(found["miss"]), tuple(found["unknown"]))


def _given(given: Mapping[str, Tree], fields: Fields) -> list[tuple[str, Tree]]:
    for answer in _ANSWERS:
        if answer not in given:
            fields.fault(f"examples: there is no {answer}")
    for answer, item in given.items():
        if answer not in _ANSWERS:
            fields.fault(f"examples are hit, miss or unknown, not {answer}", item.line)
        elif not isinstance(item.value, list) or not item.value:
            fields.fault(f"examples: {answer} is followed by a list of examples", item.line)
    return [
        (answer, item)
        for answer, items in given.items()
        if answer in _ANSWERS and isinstance(items.value, list)
        for item in items.value
    ]


def _word(answer: bool | None) -> str:
    return next(word for word, meaning in _ANSWERS.items() if meaning is answer)
