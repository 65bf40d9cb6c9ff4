"""The command line: flags to settings, settings to the library, its report to an exit code."""

from __future__ import annotations

import gc
import shlex
import sys
from collections.abc import Iterator, Sequence

import click

from iotscan.cli import streams
from iotscan.cli.exits import BUG, FINE, INCOMPLETE, STOPPED, WRONG_USE
from iotscan.cli.root import Run, root
from iotscan.errors import IotscanError, UsageError
from iotscan.text import clean

_LONGEST_LINE = 2000
# Reports are large trees without cycles, which the collector goes through again and again while
# they grow: at these thresholds (young objects, and how many collections of one generation before
# the next) reading one of 20,000 findings takes less than half the time, and no more memory.
_COLLECTOR = (50_000, 20, 50)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (docs/exit-codes.md). Raises nothing."""
    gc.set_threshold(*_COLLECTOR)
    streams.prepare()
    run = Run()
    try:
        code = root.main(
            None if arguments is None else list(arguments),
            prog_name="iotscan",
            standalone_mode=False,
            obj=run,
        )
        if sys.stdout is not None:
            sys.stdout.flush()
    except (SystemExit, BrokenPipeError):
        # Whoever read standard output (head, less) has seen enough; so click leaves then.
        streams.drop()
        return FINE
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except click.Abort:
        click.echo("Stopped; there is no report.", err=True)
        return STOPPED
    except Exception as error:  # the last fence: whatever it is, people get a sentence
        return _tell(error, run)
    return int(code or 0)


def _tell(error: Exception, run: Run) -> int:
    causes = list(_leaves(error))
    if all(isinstance(cause, IotscanError) for cause in causes):
        for cause in dict.fromkeys(map(str, causes)):
            _say(f"iotscan: {cause}")
        known = all(isinstance(cause, UsageError) for cause in causes)
        return WRONG_USE if known else INCOMPLETE
    barred = [cause for cause in causes if isinstance(cause, PermissionError) and cause.filename]
    if barred:
        _say(
            f"iotscan: {barred[0].filename}: Permission denied. Name another place, or run iotscan "
            "as somebody who may use this one."
        )
        return WRONG_USE
    refused = [cause.strerror for cause in causes if streams.is_unwritable(cause)]
    if len(refused) == len(causes):
        streams.drop()
        _say(f"iotscan: no more can be written: {refused[0]}")
        return WRONG_USE
    if run.debug:
        import traceback

        _say("".join(traceback.format_exception(error)))
    first = causes[0]
    _say(f"iotscan: a fault in iotscan itself: {type(first).__name__}: {first}")
    if not run.debug:
        command = shlex.join(["iotscan", "--debug", *map(_masked, sys.argv[1:])])
        _say(
            f"Please report it with what this prints: {command}\n"
            "It may name your devices: read it before you send it."
        )
    return BUG


def _masked(argument: str) -> str:
    """Addresses of databases and messengers hold passwords, and this is to be sent to others."""
    place, mark, _ = argument.partition("://")
    return f"{place}{mark}…" if mark else argument


def _say(words: str) -> None:
    """To standard error, line by line: what went wrong may quote a file or a device."""
    for line in words.splitlines():
        indent = line[: len(line) - len(line.lstrip(" "))]
        click.echo(indent + clean(line, _LONGEST_LINE), err=True)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """What went wrong: a task group wraps the failures of its tasks in groups."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
