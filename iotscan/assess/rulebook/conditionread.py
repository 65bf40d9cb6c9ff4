"""Reads a condition of a rule and checks its words against the kind that it is about."""

from __future__ import annotations

from iotscan.assess.rulebook.conditions import WORDS, Compare, Condition, Either, Every
from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.yamltree import Tree
from iotscan.model import Fact, Kind

_NUMBERS = frozenset({"at_least", "at_most", "above", "below"})
_OPERANDS = {**dict.fromkeys(_NUMBERS, float), "contains": str, "present": bool}
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def read_condition(tree: Tree, kind: Kind, fields: Fields) -> Condition:
    """The condition in ``tree``; what is wrong with it is noted in ``fields``."""
    if not isinstance(tree.value, dict) or not tree.value:
        fields.fault("a condition is a mapping of facts to what must be true of them", tree.line)
        return Every(())
    return Every(tuple(_part(name, item, kind, fields) for name, item in tree.value.items()))


def read_facts(tree: Tree, kind: Kind, fields: Fields) -> dict[str, Fact]:
    """Facts of an example: each known to the kind and of its type."""
    if not isinstance(tree.value, dict):
        fields.fault("an example is a mapping of facts to values", tree.line)
        return {}
    for name, item in tree.value.items():
        _check(item, _known(name, item.line, kind, fields), name, fields)
    return {name: _fact(item, kind.facts.get(name)) for name, item in tree.value.items()}


def _part(name: str, tree: Tree, kind: Kind, fields: Fields) -> Condition:
    if name == "either":
        if not isinstance(tree.value, list):
            fields.fault("either is followed by a list of conditions", tree.line)
            return Every(())
        return Either(tuple(read_condition(item, kind, fields) for item in tree.value))
    return _compare(name, tree, _known(name, tree.line, kind, fields), fields)


def _compare(name: str, tree: Tree, wanted: type | None, fields: Fields) -> Condition:
    if not isinstance(tree.value, dict):
        _check(tree, wanted, name, fields)
        return Compare(name, "equals", _fact(tree, wanted))
    parts = []
    for word, item in tree.value.items():
        if word == "not":
            inner = _compare(name, item, wanted, fields)
            parts.append(_negated(inner, tree.line, fields))
        elif word in WORDS:
            parts.append(Compare(name, word, _operand(word, item, wanted, name, fields)))
        else:
            fields.fault(f"{word} is not a comparison; there are {', '.join(WORDS)}", item.line)
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _negated(inner: Condition, line: int, fields: Fields) -> Condition:
    if isinstance(inner, Compare):
        return Compare(inner.fact, inner.word, inner.want, not inner.negated)
    fields.fault("not is followed by exactly one comparison", line)
    return inner


def _operand(
    word: str, tree: Tree, wanted: type | None, name: str, fields: Fields
) -> Fact | tuple[Fact, ...]:
    if word == "any_of":
        return _choices(tree, wanted, name, fields)
    if word == "present" and tree.value is not True:
        fields.fault("present is always true: what is missing is not known", tree.line)
    if word in _NUMBERS and wanted in (bool, str, tuple):
        fields.fault(f"{name} is not a number, so {word} says nothing of it", tree.line)
    if word == "contains" and wanted in (bool, int, float):
        fields.fault(f"{name} is neither a text nor a list", tree.line)
    _check(tree, _OPERANDS.get(word, wanted), name, fields)
    return _fact(tree, _OPERANDS.get(word, wanted))


def _choices(tree: Tree, wanted: type | None, name: str, fields: Fields) -> tuple[Fact, ...]:
    if not isinstance(tree.value, list) or not tree.value:
        fields.fault("any_of is followed by a list of values", tree.line)
        return ()
    for item in tree.value:
        _check(item, wanted, name, fields)
    return tuple(_fact(item, wanted) for item in tree.value)


def _known(name: str, line: int, kind: Kind, fields: Fields) -> type | None:
    if name not in kind.facts:
        fields.fault(f"{kind.name} has no fact {name}; it has {', '.join(kind.facts)}", line)
    return kind.facts.get(name)


def _check(tree: Tree, wanted: type | None, name: str, fields: Fields) -> None:
    value = tree.value
    if wanted is None:
        return
    if wanted is tuple:
        fits = isinstance(value, list)
    elif wanted in (int, float):
        fits = not isinstance(value, bool) and isinstance(
            value, int if wanted is int else int | float
        )
    else:
        fits = isinstance(value, wanted)
    if not fits:
        fields.fault(f"{name} must be {_NAMES.get(wanted, 'a list of texts')}", tree.line)


def _fact(tree: Tree, wanted: type | None) -> Fact:
    if isinstance(tree.value, list):
        return tuple(item.text for item in tree.value)
    if wanted is float and isinstance(tree.value, int) and not isinstance(tree.value, bool):
        return float(tree.value)
    return tree.value if isinstance(tree.value, bool | int | float | str) else tree.text
