"""Where reports go: looked at before the scan begins, written whole or not at all.

A report says how to get into devices, so its file is readable for its owner alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TextIO

import click

from iotscan.cli import streams
from iotscan.errors import UsageError
from iotscan.model import Report
from iotscan.report import Argued, Options, render, renderer


@dataclass(frozen=True, slots=True)
class Output:
    """A format and a file; None is the screen. ``argument``: of a format that takes one."""

    format: str
    file: Path | None = None
    argument: str = ""


def checked(
    texts: Iterable[str], record: str = "", rule_folders: tuple[str, ...] = ()
) -> tuple[Output, ...]:
    """The outputs that ``FORMAT[:ARGUMENT][:FILE]`` texts name, each of them writable.

    ``record``: the file of the recording, checked with them. Raises UsageError.
    """
    outputs = tuple(dict.fromkeys(_parsed(text) for text in texts))
    for output in outputs:
        found = renderer(output.format)
        if isinstance(found, Argued):
            found.check(_options(output, Options(rule_folders=rule_folders)))
    files = [output.file.resolve() for output in outputs if output.file]
    files += [Path(record).resolve()] if record else []
    for file in files:
        if files.count(file) > 1:
            raise UsageError(f"two outputs would be written to {file}: give each its own file")
        _check_writable(file)
    if sum(output.file is None for output in outputs) > 1:
        raise UsageError("two outputs would be written to the screen: give one of them a file")
    return outputs


def write_all(
    report: Report,
    outputs: Sequence[Output],
    show_passwords: bool,
    rule_folders: tuple[str, ...] = (),
) -> None:
    """Write every output; one that fails does not keep the others from being written.

    Raises UsageError that names those that could not be.
    """
    common = Options(show_passwords=show_passwords, rule_folders=rule_folders)
    faults = []
    for output in outputs:
        options = _options(output, common)
        write = partial(_render, report, output.format, options)
        try:
            if output.file is None:
                to_screen(write)
            else:
                _to_file(write, output.file)
        except OSError as error:
            faults.append(f"{output.file or 'the screen'}: {error.strerror or error}")
    if faults:
        raise UsageError("the report could not be written to " + "; ".join(faults))


def _render(report: Report, name: str, options: Options, out: TextIO) -> None:
    render(report, name, out, options)


def _parsed(text: str) -> Output:
    name, colon, file = text.partition(":")
    found = renderer(name)
    argument = ""
    if isinstance(found, Argued):
        argument, colon, file = file.partition(":")
        if not argument:
            wanted = found.argument
            raise UsageError(f"--output {text}: it takes a {wanted}, as in {name}:{wanted}:FILE")
    if colon and not file:
        raise UsageError(f"--output {text}: a file name is missing after the colon")
    return Output(name, Path(file).expanduser() if file not in ("", "-") else None, argument)


def _options(output: Output, common: Options) -> Options:
    """What is asked of this one output."""
    form = output.file.suffix.removeprefix(".") if output.file else ""
    return replace(common, argument=output.argument, form=form)


def _check_writable(file: Path) -> None:
    if file.is_dir():
        raise UsageError(f"{file} is a folder: name a file in it")
    try:
        if file.exists():
            # Opening to append changes nothing; a pipe must not be opened without its reader.
            if file.is_file():
                file.open("ab").close()
            if _special(file):
                return
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        os.close(handle)
        Path(name).unlink()
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}. Name a file in a folder you may write to."
        ) from error


def _special(file: Path) -> bool:
    """A device or a pipe: it is written as it stands, for a rename would take its place."""
    return file.exists() and not file.is_file()


def put(write: Callable[[TextIO], None], file: str) -> None:
    """Write to a file, or to the screen where it is "" or "-". Raises UsageError."""
    try:
        _to_file(write, Path(file).expanduser()) if file not in ("", "-") else to_screen(write)
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"{file or 'the screen'} cannot be written: {why}") from error


def to_screen(write: Callable[[TextIO], None]) -> None:
    """Let ``write`` write to standard output. Raises OSError."""
    try:
        write(sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        streams.drop()  # the reader (head, less) has seen enough


def _to_file(write: Callable[[TextIO], None], path: Path) -> None:
    """Let ``write`` write the file, whole or not at all, for its owner alone. Raises OSError."""
    file = path.resolve()
    if _special(file):
        with file.open("w", encoding="utf-8") as out:
            write(out)
        return
    handle, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(file)
    except BaseException:  # Ctrl-C as well: nothing half-written stays behind
        Path(temporary).unlink(missing_ok=True)
        raise
    click.echo(f"The report was written to {path}.", err=True)
