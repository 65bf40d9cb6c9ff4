"""What SCAN means on the command line: a stored scan, or a report in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iotscan.errors import UsageError

if TYPE_CHECKING:
    from iotscan.compare.differ import Scanned
    from iotscan.model import Report
    from iotscan.store import Store

NAMES = ("latest", "previous")

store_option = click.option(
    "--store", metavar="STORE", help="The history: sqlite, a file, or a postgresql:// address."
)
config_option = click.option(
    "--config", metavar="FILE", help="Read settings from this file, not from your own."
)


def store_name(store: str | None, config: str | None) -> str:
    """Where the history lies, by flag or setting; UsageError if it is kept nowhere."""
    from iotscan.cli.options import settings_of

    name = settings_of({"store": store}, config).store
    if not name:
        raise UsageError("no history is kept (store = none): name one with --store")
    return name


@contextmanager
def opened(store: str | None, config: str | None) -> Iterator[Store]:
    """The history that flags and settings name."""
    from iotscan.store import open_store

    with open_store(store_name(store, config)) as found:
        yield found


def is_file(scan: str) -> bool:
    """Whether SCAN names a file; ids and the two names never do, "./latest" does."""
    return not scan.isdecimal() and scan not in NAMES


def report_of(scan: str, store: Store | None) -> Report:
    """The report that SCAN names. Raises UsageError."""
    if is_file(scan):
        return _loaded(scan)
    return _needed(store, scan).report(_needed(store, scan).find(scan).id)


def side_of(scan: str, store: Store | None) -> Scanned:
    """What SCAN names, ready to be compared. Raises UsageError."""
    if not is_file(scan):
        return _needed(store, scan).scanned(_needed(store, scan).find(scan).id, scan)
    from iotscan.compare.differ import unstored

    return unstored(_loaded(scan), Path(scan).name)


def _needed(store: Store | None, scan: str) -> Store:
    if store is None:
        raise UsageError(f"no history is kept that could hold the scan {scan}: name a JSON report")
    return store


def _loaded(path: str) -> Report:
    from iotscan.report.json import loads

    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} is no scan: a scan is an id of `iotscan history`, latest, previous, or the "
            "file of a JSON report"
        ) from error
    return loads(text)
