"""``iotscan report``: a stored scan, or a JSON report, in any format."""

from __future__ import annotations

import click

from iotscan.cli.exits import FINE
from iotscan.cli.scans import config_option, is_file, opened, report_of, store_option


@click.command()
@click.argument("scan", metavar="[SCAN]", default="latest")
@click.option(
    "--output",
    multiple=True,
    metavar="FORMAT[:FILE]",
    help="How and where the report is written, as for iotscan scan. Repeatable.",
)
@click.option(
    "--show-passwords",
    is_flag=True,
    help="Show the passwords that worked. They are masked otherwise.",
)
@store_option
@config_option
def report(
    scan: str,
    output: tuple[str, ...],
    show_passwords: bool,
    store: str | None,
    config: str | None,
) -> int:
    """Write the report of a scan as it was then, in any format.

    SCAN is an id of iotscan history, latest (default), previous, or the file of a JSON report.
    Nothing is judged again: for today's rules on an old scan, replay its recording.
    """
    from iotscan.cli.options import settings_of
    from iotscan.cli.outputs import checked, write_all

    settings = settings_of({"output": output}, config)
    outputs = checked(settings.outputs, rule_folders=settings.rule_folders)
    if is_file(scan):
        found = report_of(scan, None)
    else:
        with opened(store, config) as kept:
            found = report_of(scan, kept)
    write_all(found, outputs, show_passwords, settings.rule_folders)
    return FINE
