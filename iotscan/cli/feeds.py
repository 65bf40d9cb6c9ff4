"""``iotscan feeds``: public lists of flaws, imported from files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iotscan.cli.exits import FINE

if TYPE_CHECKING:
    from iotscan.model import Feed


@click.group()
def feeds() -> None:
    """Keep public lists of known flaws, so that devices are held against them.

    Nothing is fetched: give the files that their publishers offer, the catalogue of known exploited
    vulnerabilities of CISA (known_exploited_vulnerabilities.json) and lists of the NVD in JSON 2.0
    or 1.1, plain or packed with gzip.
    """


@feeds.command("import", short_help="Take in the lists in these files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--config", metavar="FILE", help="Read settings from this file, not from your own.")
def import_feeds(files: tuple[str, ...], config: str | None) -> int:
    """Take in the lists in these files, each in place of an earlier one of its name."""
    from iotscan.assess.rulebook.feeds import plain
    from iotscan.assess.rulebook.packs import load_rulebook
    from iotscan.cli.options import settings_of
    from iotscan.feeds import store
    from iotscan.feeds.importing import take_in
    from iotscan.report.words import count

    settings = settings_of({}, config)
    folder = store.folder_of(settings)
    known = load_rulebook(settings.rule_folders).fingerprints.families()
    families = frozenset(map(plain, known))
    for file in files:
        taken = take_in(Path(file), families)
        store.keep(taken, folder)
        of = count(taken.elements, "entry", "entries")
        click.echo(f"{_line(taken.note)}, of {of} in the list.")
    return FINE


@feeds.command("list", short_help="The lists that are there.")
@click.option("--config", metavar="FILE", help="Read settings from this file, not from your own.")
def list_feeds(config: str | None) -> int:
    """The lists that are there: name, date, how much of it devices are held against, SHA-256."""
    from iotscan.cli.options import settings_of
    from iotscan.feeds import store

    notes = store.load(store.folder_of(settings_of({}, config))).notes
    for note in notes:
        click.echo(f"{_line(note)}, SHA-256 {note.sha256}")
    if not notes:
        sys.stdout.write("No list was imported yet. iotscan feeds import FILE takes one in.\n")
    return FINE


@feeds.command("remove")
@click.argument("name")
@click.option("--config", metavar="FILE", help="Read settings from this file, not from your own.")
def remove_feed(name: str, config: str | None) -> int:
    """Forget a list."""
    from iotscan.cli.options import settings_of
    from iotscan.feeds import store

    store.remove(name, store.folder_of(settings_of({}, config)))
    return FINE


def _line(note: Feed) -> str:
    from iotscan.report.words import count

    entries = count(note.entries, "flaw")
    return f"{note.name} ({note.publisher}) of {note.date}: {entries}"
