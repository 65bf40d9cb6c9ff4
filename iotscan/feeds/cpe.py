"""Names of products as the NVD writes them, CPE 2.3. NIST IR 7695 section 6.2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iotscan.assess.rulebook.feeds import Versions

HARDWARE, SYSTEM = "h", "o"
_FIELDS = 13
_ANY, _NONE = "*", "-"
_COLON = re.compile(r"(?<!\\):")
# Everything that narrows a product down further: edition, language and what it runs on.
_NARROWER = slice(7, 13)
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Cpe:
    """``version``: "" for all; ``part``: "o" for an operating system or firmware, "h", "a"."""

    part: str
    vendor: str
    product: str
    version: str


def parse(text: object) -> Cpe | None:
    """The name; None for one that is broken, or narrower than what a scan can tell."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    fields = _COLON.split(text)
    if len(fields) != _FIELDS or fields[:2] != ["cpe", "2.3"]:
        return None
    part, vendor, product, version, update = fields[2:7]
    narrower = any(field not in (_ANY, _NONE) for field in fields[_NARROWER])
    # Of hardware "none" stands for every revision; of firmware it says that nobody knows which.
    unknown = version == _NONE and part != HARDWARE
    if narrower or unknown or {vendor, product} & {_ANY, _NONE, ""}:
        return None
    if version in (_ANY, _NONE):
        version = ""
    elif update not in (_ANY, _NONE):
        version = f"{version} {update}"
    return Cpe(part, _unescaped(vendor), _unescaped(product), _unescaped(version))


def versions(name: Cpe, match: Mapping[str, Any]) -> Versions | None:
    """Which versions an entry that holds this name is about; None where its bounds are broken."""
    bounds = [
        match.get(word, "")
        for word in (
            "versionStartIncluding",
            "versionStartExcluding",
            "versionEndIncluding",
            "versionEndExcluding",
        )
    ]
    if not all(isinstance(bound, str) and len(bound) <= _LONGEST for bound in bounds):
        return None
    return Versions(name.version, *map(_unescaped, bounds))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
