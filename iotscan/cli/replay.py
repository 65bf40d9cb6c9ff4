"""``iotscan replay``."""

from __future__ import annotations

from typing import Any

import click

from iotscan.cli.options import report_options, settings_of


@click.command(epilog="Exit codes are those of iotscan scan.")
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER...")
@click.option(
    "--evidence",
    metavar="DIR",
    help="Write one small capture per finding into this folder, with the frames that prove it.",
)
@click.option(
    "--mud",
    multiple=True,
    metavar="[MAC=]FILE|FOLDER",
    help="Hold the capture against this MUD file, or all of a folder. Repeatable.",
)
@report_options
def replay(
    files: tuple[str, ...],
    quiet: bool,
    config: str | None,
    evidence: str | None,
    mud: tuple[str, ...],
    **flags: Any,
) -> int:
    """Make the report of captures, or of a recording again. No packet is sent.

    FILE is a capture (pcap or pcapng, also compressed, or - for standard input) or what iotscan
    scan --record wrote; of a FOLDER all captures are read. Several are read as one.
    """
    settings = settings_of(flags, config)
    from iotscan.cli.keeping import asked_for, keeper

    settings = asked_for(settings, flags)
    from iotscan.api import replay as look_again
    from iotscan.cli.outputs import checked

    outputs = checked(settings.outputs, rule_folders=settings.rule_folders)
    with keeper(settings, quiet) as kept:
        return kept.finish(look_again(files, settings, evidence=evidence, mud=mud), outputs)
