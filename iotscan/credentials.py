"""Logins that are publicly known, from one data file, and which of them suit a service.

A password leaves this module in two ways only: :meth:`Credentials.vault`, for the gateway that
grants tries, and :meth:`Credentials.reveal`, for a user who asked to see it.
"""

from __future__ import annotations

import random
import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from iotscan.errors import RuleError, RulePackError
from iotscan.probe_api import Login

FILE_NAME = "credentials.yaml"
# How the ids of logins begin that nobody set.
CONTROL = "control-"
# The control must be a pair nobody set: 12 letters and digits are 71 bits.
_CONTROL_LENGTH = 12
# libyaml reads the file ten times faster where PyYAML was built with it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ID = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_FIELDS: Mapping[str, tuple[type, bool]] = {
    "id": (str, True),
    "services": (list, True),
    "realm": (str, True),
    "username": (str, True),
    "password": (str, True),
    "product": (str, True),
    "source": (str, True),
    "vendors": (list, False),
    "rank": (int, False),
}


@dataclass(frozen=True, slots=True)
class Credential:
    """A login as the data file has it.

    ``vendors``: words of which one must stand in what a device says of itself for the login to go
    first. ``rank``: its place among those tried on any device (1 is the first), 0 for one that is
    only tried where a vendor word stands. ``source``: where it is published.
    """

    id: str
    services: tuple[str, ...]
    realm: str
    username: str
    password: str = field(repr=False)
    product: str = ""
    source: str = ""
    vendors: tuple[str, ...] = ()
    rank: int = 0

    def suits(self, words: str) -> bool:
        """Whether one of its vendor words stands in ``words`` as a word of its own."""
        return any(
            re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", words, re.IGNORECASE)
            for word in self.vendors
        )


@dataclass(frozen=True, slots=True)
class Credentials:
    """All known logins, in the order of the files."""

    entries: tuple[Credential, ...]

    def choose(
        self, service_name: str, words: str, most: int, per_account: int, rng: random.Random
    ) -> tuple[tuple[Login, ...], dict[str, bytes]]:
        """At most ``most`` logins for a service, best first, with one control behind them; and the
        control's password by its id, which no vault has yet.

        First those whose vendor stands in ``words`` (what the device said of itself), then those
        tried on anything, by rank; never more than ``per_account`` for one user name. Empty when
        no login is known for the service. ``rng`` makes the control: a pair that nobody set.
        """
        named, ranked = [], []
        for entry in self.entries:
            if service_name not in entry.services:
                continue
            if words and entry.suits(words):
                named.append(entry)
            elif entry.rank:
                ranked.append(entry)
        chosen = [
            Login(entry.id, entry.username, entry.realm, entry.product)
            for entry in _within(named, ranked, most, per_account)
        ]
        if not chosen:
            return (), {}
        name, password = _random_word(rng), _random_word(rng)
        control = Login(f"{CONTROL}{name}", name, chosen[0].realm, "nobody's login", control=True)
        return (*chosen, control), {control.id: password.encode()}

    def vault(self) -> dict[str, bytes]:
        """Login id → password as it is sent, for the gateway alone."""
        return {entry.id: entry.password.encode() for entry in self.entries}

    def reveal(self, login: str) -> str:
        """The password of a login, for reports asked to show it. LookupError if unknown."""
        for entry in self.entries:
            if entry.id == login:
                return entry.password
        raise LookupError(login)


def _random_word(rng: random.Random) -> str:
    letters = string.ascii_lowercase + string.digits
    return rng.choice(string.ascii_lowercase) + "".join(rng.choices(letters, k=_CONTROL_LENGTH))


def _within(
    named: list[Credential], ranked: list[Credential], most: int, per_account: int
) -> Iterator[Credential]:
    """Both lists in the order of rank, without doubles, cut to the limits."""
    tries: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    last = max((entry.rank for entry in named), default=0) + 1
    named = sorted(named, key=lambda entry: entry.rank or last)
    for entry in (*named, *sorted(ranked, key=lambda entry: entry.rank)):
        pair = (entry.username, entry.password)
        if len(seen) == most:
            return
        if pair not in seen and tries[entry.username] < per_account:
            seen.add(pair)
            tries[entry.username] += 1
            yield entry


def load(folder: Path | None = None) -> Credentials:
    """The logins of the built-in file, and of ``credentials.yaml`` in ``folder`` if it is there.

    Raises RulePackError with every fault of the files.
    """
    texts = [(FILE_NAME, files("iotscan.probes").joinpath(FILE_NAME).read_text("utf-8"))]
    if folder is not None and (folder / FILE_NAME).is_file():
        texts.append((str(folder / FILE_NAME), (folder / FILE_NAME).read_text("utf-8")))
    faults: list[RuleError] = []
    entries: dict[str, Credential] = {}
    for path, text in texts:
        for line, entry in _read(path, text, faults):
            if entry.id in entries:
                faults.append(RuleError(path, line, f"id {entry.id!r} stands there twice"))
            entries[entry.id] = entry
    if faults:
        raise RulePackError(faults)
    return Credentials(tuple(entries.values()))


def _read(path: str, text: str, faults: list[RuleError]) -> Iterator[tuple[int, Credential]]:
    """(line, entry) of every sound entry in a file; what is wrong is added to ``faults``."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        top = {key.value: value for key, value in node.value} if node else {}
        sources = loader.construct_document(top["sources"])
        nodes = top["logins"].value
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        faults.append(RuleError(path, line, getattr(error, "problem", None) or "is not YAML"))
        return
    except (AttributeError, KeyError, TypeError, ValueError):
        faults.append(RuleError(path, 0, "needs a mapping with `sources` and `logins`"))
        return
    finally:
        loader.dispose()
    build = yaml.SafeLoader("")
    for item in nodes:
        line = item.start_mark.line + 1
        raw = build.construct_document(item)
        wrong = list(_faults_of(raw, sources if isinstance(sources, dict) else {}))
        faults += [RuleError(path, line, reason) for reason in wrong]
        if not wrong:
            yield line, _entry(raw, sources)


def _faults_of(raw: Any, sources: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(raw, dict):
        yield "an entry must be a mapping"
        return
    for name in sorted(raw.keys() - _FIELDS.keys(), key=str):
        yield f"unknown field {name!r}; known are {', '.join(_FIELDS)}"
    for name, (kind, needed) in _FIELDS.items():
        if name not in raw:
            if needed:
                yield f"{name} is missing"
        elif not isinstance(raw[name], kind) or isinstance(raw[name], bool):
            hint = " (put it in quotes)" if kind is str else ""
            yield f"{name} must be {kind.__name__}, not {type(raw[name]).__name__}{hint}"
        elif kind is list and not all(isinstance(word, str) and word for word in raw[name]):
            yield f"{name} must hold words only"
    if isinstance(raw.get("id"), str) and not _ID.match(raw["id"]):
        yield f"id {raw['id']!r} must be lower-case letters, digits and hyphens"
    if isinstance(raw.get("source"), str) and raw["source"] not in sources:
        yield f"source {raw['source']!r} is not among the sources of this file"
    if not raw.get("services"):
        yield "services must name at least one protocol"
    if not raw.get("rank") and not raw.get("vendors"):
        yield "needs a rank, or vendors that it is tried for"


def _entry(raw: Mapping[str, Any], sources: Mapping[str, str]) -> Credential:
    values = dict(raw)
    values["services"] = tuple(raw["services"])
    values["vendors"] = tuple(raw.get("vendors", ()))
    values["source"] = sources[raw["source"]]
    return Credential(**values)
