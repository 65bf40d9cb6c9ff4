"""Reads support periods and contacts from a rule file; every fault with its line."""

from __future__ import annotations

import re
from datetime import date

from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.flawread import pattern
from iotscan.assess.rulebook.support import Maker, SupportData, Supported
from iotscan.assess.rulebook.yamltree import Tree
from iotscan.errors import RuleError

_NONE = "none"
_CONTACT = re.compile(r"https://\S+|mailto:\S+@\S+")


def read_support(tree: Tree, path: str, faults: list[RuleError]) -> SupportData:
    """The entries under ``products`` and ``makers``."""
    fields = Fields(tree, path, faults)
    fields.text("about", "")
    products = [_product(Fields(item, path, faults)) for item in fields.items("products")]
    makers = [_maker(Fields(item, path, faults)) for item in fields.items("makers")]
    fields.close()
    return SupportData(tuple(products), tuple(makers))


def _product(fields: Fields) -> Supported:
    models = tuple(filter(None, (pattern(text, fields) for text in fields.texts("models"))))
    entry = Supported(
        vendor=fields.text("vendor"),
        models=models,
        family=fields.text("family", ""),
        ends=fields.text("ends"),
        source=fields.text("source"),
        path=fields.path,
        line=fields.line,
    )
    fields.close()
    if bool(entry.models) == bool(entry.family):
        fields.fault("one of models (a list of patterns) and family is needed")
    try:
        date.fromisoformat(entry.ends)
    except ValueError:
        fields.fault(f"ends is a day such as '2024-06-30', not {entry.ends}")
    return entry


def _maker(fields: Fields) -> Maker:
    contact = fields.text("contact")
    entry = Maker(
        vendor=fields.text("vendor"),
        contact="" if contact == _NONE else contact,
        source=fields.text("source"),
        path=fields.path,
        line=fields.line,
    )
    fields.close()
    if entry.contact and not _CONTACT.fullmatch(entry.contact):
        fields.fault(f"contact is an https or mailto address, or {_NONE}, not {contact}")
    return entry
