"""Transactions: writers take turns, readers go on reading what was there before.

SQLite locks the whole file for a writer, so a writing transaction says so at its start and waits;
otherwise two that began as readers would each wait for the other. In PostgreSQL a lock of our own
does the same: recognising devices and adding new ones must not happen twice at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from iotscan.errors import StoreError

_WRITING = "writing"
# Any number that other programs in the same database are unlikely to use: "iots" in ASCII.
_LOCK = 0x696F7473


@contextmanager
def reading(engine: Engine, failing: str = "cannot be read") -> Iterator[Connection]:
    """A transaction that sees one state. ``failing``: what a StoreError says of the history."""
    with _told(failing), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine, failing: str = "cannot be written") -> Iterator[Connection]:
    """A transaction of which all is kept or nothing; one at a time."""
    options = {_WRITING: True}
    with (
        _told(failing),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield connection


def begin(connection: Connection) -> None:
    """Begin a transaction in SQLite (a listener of its engine)."""
    writes = connection.get_execution_options().get(_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _told(failing: str) -> Iterator[None]:
    """Turn what a database says of a failure into a StoreError of one line."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        # What fails while a connection is being made comes from the driver as it is.
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = str(cause).strip().splitlines() or ["no reason was given"]
        raise StoreError(f"the history {failing}: {reason[0]}") from error
