"""Takes in the file of a publisher: which list it is, of when, and what of it matters here."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iotscan.assess.rulebook.feeds import Listed
from iotscan.errors import UsageError
from iotscan.feeds import kev, nvd
from iotscan.feeds.stream import reading
from iotscan.model import Feed

KEV = "cisa-kev"
# The year lists of the NVD hold some 40,000 each; all of it is below 400,000.
MOST_ELEMENTS = 2_000_000
MOST_KEPT = 500_000
_DATES = ("timestamp", "dateReleased", "CVE_data_timestamp", "catalogVersion")
_DATE = re.compile(r"(\d{4})[-.](\d{2})[-.](\d{2})")
_NEITHER = (
    "{path} is neither the catalogue of known exploited vulnerabilities of CISA "
    "(known_exploited_vulnerabilities.json) nor a list of the NVD in JSON 2.0 or 1.1, plain or "
    "packed with gzip."
)


@dataclass
class Taken:
    """What one file gave: its note, flaws of devices, ids of flaws under attack, and how many
    elements it held in all.
    """

    note: Feed
    flaws: list[Listed] = field(default_factory=list)
    exploited: list[str] = field(default_factory=list)
    elements: int = 0


def take_in(path: Path, families: Set[str]) -> Taken:
    """Read a file to its end, in memory that does not grow with what is of no use here.

    ``families``: plain names of the lines of products that fingerprints know. Raises UsageError
    with what is wrong with the file.
    """
    members: dict[str, Any] = {}
    taken = Taken(Feed("", "", "", "", 0))
    try:
        with reading(path) as document:
            for key, value in document.members(nvd.ARRAYS | {kev.ARRAY}):
                if key not in nvd.ARRAYS:
                    members[key] = value
                else:
                    _take(taken, value, families)
            digest = document.digest()
    except ValueError as error:
        raise UsageError(f"{path} cannot be taken in: {error}") from error
    is_kev = bool(taken.exploited) and "catalogVersion" in members
    if not (is_kev or _is_nvd(members)) or not taken.elements:
        raise UsageError(_NEITHER.format(path=path))
    date = _date(members)
    if not date:
        raise UsageError(f"{path} does not say of when it is, so it cannot be told from older ones")
    publisher = "CISA, known exploited vulnerabilities" if is_kev else "NVD"
    if not is_kev:
        taken.exploited = sorted({flaw.id for flaw in taken.flaws if flaw.exploited})
    name = KEV if is_kev else _name(path)
    count = len(taken.exploited) if is_kev else len(taken.flaws)
    taken.note = Feed(name, publisher, date, digest, count)
    return taken


def _take(taken: Taken, element: object, families: Set[str]) -> None:
    taken.elements += 1
    if taken.elements > MOST_ELEMENTS or len(taken.flaws) > MOST_KEPT:
        raise ValueError("it holds more than any list of flaws")
    if attacked := kev.exploited(element):
        taken.exploited.append(attacked)
        return
    taken.flaws += (
        flaw for flaw in nvd.listed(element) if not flaw.family or flaw.product in families
    )


def _is_nvd(members: dict[str, Any]) -> bool:
    return members.get("format") == "NVD_CVE" or members.get("CVE_data_format") == "MITRE"


def _date(members: dict[str, Any]) -> str:
    for key in _DATES:
        found = _DATE.match(str(members.get(key, "")))
        if found:
            return "-".join(found.groups())
    return ""


def _name(path: Path) -> str:
    stem = re.sub(r"(\.json)?(\.gz|\.zst)?$", "", path.name.lower())
    return re.sub(r"[^0-9a-z.-]+", "-", stem).strip(".-")[:64] or "nvd"
