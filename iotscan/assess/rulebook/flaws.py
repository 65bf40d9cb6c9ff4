"""Known flaws of products, as reviewed data, and whether a version is one that has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from iotscan.model import Identity

Version = tuple[int, ...]
# A version begins a text, after the words its maker puts before it; a date or a bare number that
# merely stands somewhere in a text is none.
_PLAIN = re.compile(
    r"(?:(?:firmware|fw|version|ver)\.?\s*)?v?\s*(\d+(?:[._]\d+)+\w*(?:[._-]\w+)*)", re.I
)


@dataclass(frozen=True, slots=True)
class Flaw:
    """A flaw and the products that have it.

    ``models``: patterns, one of which a whole model must fit; or ``family``, of any model.
    ``since``: the first version with the flaw, ``through``: the last one, ``fixed``: the first
    without it in each line that was mended; none of these: it was never mended.
    ``form``: catches in its only group what counts of a version, where a maker has an odd scheme.
    """

    id: str
    vendor: str
    models: tuple[re.Pattern[str], ...]
    family: str
    about: str
    exploited: bool
    source: str
    since: str = ""
    through: str = ""
    fixed: tuple[str, ...] = ()
    form: re.Pattern[str] | None = None
    path: str = ""
    line: int = 0

    @property
    def forever(self) -> bool:
        """Whether no version without the flaw was ever made."""
        return not self.through and not self.fixed

    def concerns(self, identity: Identity) -> bool:
        """Whether it is about products like this one, whatever their version."""
        if identity.vendor.casefold() != self.vendor.casefold():
            return False
        if self.family:
            return identity.family.casefold() == self.family.casefold()
        return any(model.fullmatch(identity.model) for model in self.models)

    def has(self, firmware: str) -> bool | None:
        """Whether this version has it; None when that cannot be told from the text."""
        if self.forever:
            return True
        version = self.read(firmware)
        if version is None:
            return None
        first, last = self.read(self.since), self.read(self.through)
        if first is not None and version < first:
            return False
        if last is not None:
            return version <= last
        mended = [found for text in self.fixed if (found := self.read(text)) is not None]
        return not any(_mended(version, good, max(mended)) for good in mended)

    def read(self, text: str) -> Version | None:
        """The numbers of a version, in the order that they count."""
        return version_in(text, self.form)


def version_in(text: str, form: re.Pattern[str] | None = None) -> Version | None:
    """The numbers of the version in a text; None when it holds none."""
    found = (form or _PLAIN).search(text) if form else _PLAIN.match(text.strip())
    return tuple(map(int, re.findall(r"\d+", found[1]))) if found else None


def _mended(version: Version, good: Version, newest: Version) -> bool:
    """From the newest mended version on, all are; before it only those of the same line."""
    return version >= good and (good == newest or version[: len(good) - 1] == good[:-1])


def known_flaws(flaws: Sequence[Flaw], identity: Identity) -> tuple[Flaw, ...]:
    """The flaws that a device with this identity has, as far as its version tells."""
    return tuple(
        flaw for flaw in flaws if flaw.concerns(identity) and flaw.has(identity.firmware) is True
    )
