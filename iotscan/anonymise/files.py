"""What is read and written: files, standard input and output; written whole or not at all."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard

from iotscan.capture.writer import Writable
from iotscan.errors import UsageError

STANDARD = Path("-")


@contextmanager
def given(source: Path) -> Iterator[Path]:
    """The file to read, several times. What comes from standard input lies, for its owner alone,
    in a file for temporary ones until the end. Raises UsageError.
    """
    if source != STANDARD:
        yield source
        return
    with tempfile.NamedTemporaryFile(prefix="iotscan-") as kept:
        try:
            shutil.copyfileobj(sys.stdin.buffer, kept)
            kept.flush()
        except OSError as error:
            why = f"standard input cannot be kept in {tempfile.gettempdir()}: {error.strerror}"
            raise UsageError(f"{why}. Set TMPDIR to a folder with room.") from error
        yield Path(kept.name)


@contextmanager
def taken(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """The file to write, which gets its name when all is in it. Raises UsageError."""
    if target == STANDARD:
        with tempfile.TemporaryDirectory(prefix="iotscan-") as folder:
            made = Path(folder) / "out"
            yield made
            with made.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        return
    if target.is_dir():
        raise UsageError(f"{target} is a folder: name a file in it")
    if target.exists() and not target.is_file():
        yield target  # a device or a pipe: a rename would take its place
        return
    if target.exists() and not overwrite:
        raise UsageError(f"{target} is there already: name another file, or add --overwrite")
    try:
        # The name ends like the target's, by which it is packed.
        handle, name = tempfile.mkstemp(f"-{target.name}", ".", target.parent)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
    os.close(handle)
    try:
        yield Path(name)
        Path(name).replace(target)
    except BaseException:  # Ctrl-C as well: nothing half-written stays behind
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def packed(target: Path) -> Iterator[Writable]:
    """A file for its owner alone, packed as its name says. Raises UsageError, also when there is no
    room for it.
    """
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file, _packed(target, file) as out:
            yield out
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error


@contextmanager
def _packed(target: Path, file: IO[bytes]) -> Iterator[Writable]:
    if target.suffix == ".gz":
        # Without a name and a time, so that the same input gives the same bytes.
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as smaller:
            yield smaller
    elif target.suffix in (".zst", ".zstd"):
        with zstandard.ZstdCompressor().stream_writer(file) as smaller:
            yield smaller
    else:
        yield file
