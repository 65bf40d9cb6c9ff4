"""Reads the fields of one mapping in a rule file, and notes every fault with its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from iotscan.assess.rulebook.yamltree import Tree
from iotscan.errors import RuleError

_T = TypeVar("_T")


class Fields:
    """The fields of ``tree``. What is missing or of another shape is noted and read as empty.

    Call ``close`` at the end: a key that nobody read is a fault, most often a misspelt one.
    """

    def __init__(self, tree: Tree, path: str, faults: list[RuleError]) -> None:
        self.path, self.line, self.faults = path, tree.line, faults
        self._items: dict[str, Tree] = tree.value if isinstance(tree.value, dict) else {}
        self._read: set[str] = set()
        if not isinstance(tree.value, dict):
            self.fault("here a mapping of keys to values is expected")

    def fault(self, reason: str, line: int = 0) -> None:
        self.faults.append(RuleError(self.path, line or self.line, reason))

    def tree(self, key: str, *, required: bool = False) -> Tree | None:
        """What stands under the key; None when nothing does."""
        self._read.add(key)
        if key not in self._items and required:
            self.fault(f"the key {key} is missing")
        return self._items.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty, as it was written; required when there is no default."""
        found = self.tree(key, required=default is None)
        if found is None:
            return default or ""
        if isinstance(found.value, list | dict | None) or not found.text.strip():
            self.fault(f"{key} must be a text", found.line)
            return ""
        return " ".join(found.text.split())

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of the words in ``choices``; the first of them after a fault."""
        word = self.text(key, default)
        found = self._items.get(key)
        if found is not None and word and word not in choices:
            self.fault(f"{key} is one of {', '.join(choices)}, not {word}", found.line)
        return word if word in choices else choices[0]

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when the key is missing."""
        found = self.tree(key)
        return () if found is None else texts_of(found, key, self)

    def items(self, key: str, *, required: bool = False) -> list[Tree]:
        """A list of anything."""
        found = self.tree(key, required=required)
        if found is None:
            return []
        if not isinstance(found.value, list):
            self.fault(f"{key} must be a list", found.line)
            return []
        return found.value

    def mapping(self, key: str, *, required: bool = False) -> dict[str, Tree]:
        """A mapping of words to anything."""
        found = self.tree(key, required=required)
        if found is None:
            return {}
        if not isinstance(found.value, dict):
            self.fault(f"{key} must be a mapping", found.line)
            return {}
        return found.value

    def close(self) -> None:
        """Note a fault for every key that is not one of those read."""
        for key, item in self._items.items():
            if key not in self._read:
                self.fault(f"the key {key} is not known here", item.line)


def texts_of(tree: Tree, name: str, fields: Fields) -> tuple[str, ...]:
    """The texts of a list, as they were written."""
    if not isinstance(tree.value, list):
        fields.fault(f"{name} must be a list", tree.line)
        return ()
    for item in tree.value:
        if isinstance(item.value, list | dict | None):
            fields.fault(f"{name} must be a list of texts", item.line)
    return tuple(item.text for item in tree.value if item.text)
