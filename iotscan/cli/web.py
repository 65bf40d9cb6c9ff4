"""``iotscan web`` and ``iotscan token``: the local page, and who else may use its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from iotscan.cli.clock import today
from iotscan.cli.exits import FINE
from iotscan.cli.options import settings_of
from iotscan.errors import UsageError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from iotscan.model import Progress, Report
    from iotscan.settings import Settings


@click.command()
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen. Anything but this machine itself asks browsers for a token.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8642,
    show_default="8642",
    metavar="PORT",
    help="The port of the page, as in http://127.0.0.1:8642.",
)
@click.option(
    "--host-name",
    multiple=True,
    metavar="NAME",
    help="A name by which browsers reach it, besides its address. Repeatable.",
)
@click.option("--demo", is_flag=True, help="Scan the virtual home on this machine, nothing else.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--store", metavar="STORE", help="Where scans are kept: a file, or a database's URL.")
@click.option("--config", metavar="FILE", help="Read settings from this file, not from your own.")
def web(
    address: str,
    port: int,
    host_name: tuple[str, ...],
    demo: bool,
    no_browser: bool,
    config: str | None,
    **flags: Any,
) -> int:
    """Show a page to scan from, to read reports and to compare them.

    It is for this machine alone, unless --address says otherwise. Ctrl-C ends it.
    """
    settings = settings_of(flags, config)
    try:
        from iotscan.web.serve import Place, serve
    except ImportError as error:
        raise UsageError(
            f"the page needs more packages ({error.name}): pip install 'iotscan[web]'"
        ) from None
    from iotscan.store import open_store

    def tell(url: str, token: str) -> None:
        click.echo(f"Open {url} in a browser. Ctrl-C ends this.", err=True)
        if token:
            click.echo(f"It asks for this token: {token}", err=True)
        elif not no_browser:
            click.launch(url)

    place = Place(address, port, host_name)
    with open_store(_where(settings)) as store:
        look, wanted = _demo() if demo else _scan(settings)
        serve(place, store, look, wanted, today=today, tell=tell, fixed=demo)
    return FINE


def _where(settings: Settings) -> str:
    if not settings.store:
        raise UsageError("the page needs a place to keep scans: leave --store out, or name one")
    return settings.store


def _scan(settings: Settings) -> tuple[Any, Settings]:
    from iotscan.api import scan

    return scan, settings


def _demo() -> tuple[Any, Settings]:
    """A scan of the virtual home, which stands as long as the scan."""
    from dataclasses import replace

    from iotscan.api import scan
    from iotscan.demo.home import VirtualHome
    from iotscan.settings import Settings

    async def look(
        settings: Settings, *, progress: Callable[[Progress], None], stop: asyncio.Event
    ) -> Report:
        async with VirtualHome() as home:
            ready = replace(settings, targets=(str(home.network),))
            return await scan(ready, progress=progress, stop=stop)

    return look, Settings()
