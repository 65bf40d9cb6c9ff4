"""Which provision of one framework corresponds to which of another, from the catalogue alone.

Grounds are told apart: that the documents state it (editions of one standard, provisions deemed met
by another), that the same rules of the pack speak to both, and, where there is no better one, that
both come back to the same principle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.rules import Framework, Provision
from iotscan.report import Options
from iotscan.report.page import Page
from iotscan.report.tables import Row, write_csv
from iotscan.report.words import count

STATED, CLOSE, LOOSE, PRINCIPLE = "stated", "close", "loose", "principle"
WORDS = {
    STATED: "stated by the documents",
    CLOSE: "most rules speak to both",
    LOOSE: "some rules speak to both",
    PRINCIPLE: "same principle",
}
DISCLAIMER = (
    "Correspondence of topics, not of wording: rules that speak to both provisions show that both "
    "are about the same weakness, not that meeting one meets the other. Titles are short "
    "paraphrases; the documents themselves are the only authority."
)
_COLUMNS = (
    *("framework", "provision", "title"),
    *("other_framework", "other_provision", "other_title", "ground", "rules"),
)


@dataclass(frozen=True, slots=True)
class Match:
    """A provision of the other framework, on what ground, and the rules that speak to both."""

    provision: Provision
    ground: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every provision of the first framework with its matches, closest first; ``alone`` are those
    of the second that match none.
    """

    first: Framework
    second: Framework
    lines: tuple[tuple[Provision, tuple[Match, ...]], ...]
    alone: tuple[Provision, ...]


def compare(first: Framework, second: Framework, book: Rulebook) -> Comparison:
    """The comparison, provisions in the order of their documents."""
    lines = tuple(
        (provision, tuple(_matches(provision, first, second, book)))
        for provision in first.provisions.values()
    )
    matched = {match.provision.id for _, matches in lines for match in matches}
    alone = tuple(p for p in second.provisions.values() if p.id not in matched)
    return Comparison(first, second, lines, alone)


def as_text(found: Comparison, out: TextIO) -> None:
    page = Page(out, Options())
    page.line(f"{found.first.name} compared with {found.second.name}", "bold")
    page.line(DISCLAIMER, "dim")
    for provision, matches in found.lines:
        page.line()
        page.line(f"{provision.id}: {provision.title}", "bold", hang=4)
        for match in matches:
            rules = f", {count(len(match.rules), 'rule')}" if match.rules else ""
            other = match.provision
            words = f"{other.id}: {other.title} ({WORDS[match.ground]}{rules})"
            page.line(words, indent=4, hang=4)
        if not matches:
            page.line("no correspondence in the catalogue", "dim", indent=4)
    if found.alone:
        page.line()
        page.line(f"Only in {found.second.id}", "bold")
        for provision in found.alone:
            page.line(f"{provision.id}: {provision.title}", indent=4, hang=4)
    page.flush()


def as_html(found: Comparison, out: TextIO) -> None:
    from iotscan.report.html.paper import write

    write("comparison.html.j2", out, found=found, grounds=WORDS, disclaimer=DISCLAIMER)


def as_csv(found: Comparison, out: TextIO) -> None:
    write_csv(_rows(found), _COLUMNS, out)


def _rows(found: Comparison) -> Iterator[Row]:
    for provision, matches in found.lines:
        for match in matches:
            yield _row(found, provision, match.provision, match.ground, match.rules)
        if not matches:
            yield _row(found, provision, None, "", ())
    for provision in found.alone:
        yield _row(found, None, provision, "", ())


def _row(
    found: Comparison,
    one: Provision | None,
    other: Provision | None,
    ground: str,
    rules: tuple[str, ...],
) -> Row:
    return {
        "framework": found.first.id,
        "provision": one.id if one else None,
        "title": one.title if one else None,
        "other_framework": found.second.id,
        "other_provision": other.id if other else None,
        "other_title": other.title if other else None,
        "ground": WORDS.get(ground, "none in the catalogue"),
        "rules": "; ".join(rules),
    }


def _matches(
    provision: Provision, first: Framework, second: Framework, book: Rulebook
) -> Iterator[Match]:
    stated = _stated(provision, first, second, book)
    own = {rule.id for rule in book.speaking_to(first.id, provision.id)}
    shared = _shared(first, provision, second, book)
    weights = {}
    for name, rules in shared.items():
        other = {rule.id for rule in book.speaking_to(second.id, name)}
        weights[name] = len(rules) / len(own | other)
    names = [name for name in second.provisions if name in stated or name in shared]
    for name in sorted(names, key=lambda name: (name not in stated, -weights.get(name, 0))):
        ground = STATED if name in stated else CLOSE if weights[name] >= 0.5 else LOOSE
        yield Match(second.provisions[name], ground, tuple(shared.get(name, ())))
    if not names:
        principles = _principles(first, provision, book)
        for there in second.provisions.values():
            if principles & _principles(second, there, book):
                yield Match(there, PRINCIPLE, ())


def _stated(provision: Provision, first: Framework, second: Framework, book: Rulebook) -> set[str]:
    """What either document says of the other, in whichever direction it says so, or by way of a
    third: an edition that both name.
    """
    there = set(provision.related.get(second.id, ()))
    back = {
        other.id
        for other in second.provisions.values()
        if provision.id in other.related.get(first.id, ())
    }
    for name, numbers in provision.related.items():
        between = book.frameworks[name].provisions if name in book.frameworks else {}
        for number in numbers:
            if number in between:
                there |= set(between[number].related.get(second.id, ()))
    return (there | back) & set(second.provisions)


def _principles(framework: Framework, provision: Provision, book: Rulebook) -> set[str]:
    """The principles that the catalogue files a provision under, for the frameworks it does."""
    found = set()
    for principle in book.principles.values():
        filed = {
            "etsi-en-303-645": provision.section in principle.etsi_sections,
            "eu-cra": provision.id in principle.eu_cra,
            "is3c-wg1": provision.id in principle.is3c,
        }
        if filed.get(framework.id):
            found.add(principle.id)
    return found


def _shared(
    first: Framework, provision: Provision, second: Framework, book: Rulebook
) -> dict[str, list[str]]:
    """Provisions of the second framework, and the rules that speak to both, by id."""
    found: dict[str, list[str]] = defaultdict(list)
    for rule in book.speaking_to(first.id, provision.id):
        for name in rule.crosswalk.get(second.id, ()):
            found[name].append(rule.id)
    return found
