"""``iotscan db``: the tables that the history is kept in."""

from __future__ import annotations

import click

from iotscan.cli.exits import FINE
from iotscan.cli.scans import config_option, opened, store_name, store_option
from iotscan.errors import UsageError


@click.group()
def db() -> None:
    """Make the history's tables ready, or forget old scans."""


@db.command()
@store_option
@config_option
def upgrade(store: str | None, config: str | None) -> int:
    """Make or upgrade the tables. A file is upgraded by itself; a PostgreSQL database is not."""
    from iotscan.store.connect import place, prepare

    name = store_name(store, config)
    before, now = prepare(name)
    what = (
        f"is at {now} as it was" if before == now else f"went from {before or 'nothing'} to {now}"
    )
    click.echo(f"{place(name)} {what}.")
    return FINE


@db.command()
@click.option(
    "--keep-days", type=click.IntRange(1), metavar="DAYS", help="Forget scans older than this."
)
@click.option(
    "--keep-scans", type=click.IntRange(1), metavar="NUMBER", help="Keep so many of each scope."
)
@store_option
@config_option
def prune(
    keep_days: int | None, keep_scans: int | None, store: str | None, config: str | None
) -> int:
    """Forget old scans. The newest of each scope stays, and so do the devices and their names."""
    from iotscan.report.words import count

    if not keep_days and not keep_scans:
        raise UsageError("say what to keep, with --keep-days DAYS or --keep-scans NUMBER")
    with opened(store, config) as kept:
        gone = kept.prune(keep_days or 0, keep_scans or 0)
    click.echo(f"{count(len(gone), 'scan')} forgotten.")
    return FINE
