"""``iotscan demo``: the real scan, of devices that exist only on this machine's loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from iotscan.cli.exits import FINE
from iotscan.cli.options import report_options, settings_of

if TYPE_CHECKING:
    import asyncio

    from iotscan.model import Report


@click.command(epilog="Exit code 0 whatever is found: finding something is what it is for.")
@click.option("--record", metavar="FILE", help="Keep all that was said, for iotscan replay.")
@report_options
def demo(quiet: bool, config: str | None, **flags: Any) -> int:
    """Scan a virtual home on this machine, to see how it works.

    A router, cameras, a hub, bulbs and more are simulated on loopback addresses and scanned by the
    same code that scans a real network. Nothing leaves this machine, and no rights are needed.
    """
    settings = settings_of(flags, config)
    from dataclasses import replace

    from iotscan.api import scan
    from iotscan.cli.keeping import asked_for, keeper
    from iotscan.cli.outputs import checked
    from iotscan.cli.progress import shown
    from iotscan.cli.running import run
    from iotscan.demo.home import VirtualHome
    from iotscan.settings import Settings

    outputs = checked(settings.outputs, settings.record, settings.rule_folders)
    # What the user set for a real network must not keep the demo from showing everything.
    plain = replace(
        Settings(),
        record=settings.record,
        rule_folders=settings.rule_folders,
        policy=settings.policy,
    )

    with keeper(asked_for(settings, flags), quiet) as kept:
        with shown(quiet) as progress:

            async def look(stop: asyncio.Event) -> Report:
                async with VirtualHome() as home:
                    ready = replace(plain, targets=(str(home.network),))
                    return await scan(ready, progress=progress, stop=stop)

            report = run(look)
        kept.finish(report, outputs)
    return FINE
