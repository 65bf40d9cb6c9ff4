"""``iotscan principles``: the requirements, and which rules speak to each."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iotscan.cli.exits import FINE
from iotscan.errors import UsageError
from iotscan.report.words import count

if TYPE_CHECKING:
    from iotscan.assess.rulebook.book import Rulebook
    from iotscan.assess.rulebook.rules import Framework, Principle, Provision
    from iotscan.report.page import Page

_COLUMN = 14


@click.group()
def principles() -> None:
    """Browse principles, laws and standards, and see which rules speak to each requirement.

    Titles are short paraphrases; the documents themselves are the only authority.
    """


@principles.command("list", short_help="Every principle and framework.")
def list_principles() -> int:
    """The principles, then every framework with how much of it rules speak to."""
    book, page = _opened()
    page.line("Principles", "bold")
    for principle in book.principles.values():
        page.line(f"{principle.id}: {principle.title}", hang=4)
    page.line()
    page.line("Frameworks", "bold")
    for framework in book.frameworks.values():
        spoken = sum(bool(book.speaking_to(framework.id, name)) for name in framework.provisions)
        page.line(
            f"{framework.id}: {framework.name} ({framework.publisher} {framework.version}): rules "
            f"speak to {spoken} of {count(len(framework.provisions), 'provision')}",
            hang=4,
        )
    page.flush()
    return FINE


@principles.command("show", short_help="One of them, or one of its provisions.")
@click.argument("name", metavar="PRINCIPLE|FRAMEWORK")
@click.argument("provision", required=False, metavar="[PROVISION]")
def show_principle(name: str, provision: str | None) -> int:
    """A principle, a framework with its provisions, or one provision of it."""
    from iotscan.cli.suggest import unknown

    book, page = _opened()
    framework = book.frameworks.get(name)
    if framework and provision:
        if provision not in framework.provisions:
            command = f"iotscan principles show {name}"
            raise unknown("provision", provision, framework.provisions, command)
        _show_provision(book, page, framework, framework.provisions[provision])
    elif framework:
        _show_framework(book, page, framework)
    elif name in book.principles and not provision:
        _show_principle(book, page, book.principles[name])
    else:
        known = (*book.principles, *book.frameworks)
        raise unknown("principle or framework", name, known, "iotscan principles list")
    page.flush()
    return FINE


@principles.command("compare", short_help="Which provisions correspond to which.")
@click.argument("first", metavar="FRAMEWORK")
@click.argument("second", metavar="FRAMEWORK")
@click.option("--to", metavar="FILE", help="Write .html, .csv or .txt, not to standard output.")
def compare_frameworks(first: str, second: str, to: str | None) -> int:
    """Which provision of one framework corresponds to which of the other."""
    from iotscan.assess.rulebook.packs import load_rulebook
    from iotscan.cli.outputs import put
    from iotscan.cli.suggest import unknown
    from iotscan.report import correspondence

    forms = {
        ".html": correspondence.as_html,
        ".csv": correspondence.as_csv,
        ".txt": correspondence.as_text,
    }
    path = Path(to) if to else None
    if path and path.suffix not in forms:
        raise UsageError(f"{to}: comparisons are written as {', '.join(forms)}")
    book = load_rulebook()
    for name in (first, second):
        if name not in book.frameworks:
            raise unknown("framework", name, tuple(book.frameworks), "iotscan principles list")
    found = correspondence.compare(book.frameworks[first], book.frameworks[second], book)
    put(partial(forms[path.suffix] if path else correspondence.as_text, found), to or "")
    return FINE


def _show_principle(book: Rulebook, page: Page, principle: Principle) -> None:
    page.line(principle.title, "bold")
    page.line(principle.plain)
    page.labelled("ETSI sections", ", ".join(principle.etsi_sections), 15)
    page.labelled("CRA", ", ".join(principle.eu_cra), 15)
    page.line()
    page.line("Rules", "bold")
    for rule in book.rules.values():
        if rule.principle == principle.id:
            page.line(f"{rule.id} ({rule.severity.value}): {rule.title}", hang=4)


def _show_framework(book: Rulebook, page: Page, framework: Framework) -> None:
    page.line(f"{framework.name} ({framework.publisher} {framework.version})", "bold")
    for key, detail in framework.details.items():
        words = detail if isinstance(detail, str) else "; ".join(detail)
        if key == "url":
            page.verbatim(words)
        else:
            page.labelled(key.capitalize(), words, _COLUMN)
    section = None
    for provision in framework.provisions.values():
        if provision.section != section:
            section = provision.section
            page.line()
            page.line(f"{section} {framework.sections.get(section, '')}".strip(), "bold")
        rules = len(book.speaking_to(framework.id, provision.id))
        seen = _seen(provision)
        notes = "; ".join(filter(None, (count(rules, "rule") if rules else "", seen)))
        page.line(f"{provision.id}: {provision.title}{f' ({notes})' if notes else ''}", hang=4)


def _show_provision(book: Rulebook, page: Page, framework: Framework, provision: Provision) -> None:
    page.line(f"{framework.id} {provision.id}: {provision.title}", "bold")
    page.labelled("Level", provision.level, _COLUMN)
    page.labelled("Section", framework.sections.get(provision.section, ""), _COLUMN)
    page.labelled("Condition", provision.condition, _COLUMN)
    page.labelled("From outside", _seen(provision), _COLUMN)
    if provision.observability:
        page.labelled("Note", provision.observability.note, _COLUMN)
    page.line()
    rules = book.speaking_to(framework.id, provision.id)
    page.line("Rules that speak to it" if rules else "No rule speaks to it.", "bold")
    for rule in rules:
        page.line(f"{rule.id} ({rule.severity.value}, {rule.relation.value}): {rule.title}", hang=4)


def _seen(provision: Provision) -> str:
    if provision.observability is None:
        return ""
    by = provision.observability.by
    return f"can be seen: {', '.join(by)}" if by else "cannot be seen from the network"


def _opened() -> tuple[Rulebook, Page]:
    from iotscan.assess.rulebook.packs import load_rulebook
    from iotscan.report import Options
    from iotscan.report.page import Page

    return load_rulebook(), Page(sys.stdout, Options())
