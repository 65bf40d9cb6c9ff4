"""Reads the rulebook from the built-in pack and the user's folders; every fault is told at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from iotscan.assess.derived.derive import KINDS
from iotscan.assess.rulebook.book import Rulebook, indexed
from iotscan.assess.rulebook.catalogue import read_framework, read_principles
from iotscan.assess.rulebook.editions import taken_over
from iotscan.assess.rulebook.fingerprintread import read_fingerprints, spelt_twice
from iotscan.assess.rulebook.fingerprints import Fingerprint, Fingerprints
from iotscan.assess.rulebook.flawread import OfVendor, read_flaws, unknown_vendors
from iotscan.assess.rulebook.flaws import Flaw
from iotscan.assess.rulebook.known_keys import KnownKey, read_known_keys
from iotscan.assess.rulebook.ruleread import Vocabulary, read_evidence, read_rule
from iotscan.assess.rulebook.rules import Evidence, Framework, Principle, Rule
from iotscan.assess.rulebook.support import SupportData
from iotscan.assess.rulebook.supportread import read_support
from iotscan.assess.rulebook.yamltree import Tree, parse
from iotscan.errors import RuleError, RulePackError, UsageError
from iotscan.model import Kind
from iotscan.plugins import kinds as plugin_kinds

_T = TypeVar("_T")
CATALOGUE = "principles.yaml"
FLAWS = "flaws.yaml"
SUPPORT = "support.yaml"
KEYS = "known_keys.yaml"
# Files in the pack itself that are no rules.
_DATA = (CATALOGUE, FLAWS, SUPPORT, KEYS)


def load_rulebook(folders: Sequence[str | Path] = ()) -> Rulebook:
    """The built-in pack and those of the user's folders.

    In a folder, ``findings/``, ``evidence/``, ``frameworks/``, ``fingerprints/``, ``flaws.yaml``
    and ``known_keys.yaml`` hold what they say; other YAML files beside them are rules. Raises
    RulePackError with every fault of every file, UsageError when a folder is not there.
    """
    return _load(*map(Path, folders))


@cache
def _load(*folders: Path) -> Rulebook:
    return read_packs([files("iotscan.rules"), *map(_folder, folders)], known_kinds())


def known_kinds() -> dict[str, Kind]:
    """The kinds that rules may be about: those of all readers and the derived ones."""
    return plugin_kinds() | {kind.name: kind for kind in KINDS}


def read_packs(packs: Sequence[Traversable], kinds: Mapping[str, Kind]) -> Rulebook:
    """A rulebook from these folders. Raises RulePackError."""
    reader = _Reader(kinds)
    for pack in packs:
        reader.read_catalogue(pack)
    for pack in packs:
        reader.read_rules(pack)
        reader.read_fingerprints(pack)
        reader.read_flaws(pack)
        reader.read_support(pack)
        reader.read_keys(pack)
    reader.check_references()
    if reader.faults:
        raise RulePackError(sorted(reader.faults, key=lambda fault: (fault.path, fault.line)))
    return reader.book()


class _Reader:
    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.faults: list[RuleError] = []
        self._kinds = kinds
        self._principles: dict[str, Principle] = {}
        self._frameworks: dict[str, Framework] = {}
        self._rules: dict[str, Rule] = {}
        self._evidence: dict[str, Evidence] = {}
        self._fingerprints: dict[str, Fingerprint] = {}
        self._flaws: dict[str, Flaw] = {}
        self._support = SupportData()
        self._keys: dict[str, KnownKey] = {}
        self._content: dict[str, object] = {}

    def read_catalogue(self, pack: Traversable) -> None:
        catalogue = pack.joinpath(CATALOGUE)
        path = f"{_label(pack)}/{CATALOGUE}"
        for tree, _ in self._tree(catalogue, path) if catalogue.is_file() else ():
            self._principles |= read_principles(tree, path, self.faults)
            self._content[f"principles {len(self._content)}"] = tree.plain()
        for tree, path in self._trees(pack, "frameworks"):
            framework = read_framework(tree, path, self.faults)
            self._keep(self._frameworks, "framework", framework.id, framework, tree, path)

    def read_rules(self, pack: Traversable) -> None:
        words = Vocabulary(self._kinds, self._principles, self._frameworks)
        for folder in ("findings", ""):
            for tree, path in self._trees(pack, folder):
                rule = read_rule(tree, path, words, self.faults)
                self._keep(self._rules, "rule", rule.id, rule, tree, path)
        for tree, path in self._trees(pack, "evidence"):
            evidence = read_evidence(tree, path, words, self.faults)
            self._keep(self._evidence, "evidence", evidence.id, evidence, tree, path)

    def read_fingerprints(self, pack: Traversable) -> None:
        for tree, path in self._trees(pack, "fingerprints"):
            for entry in read_fingerprints(tree, path, self.faults):
                if entry.id in self._fingerprints:
                    reason = f"there is another fingerprint {entry.id}"
                    self.faults.append(RuleError(path, entry.line, reason))
                self._fingerprints[entry.id] = entry
            self._content[f"fingerprints {len(self._content)}"] = tree.plain()

    def read_flaws(self, pack: Traversable) -> None:
        file, path = pack.joinpath(FLAWS), f"{_label(pack)}/{FLAWS}"
        for tree, _ in self._tree(file, path) if file.is_file() else ():
            for flaw in read_flaws(tree, path, self.faults):
                # One flaw of several makers, or mended in different versions, has several entries.
                self._flaws[f"{path}:{flaw.line}"] = flaw
            self._content[f"flaws {len(self._content)}"] = tree.plain()

    def read_keys(self, pack: Traversable) -> None:
        file, path = pack.joinpath(KEYS), f"{_label(pack)}/{KEYS}"
        for tree, _ in self._tree(file, path) if file.is_file() else ():
            self._keys |= {key.digest: key for key in read_known_keys(tree, path, self.faults)}
            self._content[f"keys {len(self._content)}"] = tree.plain()

    def read_support(self, pack: Traversable) -> None:
        file, path = pack.joinpath(SUPPORT), f"{_label(pack)}/{SUPPORT}"
        for tree, _ in self._tree(file, path) if file.is_file() else ():
            self._support = self._support.joined(read_support(tree, path, self.faults))
            self._content[f"support {len(self._content)}"] = tree.plain()

    def check_references(self) -> None:
        vendors = Fingerprints(self._fingerprints).vendors()
        support: list[OfVendor] = [*self._support.products, *self._support.makers]
        told: list[OfVendor] = [*self._flaws.values(), *support]
        for unknown in unknown_vendors(told, vendors):
            reason = f"no fingerprint gives the vendor {unknown.vendor}"
            self.faults.append(RuleError(unknown.path, unknown.line, reason))
        for entry, fault in spelt_twice(self._fingerprints):
            self.faults.append(RuleError(entry.path, entry.line, fault))
        for rule in self._rules.values():
            self._check_ids(rule, "covers", rule.covers)
        self._check_editions()
        for evidence in self._evidence.values():
            self._check_ids(evidence, "ruled_out_by", evidence.ruled_out_by)

    def book(self) -> Rulebook:
        rules = dict(sorted(self._rules.items()))
        about, speaking = indexed(rules)
        canonical = json.dumps(self._content, sort_keys=True, ensure_ascii=False)
        return Rulebook(
            self._principles,
            {
                name: taken_over(framework, self._frameworks)
                for name, framework in sorted(self._frameworks.items())
            },
            rules,
            dict(sorted(self._evidence.items())),
            hashlib.sha256(canonical.encode()).hexdigest(),
            Fingerprints(self._fingerprints),
            self._flaws,
            self._keys,
            self._support,
            _about=about,
            _speaking=speaking,
        )

    def _keep(
        self, kept: dict[str, _T], what: str, name: str, entry: _T, tree: Tree, path: str
    ) -> None:
        if name in kept:
            self.faults.append(RuleError(path, tree.line, f"there is another {what} {name}"))
        kept[name] = entry
        self._content[f"{what} {name}"] = tree.plain()

    def _check_ids(self, entry: Rule | Evidence, key: str, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._rules:
                reason = f"{key}: there is no rule {name}"
                self.faults.append(RuleError(entry.path, entry.line, reason))

    def _check_editions(self) -> None:
        """An edition whose successor is unknown, or lacks a number, would silently say nothing."""
        for framework in self._frameworks.values():
            path = f"the framework {framework.id}"
            if framework.follows and framework.follows not in self._frameworks:
                reason = f"follows: there is no framework {framework.follows}"
                self.faults.append(RuleError(path, 0, reason))
            for of, number in _missing_numbers(framework, self._frameworks):
                self.faults.append(RuleError(path, 0, f"there is no provision {number} in {of}"))

    def _trees(self, pack: Traversable, folder: str) -> Iterator[tuple[Tree, str]]:
        """The documents of a pack's sub-folder, or of the pack itself, by file name."""
        place = pack.joinpath(folder) if folder else pack
        for file in sorted(place.iterdir() if place.is_dir() else (), key=lambda file: file.name):
            if file.name.endswith(".yaml") and (folder or file.name not in _DATA):
                yield from self._tree(
                    file, "/".join(filter(None, (_label(pack), folder, file.name)))
                )

    def _tree(self, file: Traversable, path: str) -> Iterator[tuple[Tree, str]]:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(RuleError(path, 0, f"the file cannot be read: {error}"))
            return
        tree, faults = parse(text, path)
        self.faults += faults
        if tree is not None:
            yield tree, path


def _missing_numbers(
    framework: Framework, frameworks: Mapping[str, Framework]
) -> Iterator[tuple[str, str]]:
    for provision in framework.provisions.values():
        for of, numbers in provision.related.items():
            if of in frameworks:
                known = frameworks[of].provisions
                yield from ((of, number) for number in numbers if number not in known)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise UsageError(f"the rule folder {path} is not there, or is no folder")
    if next(path.rglob("*.yaml"), None) is None:
        raise UsageError(f"the rule folder {path} holds no file that ends in .yaml")
    return path


def _label(pack: Traversable) -> str:
    """How a pack's files are named in faults: as the user named the folder, or as we do ours."""
    return str(pack) if pack != files("iotscan.rules") else "iotscan/rules"
