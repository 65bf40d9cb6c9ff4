"""The truth that reports on captures are measured against, as others wrote it down.

Labels are YAML: ``vocabulary`` (every type of finding judged) and ``captures``, an entry a file
with what is in it. What an entry leaves out is not judged: devices, services. Every other key
(source, licence, notes, …) is for people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import yaml

from iotscan.errors import UsageError, unreadable
from iotscan.model import Finding

# libyaml reads labels of some thousand lines in a tenth of the time.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Label:
    """One finding that the truth names."""

    type: str
    host: str
    port: int | None
    peer: str = ""
    username: str | None = None
    frame: int = 0
    optional: bool = False
    public: bool = False

    def fits(self, finding: Finding) -> bool:
        """Whether the finding is this one, as far as both say."""
        if finding.rule != self.type:
            return False
        if self.port is not None and finding.endpoint and finding.endpoint.port != self.port:
            return False
        said = finding.facts.get("username")
        if self.username is not None and isinstance(said, str) and said != self.username:
            return False
        hosts = _hosts_of(finding)
        return self.host in hosts or (self.public and self.peer in hosts)

    def agrees(self, finding: Finding) -> int:
        """How well a finding that fits also agrees in what need not be equal."""
        cited = {frame for proof in finding.proofs for frame in proof.frames}
        return 2 * (self.peer in _hosts_of(finding, peer=True)) + (self.frame in cited)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        name = "" if self.username is None else f" user {self.username}"
        frame = f"frame {self.frame}" if self.frame else ""
        known = ", ".join(filter(None, (frame, self.peer and f"peer {self.peer}")))
        return f"{self.type} {self.host}{port}{known and f' ({known})'}{name}"


@dataclass(frozen=True, slots=True)
class Truth:
    """What the labels say of one capture; ``devices`` and ``services`` are None if not labelled,
    ``sha256`` is "" where the labels do not tell it.
    """

    file: str
    exhaustive: bool
    findings: tuple[Label, ...]
    absent: frozenset[str]
    devices: tuple[Mapping[str, Any], ...] | None
    services: frozenset[tuple[str, int]] | None
    sha256: str = ""


def load(path: Path) -> tuple[frozenset[str], tuple[Truth, ...]]:
    """The vocabulary and the truth on each capture, in the order of the file.

    Raises UsageError where it cannot be read, with the entry and the key that are at fault.
    """
    try:
        tree = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506  (a safe one)
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(
            f"{path} does not hold labels: line {line} is no YAML: {error.problem}"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} does not hold labels: it is no YAML: {error}") from error
    try:
        return _read(_Entry(tree, ""))
    except _Fault as fault:
        raise UsageError(f"{path} does not hold labels: {fault}") from fault


class _Fault(ValueError):
    """One thing in the labels that cannot be what it is."""


class _Entry:
    """One mapping of the labels; ``where`` tells people which."""

    def __init__(self, tree: object, where: str) -> None:
        self.where = where
        if not isinstance(tree, dict):
            raise self.fault("a mapping of keys to values is expected here")
        self.tree: dict[Any, Any] = tree

    def fault(self, reason: str) -> _Fault:
        return _Fault(f"{self.where}: {reason}" if self.where else reason)

    def text(self, key: str) -> str:
        found = self.tree.get(key)
        if found is None or isinstance(found, list | dict) or not str(found):
            raise self.fault(f"the key {key} with a text is missing")
        return str(found)

    def number(self, key: str) -> int | None:
        found = self.tree.get(key)
        if found is not None and (isinstance(found, bool) or not isinstance(found, int)):
            raise self.fault(f"{key} must be a whole number, not {found!r}")
        return found

    def flag(self, key: str, default: bool) -> bool:
        found = self.tree.get(key, default)
        if not isinstance(found, bool):
            raise self.fault(f"{key} is true or false, not {found!r}")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.tree.get(key)
        if found is not None and not isinstance(found, list | dict):
            raise self.fault(f"{key} must be a list")
        return tuple(map(str, found or ()))

    def entries(self, key: str) -> Iterator[_Entry]:
        found = self.tree.get(key)
        if found is not None and not isinstance(found, list):
            raise self.fault(f"{key} must be a list")
        for number, item in enumerate(found or (), 1):
            yield _Entry(item, f"{self.where}, {key} {number}" if self.where else f"{key} {number}")


def _read(labels: _Entry) -> tuple[frozenset[str], tuple[Truth, ...]]:
    for key in ("vocabulary", "captures"):
        if key not in labels.tree:
            raise _Fault(f"the key {key} is missing")
    vocabulary = frozenset(labels.texts("vocabulary"))
    truths: dict[str, Truth] = {}
    for entry in labels.entries("captures"):
        truth = _truth(entry, vocabulary)
        if truths.setdefault(truth.file, truth) is not truth:
            raise entry.fault(f"{truth.file} was labelled above already")
    return vocabulary, tuple(truths.values())


def _truth(entry: _Entry, vocabulary: Collection[str]) -> Truth:
    file = entry.text("file")
    entry.where = f"{entry.where} ({file})"
    exhaustive = entry.flag("exhaustive", True)
    judged = "devices_note" not in entry.tree
    services = frozenset(map(_service, entry.entries("services")))
    return Truth(
        file,
        exhaustive,
        tuple(_label(found, vocabulary) for found in entry.entries("findings")),
        frozenset(_type(name, entry, vocabulary) for name in entry.texts("absent")),
        tuple(map(_device, entry.entries("devices")))
        if judged and "devices" in entry.tree
        else None,
        services if judged and exhaustive and "services" in entry.tree else None,
        str(entry.tree.get("sha256") or ""),
    )


def _device(entry: _Entry) -> Mapping[str, Any]:
    names = entry.tree.get("names") or {}
    if not isinstance(names, dict) or not all(isinstance(n, list) for n in names.values()):
        raise entry.fault("names must be lists of texts by kind")
    mac = entry.tree.get("mac")
    return {
        "mac": mac and str(mac).lower(),
        "ips": tuple(map(_address, entry.texts("ips"))),
        "names": names,
    }


def _label(entry: _Entry, vocabulary: Collection[str]) -> Label:
    detail = entry.tree.get("detail")
    name = detail.get("username") if isinstance(detail, dict) else None
    return Label(
        _type(entry.text("type"), entry, vocabulary),
        _address(entry.text("host")),
        entry.number("port"),
        _address(str(entry.tree.get("peer") or "")),
        None if name is None else str(name),
        entry.number("frame") or 0,
        entry.flag("optional", False),
        entry.tree.get("host_address") == "public",
    )


def _service(entry: _Entry) -> tuple[str, int]:
    return _address(entry.text("ip")), entry.number("port") or 0


def _address(text: str) -> str:
    """As reports write it; a text that is none (a host known by its MAC alone) as it is."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _type(name: str, entry: _Entry, vocabulary: Collection[str]) -> str:
    if name in vocabulary:
        return name
    near = get_close_matches(name, vocabulary, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise entry.fault(f"{name} is not in the vocabulary{hint}")


def _hosts_of(finding: Finding, *, peer: bool = False) -> set[str]:
    """The host a finding is about, and the device that talked to it where that is another."""
    hosts = {str(finding.endpoint.address if finding.endpoint else finding.address)}
    if peer or (finding.endpoint and finding.endpoint.address != finding.address):
        hosts |= {str(finding.address), str(finding.facts.get("peer", ""))}
    return hosts
