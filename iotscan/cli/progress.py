"""What is shown while a scan runs: a live line on a terminal, plain lines in a log, or nothing.

All of it goes to standard error: standard output is the report's.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from iotscan.model import Progress
from iotscan.report.words import count, safe

Listener = Callable[[Progress], None]


class Tally:
    """Counts what happened, and says it in one line."""

    def __init__(self) -> None:
        self._hosts: set[str] = set()
        self._counts: Counter[str] = Counter()
        self.discovering = True

    def take(self, step: Progress) -> None:
        self._counts[f"{step.stage} {step.what}"] += 1
        if (step.stage, step.what) == ("sweep", "host"):
            self._hosts.add(step.subject)
        if (step.stage, step.what) == ("discover", "done"):
            self.discovering = False

    def __str__(self) -> str:
        doing = "Looking for devices" if self.discovering else "Checking devices"
        done = self._counts["probe done"]
        parts = (
            f"{done} of {len(self._hosts)} done",
            count(self._counts["probe service"], "service"),
            count(self._counts["probe conversation"], "conversation"),
        )
        return f"{doing}: {', '.join(parts)}"


@contextmanager
def shown(quiet: bool) -> Iterator[Listener]:
    """A listener for the progress of a scan, in the form that suits standard error."""
    if quiet:
        yield lambda step: None
    elif sys.stderr.isatty():
        with _live() as listener:
            yield listener
    else:
        yield _plain


def _plain(step: Progress) -> None:
    """One line for each thing finished, as logs like it."""
    if (step.stage, step.what) == ("discover", "start"):
        click.echo("Looking for devices …", err=True)
    elif (step.stage, step.what) == ("discover", "done"):
        click.echo(f"Discovery is done: {count(step.done, 'address', 'addresses')}.", err=True)
    elif (step.stage, step.what) == ("probe", "done"):
        click.echo(f"Done with {safe(step.subject, 80)}.", err=True)


@contextmanager
def _live() -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    tally = Tally()
    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(str(tally), total=None)

        def listener(step: Progress) -> None:
            tally.take(step)
            bar.update(task, description=str(tally))

        yield listener
