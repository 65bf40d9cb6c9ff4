"""``iotscan fingerprints``: what iotscan tells devices by."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from iotscan.cli.exits import FINDINGS, FINE

if TYPE_CHECKING:
    from iotscan.assess.rulebook.fingerprints import Fingerprint, Fingerprints
    from iotscan.report.page import Page


@click.group()
def fingerprints() -> None:
    """List or check the texts by which a device is told: its maker, model, firmware and kind."""


@fingerprints.command("list", short_help="Every fingerprint, or those with some words.")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option(
    "--rules", "folders", multiple=True, metavar="FOLDER", help="Add those of your own. Repeatable."
)
def list_fingerprints(words: tuple[str, ...], folders: tuple[str, ...]) -> int:
    """Every fingerprint, or those with all of the words: its id, what it reads, what it tells."""
    known, page = _opened(folders)
    lines = [_line(entry) for entry in known.entries.values()]
    wanted = [word.casefold() for word in words]
    shown = [line for line in lines if all(word in line.casefold() for word in wanted)]
    for line in sorted(shown):
        page.line(line, hang=4)
    page.line()
    page.line(
        f"{len(shown)} of {len(known.entries)} fingerprints, of {len(known.vendors())} makers."
    )
    page.flush()
    return FINE


@fingerprints.command("check", short_help="Read them and try all their examples.")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
def check_fingerprints(folders: tuple[str, ...]) -> int:
    """Read the fingerprints and try all their examples, with those of FOLDER if given.

    A fault is told with its file and line, all of them at once, and the exit code is 2. It is 1
    when two of them, equally sure, read one example differently.
    """
    known, page = _opened(folders)
    examples = sum(len(entry.examples) for entry in known.entries.values())
    ambiguous = [str(each) for each in known.ambiguities()]
    page.line(
        f"{len(known.entries)} fingerprints of {len(known.vendors())} makers are sound, and "
        f"{examples} examples come out as they say."
    )
    for line in ambiguous:
        page.line(f"Ambiguous: {line}", hang=4)
    page.flush()
    return FINDINGS if ambiguous else FINE


def _opened(folders: tuple[str, ...]) -> tuple[Fingerprints, Page]:
    from iotscan.assess.rulebook.packs import load_rulebook
    from iotscan.report import Options
    from iotscan.report.page import Page

    return load_rulebook(folders).fingerprints, Page(sys.stdout, Options())


def _line(entry: Fingerprint) -> str:
    caught = entry.match.pattern.groupindex if entry.match.pattern is not None else {}
    told = [*(f"{name} {value}" for name, value in entry.gives.items()), *map(_from_text, caught)]
    return f"{entry.id} ({', '.join(entry.weights)}): {', '.join(told)}"


def _from_text(name: str) -> str:
    return f"{name} as it says"
