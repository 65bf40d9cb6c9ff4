"""Reads known flaws from a rule file; every fault with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.flaws import Flaw
from iotscan.assess.rulebook.yamltree import Tree
from iotscan.errors import RuleError

_ID = re.compile(r"CVE-\d{4}-\d{4,7}")


def read_flaws(tree: Tree, path: str, faults: list[RuleError]) -> Iterator[Flaw]:
    """The entries under ``flaws``."""
    fields = Fields(tree, path, faults)
    fields.text("about", "")
    items = fields.items("flaws", required=True)
    fields.close()
    for item in items:
        yield _flaw(Fields(item, path, faults))


def _flaw(fields: Fields) -> Flaw:
    form = fields.text("form", "")
    flaw = Flaw(
        id=fields.text("id"),
        vendor=fields.text("vendor"),
        models=tuple(filter(None, (pattern(text, fields) for text in fields.texts("models")))),
        family=fields.text("family", ""),
        about=fields.text("about"),
        exploited=fields.choice("exploited", ("false", "true")) == "true",
        source=fields.text("source"),
        since=fields.text("since", ""),
        through=fields.text("through", ""),
        fixed=fields.texts("fixed"),
        form=pattern(form, fields) if form else None,
        path=fields.path,
        line=fields.line,
    )
    fields.close()
    for fault in _faults(flaw):
        fields.fault(fault)
    return flaw


def pattern(text: str, fields: Fields) -> re.Pattern[str] | None:
    """The pattern, whatever the case of letters; None and a fault for a broken one."""
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        fields.fault(f"{text}: {error}")
        return None


def _faults(flaw: Flaw) -> Iterator[str]:
    if flaw.id and not _ID.fullmatch(flaw.id):
        yield f"an id is as CVE-2018-14847, not {flaw.id}"
    if bool(flaw.models) == bool(flaw.family):
        yield "one of models (a list of patterns) and family is needed"
    if flaw.through and flaw.fixed:
        yield "one of through and fixed is enough"
    if flaw.form is not None and flaw.form.groups != 1:
        yield "form: the one group catches what counts of a version"
        return
    for text in (flaw.since, flaw.through, *flaw.fixed):
        if text and flaw.read(text) is None:
            yield f"{text} is no version of the form that is expected here"


class OfVendor(Protocol):
    """An entry of a data file that is about one maker's products."""

    @property
    def vendor(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def line(self) -> int: ...


def unknown_vendors(entries: Iterable[OfVendor], vendors: frozenset[str]) -> Iterator[OfVendor]:
    """Entries about vendors that no fingerprint gives, which would never be found."""
    known = {vendor.casefold() for vendor in vendors}
    yield from (entry for entry in entries if entry.vendor.casefold() not in known)
