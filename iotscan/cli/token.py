"""``iotscan token``: who may use the HTTP API of ``iotscan web``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from iotscan.cli.clock import now
from iotscan.cli.exits import FINE
from iotscan.cli.options import settings_of

if TYPE_CHECKING:
    from iotscan.store import Store


@click.group()
@click.option("--store", metavar="STORE", help="Where scans are kept: a file, or a database's URL.")
@click.option("--config", metavar="FILE", help="Read settings from this file, not from your own.")
@click.pass_context
def token(ctx: click.Context, store: str | None, config: str | None) -> None:
    """Make, list and revoke tokens for programs that use the HTTP API."""
    ctx.obj = settings_of({"store": store}, config).store


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=["read"],
    show_default=True,
    type=click.Choice(["read", "scan", "write"]),
    help="What it may do. Repeatable.",
)
@click.pass_obj
def add(where: str, name: str, scopes: tuple[str, ...]) -> int:
    """Make a token and print it. It is shown this once; only a digest of it is kept."""
    with _opened(where) as store:
        click.echo(store.add_token(name, scopes, now())[1])
    return FINE


@token.command("list", short_help="The tokens that are good.")
@click.pass_obj
def listed(where: str) -> int:
    """The tokens that are good: number, scopes, when they were made, name."""
    with _opened(where) as store:
        found = store.tokens()
    for one in found:
        click.echo(f"{one.id}  {','.join(one.scopes)}  {one.created}  {one.name}")
    if not found:
        click.echo("There is no token. `iotscan token add NAME` makes one.", err=True)
    return FINE


@token.command()
@click.argument("number", type=click.IntRange(1))
@click.pass_obj
def revoke(where: str, number: int) -> int:
    """Let a token open nothing any more, from the next request on."""
    with _opened(where) as store:
        store.revoke_token(number)
    return FINE


@contextmanager
def _opened(where: str) -> Iterator[Store]:
    from iotscan.store import open_store

    with open_store(where) as store:
        yield store
