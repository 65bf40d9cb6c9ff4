"""Fingerprints: what a text of a device says about what it is. Data; see rules/README.md."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

FIELDS = ("vendor", "family", "model", "firmware", "kind")
# A part is no device: the maker of the network module inside it says nothing of who made the rest.
PART = "part"


@dataclass(frozen=True, slots=True)
class Match:
    """How a text is compared, upper and lower case alike: with all of ``exact``, by a pattern that
    the whole text must fit, or by words that must all be among its words.
    """

    exact: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None
    words: frozenset[str] = frozenset()

    def values(self, text: str) -> Mapping[str, str] | None:
        """What the pattern's named groups caught; None when the text does not fit."""
        if self.pattern is not None:
            found = self.pattern.fullmatch(text)
            return None if found is None else {k: v for k, v in found.groupdict().items() if v}
        if self.words:
            return {} if self.words <= set(text.casefold().split()) else None
        return {} if text.casefold() in self.exact else None


@dataclass(frozen=True, slots=True)
class Example:
    """A text that the fingerprint must fit, and what its groups must catch in it."""

    text: str
    values: Mapping[str, str]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``gives``: what is true of a device of which one of the signals says a text that fits.

    ``weights``: signal → how much this counts among others that say something of the same field.
    """

    id: str
    weights: Mapping[str, int]
    match: Match
    gives: Mapping[str, str]
    examples: tuple[Example, ...]
    path: str = ""
    line: int = 0

    def read(self, text: str) -> Mapping[str, str] | None:
        """All that it says of a device with this text; None when the text does not fit."""
        values = self.match.values(text)
        return None if values is None else {**self.gives, **values}


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """Two fingerprints of equal weight that read one text differently."""

    signal: str
    text: str
    field: str
    one: str
    other: str

    def __str__(self) -> str:
        return (
            f"{self.one} and {self.other} say different things of the {self.field} of "
            f"{self.text!r} ({self.signal}); give the surer one more weight"
        )


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """All fingerprints, by id."""

    entries: Mapping[str, Fingerprint] = field(default_factory=dict)
    _of_signal: dict[str, list[Fingerprint]] = field(
        default_factory=lambda: defaultdict(list), repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for entry in self.entries.values():
            for signal in entry.weights:
                self._of_signal[signal].append(entry)

    def reading(self, signal: str, text: str) -> Sequence[tuple[Fingerprint, Mapping[str, str]]]:
        """The fingerprints that a text of a signal fits, with what each says, the weightiest first.

        For every field only the weightiest speak: a general one is silent where a surer one fits.
        """
        fitting = [
            (entry, said)
            for entry in self._of_signal.get(signal, ())
            if (said := entry.read(text)) is not None
        ]
        fitting.sort(key=lambda pair: (-pair[0].weights[signal], pair[0].id))
        best: dict[str, int] = {}
        for entry, said in fitting:
            for name in said:
                best.setdefault(name, entry.weights[signal])
        return [
            (entry, kept)
            for entry, said in fitting
            if (kept := {k: v for k, v in said.items() if best[k] == entry.weights[signal]})
        ]

    def ambiguities(self) -> Iterator[Ambiguity]:
        """Every example that two fingerprints of equal weight read differently, once a pair."""
        seen: set[tuple[str, ...]] = set()
        for entry in self.entries.values():
            for example, signal in product(entry.examples, entry.weights):
                for name, (one, other) in self._conflicts(signal, example.text):
                    pair = (*sorted((one, other)), name)
                    if pair not in seen:
                        seen.add(pair)
                        yield Ambiguity(signal, example.text, name, *pair[:2])

    def _conflicts(self, signal: str, text: str) -> Iterator[tuple[str, tuple[str, str]]]:
        said: dict[str, tuple[str, str]] = {}
        for entry, values in self.reading(signal, text):
            for name, value in values.items():
                first = said.setdefault(name, (entry.id, value))
                if first[1].casefold() != value.casefold():
                    yield name, (first[0], entry.id)

    def families(self) -> frozenset[str]:
        """The lines of products that are told by some fingerprint."""
        return frozenset(e.gives["family"] for e in self.entries.values() if "family" in e.gives)

    def vendors(self) -> frozenset[str]:
        return frozenset(e.gives["vendor"] for e in self.entries.values() if "vendor" in e.gives)
