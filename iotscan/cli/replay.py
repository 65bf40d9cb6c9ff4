"""``iotscan replay``."""

from __future__ import annotations

from typing import Any

import click

from iotscan.cli.exits import of_report
from iotscan.cli.options import report_options, settings_of


@click.command(epilog="Exit codes are those of iotscan scan.")
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER...")
@click.option(
    "--evidence",
    metavar="DIR",
    help="Write one small capture per finding into this folder, with the frames that prove it.",
)
@report_options
def replay(
    files: tuple[str, ...], quiet: bool, config: str | None, evidence: str | None, **flags: Any
) -> int:
    """Make the report of captures, or of a recording again. No packet is sent.

    FILE is a capture (pcap or pcapng, also compressed, or - for standard input) or what iotscan
    scan --record wrote; of a FOLDER all captures are read. Several are read as one.
    """
    settings = settings_of(flags, config)
    from iotscan.api import replay as look_again
    from iotscan.cli.outputs import checked, write_all

    outputs = checked(settings.outputs)
    report = look_again(files, settings, evidence=evidence)
    write_all(report, outputs, settings.show_passwords)
    return of_report(report, settings.fail_on)
