"""``iotscan watch``: scans on a schedule, and tells only what changed."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iotscan.cli.clock import WallClock
from iotscan.cli.exits import FINE, INCOMPLETE
from iotscan.cli.options import judging_options, looking_options, settings_of
from iotscan.errors import UsageError
from iotscan.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from iotscan.watch.schedule import Schedule
    from iotscan.watch.telling import Teller

_DAILY = "24h"


@click.command(
    epilog="Exit codes: 0 everybody was told, 2 wrong use, 3 with --once: a receiver could not be "
    "told, or the scan was stopped. Ctrl-C ends it."
)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--every", metavar="TIME", help="Scan now, and again so often: 24h (default), 1h30m.")
@click.option("--at", multiple=True, metavar="HH:MM", help="Scan at this time of day. Repeatable.")
@click.option("--once", is_flag=True, help="Scan once and end: for systemd timers and cron.")
@click.option(
    "--notify",
    multiple=True,
    metavar="URL",
    help="Send what changed there too: an Apprise address, such as those of mail and messengers. "
    "Repeatable. In the settings file nobody else sees the password in it.",
)
@click.option("--yes", is_flag=True, help="Do not ask before scanning the attached networks.")
@looking_options
@judging_options
def watch(
    targets: tuple[str, ...],
    every: str | None,
    at: tuple[str, ...],
    once: bool,
    yes: bool,
    quiet: bool,
    config: str | None,
    **flags: Any,
) -> int:
    """Scan again and again, and tell only what changed since the scan before.

    New and missing devices, new and resolved findings, other firmware: on the screen, and to every
    receiver of --notify. The first scan tells what there is. Nothing is said when nothing changed.
    """
    schedule = _schedule(every, at, once)
    settings = settings_of({"targets": targets, **flags}, config)
    from iotscan.cli.running import run
    from iotscan.watch.alone import alone
    from iotscan.watch.notify import receivers
    from iotscan.watch.telling import Teller

    def note(words: str) -> None:
        click.echo(words, err=True)

    def aside(words: str) -> None:
        if not quiet:
            note(words)

    teller = Teller(receivers(settings.notify), click.echo, note, aside)
    settings = _ready(settings, yes)
    turns = _Turns(settings, teller, aside, quiet)
    with alone(_lock(settings), ", ".join(settings.targets)):
        words = "A scan that is not finished is not kept."
        if schedule is None:
            return run(turns.only, words)
        return run(lambda stop: turns.all(stop, schedule), words)


def _schedule(every: str | None, at: tuple[str, ...], once: bool) -> Schedule | None:
    """When to scan; None for once, now."""
    if sum(map(bool, (every, at, once))) > 1:
        raise UsageError("--every, --at and --once exclude each other")
    from iotscan.watch import schedule

    if once:
        return None
    return schedule.at(at) if at else schedule.every(every or _DAILY)


def _ready(settings: Settings, yes: bool) -> Settings:
    """With the networks that the user agreed to, whichever this machine is attached to later.

    Raises UsageError for everything that can be known to be wrong before the first scan.
    """
    from iotscan.api import rules
    from iotscan.cli.consent import agree
    from iotscan.cli.keeping import keeper
    from iotscan.net.interfaces import attachments
    from iotscan.net.scope import resolve_targets

    settings = replace(settings, outputs=(), record="", baseline="", fail_on_new=False)
    with keeper(settings) as kept:
        if kept.store is None:
            raise UsageError(
                "to watch is to compare with the scan before: name with --store where they are kept"
            )
    rules(settings)
    if settings.targets:
        resolve_targets(settings, attachments())
        return settings
    agree(settings, yes)
    scope = resolve_targets(settings, attachments()).scope
    return replace(settings, targets=tuple(map(str, scope.allow)))


def _lock(settings: Settings) -> Path:
    """One for each history and what is watched."""
    from iotscan.settings.folders import data_folder
    from iotscan.store.connect import place

    history = place(settings.store)
    # The same file may be called by several names.
    history = history if "://" in history else str(Path(history).resolve())
    what = "\n".join((history, *sorted(settings.targets)))
    name = hashlib.sha256(what.encode()).hexdigest()[:16]
    return data_folder() / f"watch-{name}.lock"


@dataclass
class _Turns:
    """A scan that is kept and told of."""

    settings: Settings
    teller: Teller
    aside: Callable[[str], None]
    quiet: bool

    async def only(self, stop: asyncio.Event) -> int:
        return FINE if await self._turn(stop) else INCOMPLETE

    async def all(self, stop: asyncio.Event, schedule: Schedule) -> int:
        from iotscan.watch.turns import keep_watch

        async def turn() -> None:
            await self._turn(stop)

        await keep_watch(turn, self.teller.failed, schedule, WallClock(), stop, self.aside)
        return FINE

    async def _turn(self, stop: asyncio.Event) -> bool:
        """Whether the scan was kept, and everybody knows of it."""
        from iotscan.api import scan
        from iotscan.cli.keeping import keeper
        from iotscan.cli.progress import shown

        # Nothing is forgotten before it was compared with and told.
        keeping = replace(self.settings, keep_days=0, keep_scans=0)
        with keeper(keeping, quiet=True) as kept:
            with shown(self.quiet or not sys.stderr.isatty()) as progress:
                report = await scan(self.settings, progress=progress, stop=stop)
            if stop.is_set() and not report.complete:
                return False
            kept.finish(report, ())
            assert kept.store is not None
            told = await self.teller.tell(kept.store, kept.scan)
            kept.store.prune(self.settings.keep_days, self.settings.keep_scans)
            return told
