"""Public lists of flaws that the user imported, as data: what they say of a device.

They are long and nobody here reviewed them, so a device matches only where maker and product are
the same word for word, and its version can be compared for sure. A match that is merely likely is
no match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from iotscan.assess.rulebook.versions import compare
from iotscan.model import Feed, Identity


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions with a flaw: one of them ``exact``, or all between bounds; no bound at all: all.

    ``since`` and ``through`` belong to them, ``after`` and ``before`` do not.
    """

    exact: str = ""
    since: str = ""
    after: str = ""
    through: str = ""
    before: str = ""

    @property
    def all(self) -> bool:
        return not (self.exact or self.since or self.after or self.through or self.before)

    def hold(self, firmware: str) -> bool | None:
        """Whether this version is among them; None where that cannot be told."""
        if self.exact:
            order = compare(firmware, self.exact)
            return None if order is None else order == 0
        bounds = (
            (self.since, 1, True),
            (self.after, 1, False),
            (self.through, -1, True),
            (self.before, -1, False),
        )
        answers = [
            _beyond(compare(firmware, bound), way, belongs)
            for bound, way, belongs in bounds
            if bound
        ]
        if False in answers:
            return False
        return None if None in answers else True


@dataclass(frozen=True, slots=True)
class Listed:
    """A flaw as a feed lists it, for one product. ``vendor`` and ``product`` are :func:`plain`.

    ``family``: the product is software that a line of devices runs, not one device's firmware;
    ``models``: the devices it is about, empty for all. ``exploited``: the feed itself says so.
    """

    id: str
    vendor: str
    product: str
    about: str
    versions: tuple[Versions, ...]
    family: bool = False
    models: tuple[str, ...] = ()
    exploited: bool = False

    def concerns(self, identity: Identity) -> bool:
        """Whether it is about this very product, whatever its version."""
        model = plain(identity.model)
        if plain(identity.vendor) != self.vendor or (self.models and model not in self.models):
            return False
        if self.family:
            return plain(identity.family) == self.product
        # A word such as "camera" is no model, whoever makes it.
        return model == self.product and any(letter.isdigit() for letter in model)

    def has(self, firmware: str) -> bool | None:
        """Whether this version has it; None where that cannot be told."""
        answers = [versions.hold(firmware) for versions in self.versions]
        if True in answers:
            return True
        return None if None in answers else False


@dataclass(frozen=True, slots=True)
class Feeds:
    """What was imported. ``notes``: one a feed; ``by_vendor``: its flaws, with the note of their
    feed; ``exploited``: id → the note of the list of flaws under attack that it stands in.
    """

    notes: tuple[Feed, ...] = ()
    by_vendor: Mapping[str, tuple[tuple[Listed, Feed], ...]] = field(default_factory=dict)
    exploited: Mapping[str, Feed] = field(default_factory=dict)

    def of(self, identity: Identity) -> tuple[tuple[Listed, Feed], ...]:
        """The flaws that a device of this identity has, as far as its version tells for sure."""
        return tuple(
            (listed, feed)
            for listed, feed in self.by_vendor.get(plain(identity.vendor), ())
            if listed.concerns(identity) and listed.has(identity.firmware) is True
        )


def gathered(feeds: Iterable[tuple[Feed, Iterable[Listed], Iterable[str]]]) -> Feeds:
    """Feeds as one, in the order of their names: (note, flaws, ids of flaws under attack) each.

    Where several tell of the same flaw of a product, the feed of the later date is heard.
    """
    ordered = sorted(feeds, key=lambda feed: (feed[0].date, feed[0].name))
    newest: dict[tuple[str, str], str] = {}
    exploited: dict[str, Feed] = {}
    for note, flaws, under_attack in ordered:
        newest |= {(flaw.id, flaw.vendor): note.name for flaw in flaws}
        exploited |= dict.fromkeys(under_attack, note)
    by_vendor: dict[str, list[tuple[Listed, Feed]]] = {}
    for note, flaws, _ in ordered:
        for flaw in flaws:
            if newest[flaw.id, flaw.vendor] == note.name:
                by_vendor.setdefault(flaw.vendor, []).append((flaw, note))
    notes = tuple(sorted((note for note, _, _ in ordered), key=lambda note: note.name))
    return Feeds(notes, {name: tuple(some) for name, some in by_vendor.items()}, exploited)


def plain(name: str) -> str:
    """A maker's or product's name without case, spaces and punctuation, which lists write in
    different ways. A plus is kept: it tells two models apart.
    """
    return re.sub(r"[^0-9a-z+]", "", name.lower())


def _beyond(order: int | None, way: int, belongs: bool) -> bool | None:
    return None if order is None else order * way > 0 or (belongs and order == 0)
