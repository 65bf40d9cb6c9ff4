"""Conditions: three answers, and learning more never turns a known answer around."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.assess.rulebook.conditions import Compare, Condition, Either, Every, facts_of, holds
from iotscan.model import Fact


@pytest.mark.parametrize(
    ("condition", "known", "answer"),
    [
        (Compare("a", "equals", True), True, True),
        (Compare("a", "equals", True), False, False),
        (Compare("a", "equals", True), 1, False),
        (Compare("a", "equals", 1), True, False),
        (Compare("a", "any_of", ("x", "y")), "y", True),
        (Compare("a", "any_of", ("x", "y")), "z", False),
        (Compare("a", "any_of", (1, 2)), True, False),
        (Compare("a", "at_least", 3), 3, True),
        (Compare("a", "at_least", 3), 2.9, False),
        (Compare("a", "at_most", 3), 3, True),
        (Compare("a", "at_most", 3), 4, False),
        (Compare("a", "below", 3), 3, False),
        (Compare("a", "above", 3), 3, False),
        (Compare("a", "above", 3), 4, True),
        (Compare("a", "at_least", 3), "5", None),
        (Compare("a", "at_least", 0), True, None),
        (Compare("a", "contains", "b"), ("a", "b"), True),
        (Compare("a", "contains", "b"), ("ab",), False),
        (Compare("a", "contains", "b"), "abc", True),
        (Compare("a", "contains", "b"), 5, None),
        (Compare("a", "present", True), "", True),
        (Compare("a", "equals", "x", negated=True), "y", True),
        (Compare("a", "equals", "x", negated=True), "x", False),
        (Compare("a", "at_least", 3, negated=True), "x", None),
    ],
)
def test_each_word_answers_by_value_and_type(
    condition: Condition, known: Fact, answer: bool | None
) -> None:
    assert holds(condition, {"a": known}) is answer


@pytest.mark.parametrize("word", ["equals", "any_of", "present", "at_least", "contains"])
@pytest.mark.parametrize("negated", [False, True])
def test_a_missing_fact_is_unknown_whatever_is_asked_of_it(word: str, negated: bool) -> None:
    assert holds(Compare("a", word, 1, negated), {"b": 1}) is None


def test_a_false_part_decides_and_an_unknown_part_does_not() -> None:
    yes, no, unknown = (Compare(name, "equals", True) for name in ("yes", "no", "unknown"))
    facts: dict[str, Fact] = {"yes": True, "no": False}
    assert holds(Every((yes, unknown, no)), facts) is False
    assert holds(Every((yes, unknown)), facts) is None
    assert holds(Every((yes,)), facts) is True
    assert holds(Either((no, unknown, yes)), facts) is True
    assert holds(Either((no, unknown)), facts) is None
    assert holds(Either((no,)), facts) is False


def test_the_facts_asked_for_are_told() -> None:
    condition = Every((Compare("a", "equals", 1), Either((Compare("b", "equals", 1),))))
    assert facts_of(condition) == {"a", "b"}


VALUES: st.SearchStrategy[Fact] = st.one_of(
    st.booleans(), st.integers(0, 4), st.sampled_from(["x", "y"]), st.just(("x", "y"))
)
COMPARES = st.builds(
    Compare,
    st.sampled_from("abc"),
    st.sampled_from(["equals", "at_least", "below", "contains", "present"]),
    VALUES,
    st.booleans(),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Every(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: Either(tuple(parts)))
    ),
    max_leaves=6,
)


@given(CONDITIONS, st.dictionaries(st.sampled_from("abc"), VALUES), st.sets(st.sampled_from("abc")))
def test_forgetting_facts_only_ever_leads_to_unknown(
    condition: Condition, facts: dict[str, Fact], forgotten: set[str]
) -> None:
    less = {name: value for name, value in facts.items() if name not in forgotten}
    assert holds(condition, less) in (None, holds(condition, facts))
