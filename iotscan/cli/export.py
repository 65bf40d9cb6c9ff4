"""``iotscan export``: reports as tables."""

from __future__ import annotations

import atexit
import gc
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iotscan.errors import UsageError

if TYPE_CHECKING:
    from iotscan.model import Report


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER...")
@click.option(
    "--table",
    default="findings",
    metavar="NAME",
    help="findings (default), devices, services or observations.",
)
@click.option(
    "--format",
    "name",
    default="jsonl",
    metavar="NAME",
    help="jsonl (default), csv or parquet; pcapng for a recording, as far as it is plain text.",
)
@click.option("--to", metavar="FILE", help="Write into this file, not to standard output.")
@click.option("--rules", multiple=True, metavar="FOLDER", help="Add rules of your own. Repeatable.")
def export(
    files: tuple[str, ...], table: str, name: str, to: str | None, rules: tuple[str, ...]
) -> int:
    """Write a table of a report, for notebooks, spreadsheets and databases.

    FILE is a report that --output json:FILE wrote, or whatever iotscan replay reads. Passwords are
    in no table.
    """
    from iotscan.report.tables import FORMATS, TABLES, rows, write

    if name == "pcapng":
        return _capture(files, to)
    if name not in (*FORMATS, "parquet"):
        known = ", ".join((*FORMATS, "parquet", "pcapng"))
        raise UsageError(f"there is no format {name!r}; formats are: {known}")
    if table not in TABLES:
        raise UsageError(f"there is no table {table!r}; tables are: {', '.join(TABLES)}")
    if name == "parquet" and to is None:
        raise UsageError("Parquet goes into a file: name one with --to FILE")
    report = _report(files, rules)
    if name == "parquet":
        from iotscan.report.parquet import write_parquet

        # What is not collected at the end, DuckDB takes for leaks, and tells in sixty lines.
        atexit.unregister(gc.freeze)
        write_parquet(rows(report, table), table, Path(str(to)))
        return 0
    from iotscan.cli.outputs import put

    put(partial(write, report, table, name), to or "")
    return 0


def _capture(files: tuple[str, ...], to: str | None) -> int:
    """A recording as a capture, for its owner alone."""
    from iotscan.capture.recording import is_recording, load
    from iotscan.offline import rebuild

    path = Path(files[0])
    if to is None or len(files) != 1 or not is_recording(path):
        raise UsageError("pcapng is made of one recording, with --to FILE")
    try:
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            left = rebuild(load(path), out)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}") from error
    click.echo(
        f"{left.frames} frames were written to {to}. Left out: {left.encrypted} encrypted "
        f"connections, {left.unframed} entries that were no packets.",
        err=True,
    )
    return 0


def _report(files: tuple[str, ...], rules: tuple[str, ...]) -> Report:
    from dataclasses import replace

    from iotscan.api import replay
    from iotscan.report.json import loads
    from iotscan.settings import Settings

    if len(files) == 1 and _is_report(Path(files[0])):
        return loads(Path(files[0]).read_text("utf-8"))
    return replay(files, replace(Settings(), rule_folders=rules))


def _is_report(path: Path) -> bool:
    """Whether the file begins like a report in JSON, not like a recording or a capture."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = b"".join(file.read(64).split())
    return head.startswith(b'{"format"')
