"""YAML with its line numbers kept, so that every fault in a rule file can be pointed at.

Only plain data is read: no tags, no anchors, no dates, keys are words and stand once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from iotscan.errors import RuleError

# libyaml reads the built-in pack in a tenth of the time; both read the same language.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN = {"null", "bool", "int", "float"}
_DEEPEST = 24

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Tree:
    """A scalar, a list of trees or a mapping of words to trees, and the line where it begins.

    ``text`` is a scalar as it was written: "5.10" stays "5.10".
    """

    value: bool | int | float | str | list[Tree] | dict[str, Tree] | None
    line: int
    text: str = ""

    def plain(self) -> Plain:
        """The same without line numbers."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value


def parse(text: str, path: str) -> tuple[Tree | None, list[RuleError]]:
    """The document in ``text``, None when there is none that can be read, and every fault."""
    faults: list[RuleError] = []
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        tree = _Builder(path, loader, faults).build(node, 0) if node is not None else None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        faults.append(RuleError(path, mark.line + 1 if mark else 0, f"not YAML: {reason}"))
        return None, faults
    if tree is None:
        faults.append(RuleError(path, 0, "the file is empty"))
    return tree, faults


class _Builder:
    def __init__(self, path: str, loader: Any, faults: list[RuleError]) -> None:
        self._path, self._loader, self._faults = path, loader, faults
        self._seen: set[int] = set()

    def build(self, node: Any, depth: int) -> Tree:
        line = node.start_mark.line + 1
        if id(node) in self._seen or depth > _DEEPEST:
            self._fault(line, "anchors and deep nesting are not used in rule files")
            return Tree(None, line)
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return Tree(self._mapping(node, depth), line)
        if isinstance(node, yaml.SequenceNode):
            return Tree([self.build(item, depth + 1) for item in node.value], line)
        return self._scalar(node, line)

    def _scalar(self, node: Any, line: int) -> Tree:
        kind = str(node.tag).rpartition(":")[2]
        value = self._loader.construct_object(node) if kind in _PLAIN else node.value
        return Tree(value, line, node.value)

    def _mapping(self, node: Any, depth: int) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            word = key.value
            if not isinstance(key, yaml.ScalarNode) or not isinstance(word, str):
                self._fault(line, "a key must be a word")
            elif word in found:
                self._fault(line, f"the key {word} stands twice")
            else:
                found[word] = self.build(item, depth + 1)
        return found

    def _fault(self, line: int, reason: str) -> None:
        self._faults.append(RuleError(self._path, line, reason))
