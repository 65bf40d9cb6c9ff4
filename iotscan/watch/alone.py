"""Keeps two watches of one history from looking at once, on this machine.

A database of SQLite is the lock: it works alike on every system, and it opens by itself when its
process ends, however that ends.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from iotscan.errors import UsageError


@contextmanager
def alone(file: Path, what: str) -> Iterator[None]:
    """Hold the lock. Raises UsageError while somebody else does, or where it cannot be written."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        held = sqlite3.connect(file, timeout=0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"{file} cannot be written: {error}") from error
    with closing(held):
        try:
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise UsageError(f"{what} is being watched already, by another iotscan") from error
        yield
