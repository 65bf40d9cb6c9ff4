"""Conditions of rules: data, never expressions, with three answers.

A condition is a mapping of fact names to what must be true of them, all of it:

    accepted: true                      equal
    version: {any_of: [SSLv2, SSLv3]}   one of these
    ratio: {at_least: 3}                also at_most, below, above
    suites: {contains: TLS_RSA}         an item of a list, or a part of a text
    name: {present: true}               known, whatever it is
    name: {not: {any_of: [a, b]}}       known, and not so

``either: [condition, …]`` asks for at least one of several. A fact that nobody established makes
the answer unknown unless the rest already decides (Kleene's logic), so learning more never turns
yes into no or the other way round, and forgetting only ever leads to unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from iotscan.model import Fact

Answer = bool | None
Want = Fact | tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """One fact compared with one wanted value; ``negated`` inverts a known answer."""

    fact: str
    word: str
    want: Want
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """True when all parts are."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """True when at least one part is."""

    parts: tuple[Condition, ...]


Condition = Compare | Every | Either


def holds(condition: Condition, facts: Mapping[str, Fact]) -> Answer:
    """True, False, or None when a needed fact is not known (or is not of a type to compare)."""
    if isinstance(condition, Every):
        answers = {holds(part, facts) for part in condition.parts}
        return False if False in answers else None if None in answers else True
    if isinstance(condition, Either):
        answers = {holds(part, facts) for part in condition.parts}
        return True if True in answers else None if None in answers else False
    if condition.fact not in facts:
        return None
    answer = WORDS[condition.word](facts[condition.fact], condition.want)
    return answer if answer is None else answer is not condition.negated


def facts_of(condition: Condition) -> frozenset[str]:
    """The names of the facts that the condition asks for."""
    if isinstance(condition, Compare):
        return frozenset({condition.fact})
    return frozenset().union(*(facts_of(part) for part in condition.parts))


def same(one: object, other: object) -> bool:
    """Equality that keeps True and 1 apart."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def _equal(known: Fact, want: Want) -> Answer:
    return same(known, want)


def _any_of(known: Fact, want: Want) -> Answer:
    return isinstance(want, tuple) and any(same(known, item) for item in want)


def _contains(known: Fact, want: Want) -> Answer:
    if isinstance(known, tuple | str) and isinstance(want, str):
        return want in known
    return None


def _present(known: Fact, want: Want) -> Answer:
    return True


def _compared(test: Callable[[float, float], bool]) -> Callable[[Fact, Want], Answer]:
    def compare(known: Fact, want: Want) -> Answer:
        if _is_number(known) and _is_number(want):
            return test(known, want)
        return None

    return compare


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


WORDS: Mapping[str, Callable[[Fact, Want], Answer]] = {
    "equals": _equal,
    "any_of": _any_of,
    "contains": _contains,
    "present": _present,
    "at_least": _compared(lambda known, want: known >= want),
    "at_most": _compared(lambda known, want: known <= want),
    "above": _compared(lambda known, want: known > want),
    "below": _compared(lambda known, want: known < want),
}
