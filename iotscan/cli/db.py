"""``iotscan db``: the tables that the history is kept in."""

from __future__ import annotations

import click

from iotscan.cli.exits import FINE
from iotscan.cli.scans import config_option, opened, store_name, store_option


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
@click.option("--keep-days", default=0, metavar="DAYS", help="Forget scans older than this.")
@click.option("--keep-scans", default=0, metavar="NUMBER", help="Keep so many of each scope.")
@store_option
@config_option
def prune(keep_days: int, keep_scans: int, store: str | None, config: str | None) -> int:
    """Forget old scans. The newest of each scope stays, and so do the devices and their names."""
    with opened(store, config) as kept:
        gone = kept.prune(max(0, keep_days), max(0, keep_scans))
    click.echo(f"{len(gone)} scans were forgotten.")
    return FINE
