"""``iotscan scan``."""

from __future__ import annotations

from typing import Any

import click

from iotscan.cli.options import looking_options, report_options, settings_of


@click.command(
    epilog="Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong use, 3 incomplete: "
    "something could not be looked at. Ctrl-C once stops with a report of what is known."
)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@looking_options
@click.option("--record", metavar="FILE", help="Keep all that was said, for iotscan replay.")
@click.option("--yes", is_flag=True, help="Do not ask before scanning the attached networks.")
@report_options
def scan(targets: tuple[str, ...], yes: bool, quiet: bool, config: str | None, **flags: Any) -> int:
    """Find the devices on a network, and check what they expose.

    TARGET is an address, a network such as 192.168.1.0/24, or a name. Without one, the private
    networks that this machine is attached to are scanned, after asking.
    """
    settings = settings_of({"targets": targets, **flags}, config)
    from iotscan.cli.keeping import keeper
    from iotscan.cli.outputs import checked

    outputs = checked(settings.outputs, settings.record, settings.rule_folders)
    with keeper(settings, quiet) as kept:
        if not settings.targets:
            from iotscan.cli.consent import agree

            agree(settings, yes)
        from iotscan.api import scan as look
        from iotscan.cli.progress import shown
        from iotscan.cli.running import run

        with shown(quiet) as progress:
            report = run(lambda stop: look(settings, progress=progress, stop=stop))
        return kept.finish(report, outputs)
