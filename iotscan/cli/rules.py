"""``iotscan rules``: what iotscan judges by."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from iotscan.cli.exits import FINE

if TYPE_CHECKING:
    from iotscan.assess.rulebook.book import Rulebook
    from iotscan.assess.rulebook.rules import Rule
    from iotscan.report.page import Page

_folder = click.option(
    "--rules", "folders", multiple=True, metavar="FOLDER", help="Add rules of your own. Repeatable."
)


@click.group()
def rules() -> None:
    """List, show or check the rules that make a finding of what was seen."""


@rules.command("list")
@_folder
def list_rules(folders: tuple[str, ...]) -> int:
    """Every rule: its id, its severity and its title."""
    book, page = _opened(folders)
    for rule in book.rules.values():
        draft = "" if rule.status == "stable" else f" ({rule.status})"
        page.line(f"{rule.id} ({rule.severity.value}): {rule.title}{draft}", hang=4)
    page.line()
    page.line(f"{len(book.rules)} rules, {len(book.evidence)} kinds of evidence. Hash {book.hash}.")
    page.flush()
    return FINE


@rules.command("show")
@click.argument("rule_id", metavar="RULE")
@_folder
def show_rule(rule_id: str, folders: tuple[str, ...]) -> int:
    """All that a rule says."""
    book, page = _opened(folders)
    if rule_id not in book.rules:
        from iotscan.cli.suggest import unknown

        raise unknown("rule", rule_id, book.rules, "iotscan rules list")
    rule = book.rules[rule_id]
    page.line(rule.title, "bold")
    for label, words in _parts(rule, book):
        page.labelled(label, words, 14)
    for framework, provisions in rule.crosswalk.items():
        page.labelled("Speaks to", f"{framework}: {', '.join(provisions)}", 14)
    page.flush()
    return FINE


@rules.command("check", short_help="Read rules and try all their examples.")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
def check_rules(folders: tuple[str, ...]) -> int:
    """Read the rules and try all their examples, with those of FOLDER if given.

    A fault is told with its file and line, all of them at once, and the exit code is 2.
    """
    book, page = _opened(folders)
    tried = [case.examples for rule in book.rules.values() for case in rule.cases]
    examples = sum(len(each.hit) + len(each.miss) + len(each.unknown) for each in tried)
    page.line(f"{len(book.rules)} rules are sound, and {examples} examples come out as they say.")
    page.flush()
    return FINE


def _opened(folders: tuple[str, ...]) -> tuple[Rulebook, Page]:
    from iotscan.assess.rulebook.packs import load_rulebook
    from iotscan.report import Options
    from iotscan.report.page import Page

    return load_rulebook(folders), Page(sys.stdout, Options())


def _parts(rule: Rule, book: Rulebook) -> tuple[tuple[str, str], ...]:
    principle = book.principles.get(rule.principle)
    exposed = rule.severity_if_internet_reachable
    return (
        ("Rule", f"{rule.id} ({rule.status})"),
        (
            "Severity",
            f"{rule.severity.value}; {exposed.value} if it can be reached from the internet",
        ),
        ("Because", rule.severity_rationale),
        ("Principle", principle.title if principle else rule.principle),
        ("Why", rule.plain_language),
        ("What to do", rule.remediation),
        ("Not proven", rule.does_not_prove),
        ("Judges", ", ".join(dict.fromkeys(case.about for case in rule.cases))),
        ("Confidence", rule.confidence.value),
        ("How it looks", rule.intrusiveness),
        ("Covers", ", ".join(rule.covers)),
        ("File", rule.path),
    )
