"""``iotscan replay``."""

from __future__ import annotations

from typing import Any

import click

from iotscan.cli.exits import of_report
from iotscan.cli.options import report_options, settings_of


@click.command(epilog="Exit codes are those of iotscan scan.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@report_options
def replay(files: tuple[str, ...], quiet: bool, config: str | None, **flags: Any) -> int:
    """Make the report of a recording again, under the rules of today.

    FILE is what iotscan scan --record wrote; several are read as one. No packet is sent.
    """
    settings = settings_of(flags, config)
    from pathlib import Path

    from iotscan.cli.outputs import checked, write_all
    from iotscan.api import replay as look_again

    outputs = checked(settings.outputs)
    report = look_again([Path(file) for file in files], settings)
    write_all(report, outputs, settings.show_passwords)
    return of_report(report, settings.fail_on)
