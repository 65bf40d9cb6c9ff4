"""``iotscan diff``: what changed from one scan to another."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import click

from iotscan.cli.exits import FINDINGS, FINE, INCOMPLETE
from iotscan.cli.scans import config_option, is_file, opened, side_of, store_option


@click.command(
    epilog="Exit codes: 0 nothing new, 1 a finding is new, 3 nothing new is known, but something "
    "could not be told. Accepted findings do not count."
)
@click.argument("earlier", metavar="[EARLIER]", default="previous")
@click.argument("later", metavar="[LATER]", default="latest")
@click.option(
    "--output",
    default="terminal",
    metavar="FORMAT[:FILE]",
    help="terminal (default), json or markdown, on the screen or into a file.",
)
@click.option("--rules", multiple=True, metavar="FOLDER", help="Add rules of your own. Repeatable.")
@store_option
@config_option
def diff(
    earlier: str,
    later: str,
    output: str,
    rules: tuple[str, ...],
    store: str | None,
    config: str | None,
) -> int:
    """Say what is new, gone, resolved and unknown between two scans.

    A scan is an id of iotscan history, latest, previous (the one before the latest, of the same
    scope), or the file of a JSON report. What was not looked at again is never called resolved.
    """
    from iotscan.assess.rulebook.rulings import Rulings
    from iotscan.cli.outputs import put
    from iotscan.compare.differ import compare
    from iotscan.model.difference import Change
    from iotscan.report.diff import writer

    name, _, file = output.partition(":")
    write = writer(name)
    with ExitStack() as closing:
        kept = None
        if not (is_file(earlier) and is_file(later)):
            kept = closing.enter_context(opened(store, config))
        before, after = side_of(earlier, kept), side_of(later, kept)
    found = compare(before, after, Rulings(rules))
    put(partial(write, found), file)
    if any(not finding.accepted for finding in found.of(Change.NEW)):
        return FINDINGS
    return INCOMPLETE if found.of(Change.UNKNOWN) else FINE
