"""What formats for other programs have in common: times, places, identifiers, provisions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from iotscan.model import Device, Fact, Finding, Report
from iotscan.report.words import framework, proof, safe

# No programs of others end in these letters; identifiers made under it stay the same for ever.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:iotscan:report")
# Identifiers, names and the like; paragraphs are cut where they are written.
LONGEST = 200


def began(report: Report) -> datetime | None:
    """When the scan began, in UTC; None where the report does not tell."""
    try:
        moment = datetime.fromisoformat(report.started)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """ISO 8601 in whole seconds with a Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def identifier(*parts: str) -> str:
    """A UUID that is the same for the same parts."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join(parts)))


def scan_id(report: Report) -> str:
    """The same for the same report: what it is about, when, and under which rules."""
    return identifier("scan", report.started, report.rules, str(report.scope), report.source)


def devices(report: Report) -> dict[str, Device]:
    return {device.key: device for device in report.devices}


def short(words: str, longest: int = LONGEST) -> str:
    return safe(words, longest)


def place(finding: Finding) -> str:
    """Address with port and transport, or the address alone."""
    return str(finding.endpoint or finding.address)


def provisions(finding: Finding) -> Iterator[tuple[str, str]]:
    """(framework, provision), frameworks as people write them."""
    for name, found in sorted(finding.crosswalk.items()):
        for provision in found:
            yield framework(name), short(provision)


def proofs(finding: Finding) -> list[str]:
    """Where the evidence lies, one text for each proof."""
    return [proof(cited) for cited in finding.proofs]


def plain(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Facts as plain values, sorted by name, texts cleaned once more."""
    return {short(name): _plain(fact) for name, fact in sorted(facts.items())}


def without_empty(tree: dict[str, Any]) -> dict[str, Any]:
    """The same without what is not known: None, empty texts, lists and mappings."""
    return {key: value for key, value in tree.items() if value not in (None, "", [], {})}


def _plain(fact: Fact) -> Any:
    if isinstance(fact, tuple):
        return [safe(item) for item in fact]
    return safe(fact) if isinstance(fact, str) else fact
