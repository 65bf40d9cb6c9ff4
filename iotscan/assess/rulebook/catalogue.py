"""Reads the catalogue: principles, and frameworks with their provisions."""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.rules import (
    AGAINST,
    FOR,
    MEASURED,
    WAYS,
    Framework,
    Observability,
    Principle,
    Provision,
)
from iotscan.assess.rulebook.yamltree import Tree
from iotscan.errors import RuleError

USES = ("rule", "lookup-only", "context")
_DETAILS = ("jurisdiction", "kind", "status", "date", "url", "verification", "notes")
# Numbers of the same provision in other editions, and of those whose fulfilment counts as its own:
# the key in the file, and the framework that the numbers are of.
_RELATED = {
    "v2": "etsi-en-303-645-v2",
    "v3": "etsi-en-303-645",
    "deemed_by_etsi": "etsi-en-303-645-v2",
}


def read_principles(tree: Tree, path: str, faults: list[RuleError]) -> dict[str, Principle]:
    """The principles by id. The file's other parts are words for people and are only named."""
    fields = Fields(tree, path, faults)
    for key in ("schema_version", "name", "updated", "about", "legend", "context"):
        fields.tree(key)
    fields.items("not_observable")
    found = [_principle(item, path, faults) for item in fields.items("principles", required=True)]
    fields.close()
    return {principle.id: principle for principle in found}


def _principle(tree: Tree, path: str, faults: list[RuleError]) -> Principle:
    fields = Fields(tree, path, faults)
    principle = Principle(
        id=fields.text("id"),
        title=fields.text("title"),
        plain=fields.text("plain"),
        etsi_sections=fields.texts("etsi_sections"),
        eu_cra=fields.texts("eu_cra"),
        is3c=fields.texts("is3c"),
    )
    fields.close()
    return principle


def read_framework(tree: Tree, path: str, faults: list[RuleError]) -> Framework:
    """One framework; a provision that stands twice is a fault."""
    fields = Fields(tree, path, faults)
    details: dict[str, str | tuple[str, ...]] = {key: fields.text(key, "") for key in _DETAILS}
    details["basis"] = fields.texts("basis")
    fields.items("dates")
    framework = Framework(
        id=fields.text("id"),
        name=fields.text("name"),
        publisher=fields.text("publisher"),
        version=fields.text("version"),
        use=fields.choice("use", USES),
        sections=dict(_sections(fields, path, faults)),
        provisions=dict(_provisions(fields, path, faults)),
        details={key: value for key, value in details.items() if value},
        measured=fields.choice("measured", MEASURED, MEASURED[0]),
        follows=fields.text("follows", ""),
    )
    fields.close()
    return framework


def _sections(fields: Fields, path: str, faults: list[RuleError]) -> Iterator[tuple[str, str]]:
    for item in fields.items("sections"):
        section = Fields(item, path, faults)
        yield section.text("id"), section.text("title")
        section.close()


def _provisions(
    fields: Fields, path: str, faults: list[RuleError]
) -> Iterator[tuple[str, Provision]]:
    seen: set[str] = set()
    for item in fields.items("provisions", required=True):
        provision = _provision(item, path, faults)
        if provision.id in seen:
            fields.fault(f"the provision {provision.id} stands twice", item.line)
        seen.add(provision.id)
        yield provision.id, provision


def _provision(tree: Tree, path: str, faults: list[RuleError]) -> Provision:
    fields = Fields(tree, path, faults)
    fields.tree("cases")
    seen = fields.tree("observability")
    provision = Provision(
        id=fields.text("id"),
        title=fields.text("title"),
        level=fields.text("level", ""),
        section=fields.text("section", ""),
        condition=fields.text("condition", ""),
        observability=_observability(seen, path, faults) if seen is not None else None,
        related={of: numbers for key, of in _RELATED.items() if (numbers := _numbers(fields, key))},
    )
    fields.close()
    return provision


def _numbers(fields: Fields, key: str) -> tuple[str, ...]:
    """One number or a list of them."""
    found = fields.tree(key)
    if found is None or isinstance(found.value, list):
        return fields.texts(key)
    return (fields.text(key),)


def _observability(tree: Tree, path: str, faults: list[RuleError]) -> Observability:
    fields = Fields(tree, path, faults)
    by = fields.texts("by")
    for way in by:
        if way not in WAYS:
            fields.fault(f"by is any of {', '.join(WAYS)}, not {way}")
    found = Observability(
        by=by,
        against=AGAINST[fields.choice("evidence_against", tuple(AGAINST))],
        evidence_for=fields.choice("evidence_for", FOR),
        note=fields.text("note", ""),
    )
    fields.close()
    return found
