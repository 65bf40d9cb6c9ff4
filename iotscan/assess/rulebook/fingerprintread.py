"""Reads fingerprints from rule files and tries their examples; every fault with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from iotscan.assess.devicekinds import KINDS
from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.fingerprints import FIELDS, PART, Example, Fingerprint, Match
from iotscan.assess.rulebook.yamltree import Tree
from iotscan.assess.signals import SIGNALS
from iotscan.errors import RuleError

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HEAVIEST = 10
# A repeated group that repeats inside, and more than two runs of anything: both take time that
# grows with a power of the text's length, and devices choose the text.
_NESTED = re.compile(r"\((?:[^()\\]|\\.)*[*+](?:[^()\\]|\\.)*\)[*+{]")
_MOST_RUNS = 2


def read_fingerprints(tree: Tree, path: str, faults: list[RuleError]) -> Iterator[Fingerprint]:
    """The entries under ``fingerprints`` of one file."""
    fields = Fields(tree, path, faults)
    fields.text("about", "")
    items = fields.items("fingerprints", required=True)
    fields.close()
    for item in items:
        yield _fingerprint(item, path, faults)


def _fingerprint(tree: Tree, path: str, faults: list[RuleError]) -> Fingerprint:
    fields = Fields(tree, path, faults)
    name = fields.text("id")
    if name and not _ID.fullmatch(name):
        fields.fault(f"an id is of small letters, digits and hyphens, not {name}")
    match = _match(fields)
    entry = Fingerprint(
        name, _weights(fields), match, _gives(fields, match), _examples(fields), path, fields.line
    )
    fields.close()
    for example in entry.examples:
        for fault in _tried(entry, example):
            fields.fault(fault, example.line)
    return entry


def _weights(fields: Fields) -> Mapping[str, int]:
    """The signals, with the entry's own weight or the signal's usual one."""
    given = fields.tree("signal", required=True)
    listed = given is not None and isinstance(given.value, list)
    names = fields.texts("signal") if listed else (fields.text("signal", ""),)
    for name in names:
        if name not in SIGNALS:
            fields.fault(f"no signal is called {name}; known are {', '.join(SIGNALS)}")
    own = fields.tree("weight")
    if own is not None and not (type(own.value) is int and 1 <= own.value <= _HEAVIEST):
        fields.fault(f"weight is a number from 1 to {_HEAVIEST}", own.line)
        own = None
    return {
        name: own.value if own is not None and isinstance(own.value, int) else SIGNALS[name].weight
        for name in names
        if name in SIGNALS
    }


def _match(fields: Fields) -> Match:
    exact, words = fields.texts("exact"), fields.texts("words")
    pattern = fields.tree("match")
    if sum((bool(exact), bool(words), pattern is not None)) != 1:
        fields.fault("one of exact (a list), match (a pattern) and words (a list) is needed")
    return Match(
        frozenset(text.casefold() for text in exact),
        _pattern(pattern, fields) if pattern is not None else None,
        frozenset(word.casefold() for word in words),
    )


def _pattern(tree: Tree, fields: Fields) -> re.Pattern[str] | None:
    try:
        pattern = re.compile(tree.text, re.IGNORECASE)
    except re.error as error:
        fields.fault(f"match: {error}", tree.line)
        return None
    if _NESTED.search(tree.text) or len(re.findall(r"\.[*+]", tree.text)) > _MOST_RUNS:
        fields.fault("match: this pattern may take very long on a text made for it", tree.line)
    for name in pattern.groupindex:
        if name not in FIELDS or name == "kind":
            fields.fault(f"match: a group catches vendor, family, model or firmware, not {name}")
    return pattern


def _gives(fields: Fields, match: Match) -> Mapping[str, str]:
    given = {key: item.text for key, item in fields.mapping("gives").items()}
    for key, value in given.items():
        if key not in (*FIELDS, PART):
            fields.fault(f"gives: {', '.join(FIELDS)} or {PART}, not {key}")
        elif not value.strip():
            fields.fault(f"gives: {key} must be a text")
    if given.get("kind", "camera") not in KINDS:
        fields.fault(f"gives: there is no kind of device called {given['kind']}")
    caught = match.pattern.groupindex if match.pattern is not None else {}
    if not given and not caught:
        fields.fault("it gives nothing")
    return given


def _examples(fields: Fields) -> tuple[Example, ...]:
    found = []
    for item in fields.items("examples", required=True):
        inner = Fields(item, fields.path, fields.faults)
        text = inner.text("text")
        values = {name: said for name in FIELDS if (said := inner.text(name, ""))}
        inner.close()
        found.append(Example(text, values, item.line))
    if not found:
        fields.fault("at least one example is needed")
    return tuple(found)


def _tried(entry: Fingerprint, example: Example) -> Iterator[str]:
    values = entry.match.values(example.text)
    if values is None:
        yield f"the example {example.text!r} does not fit"
    elif values != example.values:
        yield f"the example {example.text!r} gives {dict(values)}, not {dict(example.values)}"


def spelt_twice(entries: Mapping[str, Fingerprint]) -> Iterator[tuple[Fingerprint, str]]:
    """Vendors that are written in more than one way, at the later entry."""
    spellings: dict[str, str] = {}
    for entry in entries.values():
        vendor = entry.gives.get("vendor", "")
        known = spellings.setdefault(re.sub(r"[^a-z0-9]", "", vendor.casefold()), vendor)
        if known != vendor:
            yield entry, f"gives: the vendor {vendor} is written {known} elsewhere"
