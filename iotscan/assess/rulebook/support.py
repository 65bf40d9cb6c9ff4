"""Until when makers support their products and where flaws are reported, as reviewed data."""

from __future__ import annotations

import re
from dataclasses import dataclass

from iotscan.model import Identity


@dataclass(frozen=True, slots=True)
class Supported:
    """Products, by patterns of which one must fit the whole model or by family, and the last day
    with updates that their maker told.
    """

    vendor: str
    models: tuple[re.Pattern[str], ...]
    family: str
    ends: str
    source: str
    path: str = ""
    line: int = 0

    def concerns(self, identity: Identity) -> bool:
        """Whether it is about products like this one."""
        if identity.vendor.casefold() != self.vendor.casefold():
            return False
        if self.family:
            return identity.family.casefold() == self.family.casefold()
        return any(model.fullmatch(identity.model) for model in self.models)


@dataclass(frozen=True, slots=True)
class Maker:
    """Where a maker takes reports of flaws; ``contact`` is "" where nobody found a place."""

    vendor: str
    contact: str
    source: str
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class SupportData:
    """All that is known of both."""

    products: tuple[Supported, ...] = ()
    makers: tuple[Maker, ...] = ()

    def product(self, identity: Identity) -> Supported | None:
        """The entry about this product; of several the one with the latest date."""
        found = [entry for entry in self.products if entry.concerns(identity)]
        return max(found, key=lambda entry: entry.ends) if found else None

    def maker(self, vendor: str) -> Maker | None:
        return next((m for m in self.makers if m.vendor.casefold() == vendor.casefold()), None)

    def joined(self, other: SupportData) -> SupportData:
        """With the entries of another pack, which come first."""
        return SupportData((*other.products, *self.products), (*other.makers, *self.makers))
