"""The flaws that the NVD lists of devices' firmware, from its JSON of version 2.0 or 1.1.

https://nvd.nist.gov/vuln/data-feeds and https://nvd.nist.gov/developers/vulnerabilities. Only what
can be held against a device is taken: firmware or an operating system, alone or on hardware of the
same name. What names revisions, editions or further software says more than a scan can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iotscan.assess.rulebook.feeds import Listed, Versions, plain
from iotscan.feeds import cpe
from iotscan.text import clean

ARRAYS = frozenset({"vulnerabilities", "CVE_Items"})
_ID = re.compile(r"CVE-\d{4}-\d{4,7}")
_FIRMWARE = "_firmware"
_LONGEST_ABOUT = 240


def listed(element: object) -> Iterator[Listed]:
    """The flaws of devices that one element of the list tells of; nothing for any other form."""
    entry = element if isinstance(element, Mapping) else {}
    body = entry.get("cve")
    if not isinstance(body, Mapping):
        return
    flaw = _id(body)
    if not flaw or body.get("vulnStatus") == "Rejected":
        return
    about = clean(_description(body), _LONGEST_ABOUT)
    exploited = bool(body.get("cisaExploitAdd"))
    found: dict[tuple[str, str, bool, tuple[str, ...]], list[Versions]] = {}
    for nodes in _configurations(entry, body):
        for vendor, product, family, models, which in _affected(nodes):
            some = found.setdefault((vendor, product, family, models), [])
            if which not in some:
                some.append(which)
    for (vendor, product, family, models), several in found.items():
        yield Listed(flaw, vendor, product, about, tuple(several), family, models, exploited)


def _id(body: Mapping[str, Any]) -> str:
    text = body.get("id") or _mapping(body.get("CVE_data_meta")).get("ID")
    return text if isinstance(text, str) and _ID.fullmatch(text) else ""


def _description(body: Mapping[str, Any]) -> str:
    old = _mapping(body.get("description")).get("description_data")
    for text in _mappings(body.get("descriptions") or old):
        if text.get("lang") == "en" and isinstance(text.get("value"), str):
            return str(text["value"])
    return ""


def _configurations(
    entry: Mapping[str, Any], body: Mapping[str, Any]
) -> Iterator[list[Mapping[str, Any]]]:
    """Nodes all of which must hold, for each configuration, in the form of version 2.0."""
    for configuration in _mappings(body.get("configurations")):
        nodes = _mappings(configuration.get("nodes"))
        if configuration.get("negate"):
            continue
        if configuration.get("operator") == "AND":
            yield nodes
        else:
            yield from ([node] for node in nodes)
    for node in _mappings(_mapping(entry.get("configurations")).get("nodes")):
        children = _mappings(node.get("children"))
        if not node.get("negate"):
            yield children if children and node.get("operator") == "AND" else [node]


def _affected(
    nodes: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, str, bool, tuple[str, ...], Versions]]:
    """(maker, product, is a family, models, versions) of what a configuration says for sure."""
    matches = [_matches(node) for node in nodes]
    vulnerable = [some for some in matches if any(match.get("vulnerable") for match in some)]
    others = [some for some in matches if not any(match.get("vulnerable") for match in some)]
    # Firmware, and at most the hardware that it must run on.
    if not all(matches) or len(vulnerable) != 1 or len(others) > 1:
        return
    hardware = _hardware(others[0]) if others else {}
    if hardware is None:
        return
    for match in vulnerable[0]:
        name = cpe.parse(match.get("criteria") or match.get("cpe23Uri"))
        which = cpe.versions(name, match) if name is not None else None
        if name is None or which is None or not match.get("vulnerable") or name.part != cpe.SYSTEM:
            continue
        vendor, family = plain(name.vendor), not name.product.endswith(_FIRMWARE)
        product = plain(name.product.removesuffix(_FIRMWARE))
        models = tuple(sorted(hardware.get(vendor, ())))
        if (not others) or (family and models) or (not family and product in models):
            yield vendor, product, family, models if family else (), which


def _matches(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The entries of a node one of which must hold; none for a node of another form."""
    several = node.get("children") or node.get("negate") or node.get("operator", "OR") != "OR"
    return [] if several else _mappings(node.get("cpeMatch") or node.get("cpe_match"))


def _hardware(matches: Sequence[Mapping[str, Any]]) -> dict[str, set[str]] | None:
    """Maker → models of any revision; None where something other than hardware is named."""
    found: dict[str, set[str]] = {}
    for match in matches:
        text = match.get("criteria") or match.get("cpe23Uri")
        name = cpe.parse(text)
        if not str(text).startswith("cpe:2.3:h:"):
            return None
        if name is not None and not name.version:
            found.setdefault(plain(name.vendor), set()).add(plain(name.product))
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, Mapping)]
