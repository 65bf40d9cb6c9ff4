"""Addresses that products are known to answer at: which suit a server, and what an answer proves.

The list is data, ``http_paths.yaml`` beside the probes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from iotscan.protocols.common.identifiers import holds_mac, holds_uuid
from iotscan.protocols.http.codec import Response
from iotscan.protocols.http.facts import Facts
from iotscan.protocols.http.said import Pages, said
from iotscan.text import clean

# Software is one or two products; a page that names more is not asked about all of them.
MOST = 4
_MOST_BODY = 65_536
_FIELDS = {
    "id",
    "product",
    "kind",
    "path",
    "when",
    "ports",
    "open",
    "shut",
    "says",
    "serial",
    "source",
}


@dataclass(frozen=True, slots=True)
class Known:
    """One address. See the head of the data file for what the fields mean."""

    id: str
    product: str
    kind: Literal["api", "admin", "setup", "config", "about"]
    path: str
    open: re.Pattern[str]
    when: re.Pattern[str] | None = None
    ports: tuple[int, ...] = ()
    shut: re.Pattern[str] | None = None
    says: Mapping[str, re.Pattern[str]] | None = None
    serial: re.Pattern[str] | None = None

    @property
    def first_bytes_only(self) -> bool:
        """Whether no more of it is read than shows what it is: it may hold secrets."""
        return self.kind == "config"


@cache
def catalogue() -> tuple[Known, ...]:
    """Every entry. Raises ValueError that names a faulty one."""
    text = files("iotscan.probes").joinpath("http_paths.yaml").read_text("utf-8")
    return tuple(_known(entry) for entry in yaml.safe_load(text)["paths"])


@cache
def paths() -> frozenset[str]:
    """Every address of the list."""
    return frozenset(known.path for known in catalogue())


def suiting(pages: Pages, port: int) -> dict[str, list[Known]]:
    """What the server said, or its port, calls for, by the address that tells of it."""
    text = said(pages)
    found: dict[str, list[Known]] = {}
    for known in catalogue():
        called = port in known.ports or (known.when is not None and known.when.search(text))
        if called and (known.path in found or len(found) < MOST):
            found.setdefault(known.path, []).append(known)
    return found


def facts_of(known: Known, response: Response, encrypted: bool) -> Facts:
    """What the answer at a known address proves; ``open`` is left out where it proves neither, and
    the product where nothing in it is that product's own.
    """
    text, fine = _text(known, response), response.status in (200, 206)
    found: Facts = {
        "id": known.id,
        "kind": known.kind,
        "path": known.path,
        "status": response.status,
        "encrypted": encrypted,
    }
    told: Facts = {}
    if fine and known.shut and known.shut.search(text):
        told["open"] = False
    elif fine and known.open.search(text):
        told["open"] = True
    for word, pattern in (known.says or {}).items() if fine else ():
        if value := pattern.search(text):
            told[word] = clean(value[1])
    if told:
        told["product"] = known.product
    if response.status in (401, 403):
        told["open"] = False
    return found | told


def identifiers_of(known: Known, response: Response) -> Facts | None:
    """Which fixed numbers of the unit an answer of this product gives to anybody, None where it is
    of something else.
    """
    if "product" not in facts_of(known, response, False):
        return None
    text = _text(known, response)
    return {
        "via": f"HTTP ({known.path})",
        "serial": known.serial is not None and known.serial.search(text) is not None,
        "mac": holds_mac([text]),
        "uuid": holds_uuid([text]),
    }


def _text(known: Known, response: Response) -> str:
    encoding = "latin-1" if known.first_bytes_only else "utf-8"
    return response.body[:_MOST_BODY].decode(encoding, "replace")


def _known(entry: Mapping[str, Any]) -> Known:
    unknown = set(entry) - _FIELDS
    missing = {"id", "product", "kind", "path", "open", "source"} - set(entry)
    if unknown or missing or not entry.get("when", entry.get("ports")):
        raise ValueError(f"path {entry.get('id', '?')}: check {sorted(unknown | missing)}")
    patterns: dict[str, Any] = {
        name: _pattern(entry[name]) for name in ("when", "open", "shut", "serial") if name in entry
    }
    says = {word: _pattern(text) for word, text in entry.get("says", {}).items()}
    ports: Sequence[int] = entry.get("ports", ())
    fixed: dict[str, Any] = {name: entry[name] for name in ("id", "product", "kind", "path")}
    return Known(**fixed, **patterns, ports=tuple(ports), says=says)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
