"""The conditions of single rules, for who has to judge a few facts again.

Reading the whole rulebook takes a second, because every word of it is checked against every reader.
Here nothing is checked: a rule is read as it stands, and one that cannot be read is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from iotscan.assess.rulebook.conditionread import read_condition
from iotscan.assess.rulebook.conditions import Condition, holds
from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.yamltree import Tree, parse
from iotscan.errors import RuleError
from iotscan.model import Fact, Kind

# A rule's id is its file's name; one from a report must not lead out of the folder.
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")


class _AnyFact(Mapping[str, type]):
    """Stands for the facts of a kind that is not looked up: it has every word, of no known type."""

    def __contains__(self, word: object) -> bool:
        return True

    def __getitem__(self, word: str) -> type:
        raise KeyError(word)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Ruling:
    """What decides a rule: its cases, as (kind of observation, condition), and what it covers."""

    cases: tuple[tuple[str, Condition], ...]
    covers: tuple[str, ...]

    def holds(self, kind: str, facts: Mapping[str, Fact]) -> bool | None:
        """Whether facts of that kind make the finding; None when a needed one is not known."""
        answers = {holds(when, facts) for about, when in self.cases if about == kind}
        return True if True in answers else None if None in answers or not answers else False


class Rulings:
    """The rules of the built-in pack and of the user's ``folders``, each read when asked for."""

    def __init__(self, folders: Sequence[str | Path] = ()) -> None:
        own = [place for folder in folders for place in (Path(folder) / "findings", Path(folder))]
        self._places: list[Traversable] = [files("iotscan.rules").joinpath("findings"), *own]
        self._known: dict[str, Ruling | None] = {}

    def get(self, rule: str) -> Ruling | None:
        """The rule of that id; None if there is none that can be read."""
        if rule not in self._known:
            self._known[rule] = self._read(rule) if _ID.fullmatch(rule) else None
        return self._known[rule]

    def _read(self, rule: str) -> Ruling | None:
        for place in self._places:
            file = place.joinpath(f"{rule}.yaml")
            if file.is_file():
                try:
                    tree, faults = parse(file.read_text("utf-8"), rule)
                except (OSError, UnicodeDecodeError):
                    return None
                found = _ruling(tree, faults) if tree is not None else None
                return None if faults else found
        return None


def _ruling(tree: Tree, faults: list[RuleError]) -> Ruling:
    fields = Fields(tree, "", faults)
    cases = [_case(fields), *(_case(Fields(item, "", faults)) for item in fields.items("also"))]
    return Ruling(tuple(cases), fields.texts("covers"))


def _case(fields: Fields) -> tuple[str, Condition]:
    kind = Kind(fields.text("about"), _AnyFact(), "")
    when = fields.tree("when", required=True) or Tree({}, fields.line)
    return kind.name, read_condition(when, kind, fields)
