"""What topics and messages give away: the software behind them, and values that look secret.

The signatures are data (``probes/mqtt_topics.yaml``) that is handed in; this only applies them.
A value is never returned, only what kind of secret it looks like.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

_LONGEST = 65_536  # bytes of a payload that are looked at
_MOST_VALUES = 2_000
_MOST_KEPT = 4096
_LONGEST_NAME = 64  # of a field; what follows is cut off, so that no name costs much to compare
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
# What stands where a password would, when there is none or it was masked.
_PLACEHOLDER = re.compile(
    r"\W*|x{3,}|none|null|nil|n/?a|unknown|undefined|true|false|on|off|yes|no|unset|empty|"
    r"online|offline|ok|\W*(redacted|hidden|masked|removed|secret|password|encrypted)\W*",
    re.IGNORECASE,
)
_LATITUDES = ("latitude", "lat")
_LONGITUDES = ("longitude", "lon", "lng", "long")
LOCATION = "location"


@dataclass(frozen=True, slots=True)
class Signature:
    """A product, and the topic (whole) and payload (any part of it) that only it uses.

    ``version``: where in the payload its version stands, as the first group.
    """

    product: str
    topic: re.Pattern[str]
    payload: re.Pattern[str] | None = None
    version: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class SecretName:
    """A kind of secret, the names of fields that hold it, and what a value must look like."""

    kind: str
    name: re.Pattern[str]
    value: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is looked for. Topics and names come back a thousand times: what fits them is kept."""

    brokers: tuple[Signature, ...]
    ecosystems: tuple[Signature, ...]
    names: tuple[SecretName, ...]
    values: tuple[tuple[str, re.Pattern[str]], ...]
    _fitting: dict[tuple[str, str], tuple[Any, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def named(self, name: str) -> tuple[SecretName, ...]:
        """The kinds of secret that a field of this name may hold."""
        return self._kept("name", name, lambda entry: entry.name, self.names)

    def of_topic(self, brokers: bool, topic: str) -> tuple[Signature, ...]:
        """The brokers, or the ecosystems, that use this topic."""
        sort, all_of = ("broker", self.brokers) if brokers else ("ecosystem", self.ecosystems)
        return self._kept(sort, topic, lambda entry: entry.topic, all_of)

    def _kept(
        self,
        sort: str,
        text: str,
        pattern: Callable[[Any], re.Pattern[str]],
        entries: Sequence[Any],
    ) -> tuple[Any, ...]:
        found = self._fitting.get((sort, text))
        if found is None:
            found = tuple(entry for entry in entries if pattern(entry).fullmatch(text))
            if len(self._fitting) >= _MOST_KEPT:
                self._fitting.clear()
            self._fitting[sort, text] = found
        return found


def catalogue(tree: Mapping[str, Any]) -> Catalogue:
    """The signatures of a parsed data file. Raises KeyError or re.error for a faulty one."""
    return Catalogue(
        tuple(map(_signature, tree["brokers"])),
        tuple(map(_signature, tree["ecosystems"])),
        tuple(
            SecretName(entry["kind"], re.compile(entry["name"]), re.compile(entry["value"]))
            for entry in tree["secret_names"]
        ),
        tuple((entry["kind"], re.compile(entry["value"])) for entry in tree["secret_values"]),
    )


def _signature(entry: Mapping[str, str]) -> Signature:
    payload, version = (
        re.compile(entry[key]) if key in entry else None for key in ("payload", "version")
    )
    return Signature(entry["product"], re.compile(entry["topic"]), payload, version)


def products(
    known: Catalogue, brokers: bool, topic: str, payload: bytes
) -> Iterator[tuple[str, str]]:
    """(product, version) of every broker, or ecosystem, whose signature fits; the version is empty
    where none is told.
    """
    fitting = known.of_topic(brokers, topic)
    text = payload[:_LONGEST].decode("utf-8", "replace") if fitting else ""
    for signature in fitting:
        if signature.payload is None or signature.payload.search(text):
            told = signature.version.search(text) if signature.version else None
            yield signature.product, told[1] if told else ""


def secret_kinds(known: Catalogue, topic: str, payload: bytes) -> tuple[str, ...]:
    """The kinds of secret that this message seems to hold, sorted; empty when none."""
    text = payload[:_LONGEST].decode("utf-8", "replace")
    kinds = {kind for kind, pattern in known.values if pattern.search(text)}
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        tree = text.strip()
    for path, value in _leaves(_words(topic), tree):
        kind = _kind(known, path, value)
        if kind:
            kinds.add(kind)
    if _has_position(tree):
        kinds.add(LOCATION)
    return tuple(sorted(kinds))


def _kind(known: Catalogue, path: tuple[str, ...], value: str) -> str:
    # A field is named by itself and what holds it: {"wifi": {"password": …}} is wifi_password.
    name = "_".join(path[-2:])
    fitting = known.named(name)
    if not fitting or _PLACEHOLDER.fullmatch(value):
        return ""
    return next((entry.kind for entry in fitting if entry.value.fullmatch(value)), "")


def _leaves(topic: tuple[str, ...], tree: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """(names on the way, value as text) of every text or number in a message, within bounds."""
    stack: list[tuple[tuple[str, ...], Any]] = [(topic, tree)]
    for _ in range(_MOST_VALUES):
        if not stack:
            return
        path, value = stack.pop()
        if isinstance(value, Mapping):
            stack += [
                ((*path[-1:], *_words(str(key), "\0")), inner) for key, inner in value.items()
            ]
        elif isinstance(value, list):
            if value and all(type(item) is int for item in value):
                yield path, ",".join(map(str, value[:64]))
            else:
                stack += [(path, inner) for inner in value]
        elif isinstance(value, str) or type(value) in (int, float):
            yield path, str(value)


@lru_cache(maxsize=1024)
def _words(name: str, divider: str = "/") -> tuple[str, ...]:
    """Each level of a topic, or a field name, as snake case: "WiFi Key", wifiKey → wifi_key."""
    levels = name.split(divider)
    return tuple(
        _SEPARATORS.sub("_", _CAMEL.sub("_", level.replace("WiFi", "Wifi"))).strip("_").lower()
        for level in (level[:_LONGEST_NAME] for level in levels)
    )


def _has_position(tree: Any) -> bool:
    """Whether a JSON object, or one directly inside it, holds a latitude and a longitude."""
    if not isinstance(tree, Mapping):
        return False
    inner = [value for value in list(tree.values())[:64] if isinstance(value, Mapping)]
    return any(_is_position(candidate) for candidate in (tree, *inner))


def _is_position(tree: Mapping[Any, Any]) -> bool:
    fields = {str(key).lower(): value for key, value in tree.items()}
    north = next((fields[key] for key in _LATITUDES if key in fields), None)
    east = next((fields[key] for key in _LONGITUDES if key in fields), None)
    if not isinstance(north, int | float) or not isinstance(east, int | float):
        return False
    # Null Island stands for "no fix".
    return abs(north) <= 90 and abs(east) <= 180 and (north, east) != (0, 0)
