"""Opens a store: a file for its owner alone, or a PostgreSQL database."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from iotscan.errors import StoreError
from iotscan.settings.folders import data_folder
from iotscan.store.history import Store
from iotscan.store.migrate import check_not_newer, revision, upgrade
from iotscan.store.schema import REVISION
from iotscan.store.transactions import begin, reading, writing

DEFAULT = "sqlite"
FILE = "history.sqlite"
# Another writer's turn lasts as long as a scan of thousands of devices takes to write down.
_PATIENCE = 60.0
_ADVICE = {
    "sqlite": "Name another file with --store.",
    "postgresql": "Check that the server runs, and the address that --store gives.",
}


def open_store(name: str = DEFAULT) -> Store:
    """The store of that name, made and upgraded if it is a file.

    ``name``: "sqlite" for the one in the user's own data folder, the path of a file or
    "sqlite:///PATH", or "postgresql://USER:PASSWORD@HOST/DATABASE" (sockets: "?host=/folder").
    Raises StoreError when it cannot be opened; a PostgreSQL database must have been made ready with
    :func:`prepare`.
    """
    engine = _engine(name)
    try:
        _make_ready(engine, always=engine.dialect.name == "sqlite")
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def prepare(name: str = DEFAULT) -> tuple[str, str]:
    """Make or upgrade the tables: where the database stood ("" if nowhere), and where it stands."""
    engine = _engine(name)
    try:
        return _make_ready(engine, always=True), REVISION
    finally:
        engine.dispose()


def place(name: str = DEFAULT) -> str:
    """Where that store lies, for people; no password in it."""
    url = _url(name)
    return str(url.database) if url.drivername == "sqlite" else url.render_as_string()


def _make_ready(engine: Engine, *, always: bool) -> str:
    try:
        with reading(engine, "cannot be opened") as connection:
            found = revision(connection)
    except StoreError as error:
        raise StoreError(f"{error}. {_ADVICE[engine.dialect.name]}") from error
    check_not_newer(found)
    if found == REVISION:
        return found
    if not always:
        raise StoreError(
            "the database is not ready for this iotscan: run `iotscan db upgrade --store …`"
        )
    with writing(engine, "cannot be made ready") as connection:
        # Somebody else may have been quicker.
        if revision(connection) != REVISION:
            upgrade(connection)
    return found


def _url(name: str) -> URL:
    if name == DEFAULT:
        return URL.create("sqlite", database=str(data_folder() / FILE))
    if "://" not in name:
        return URL.create("sqlite", database=str(Path(name).expanduser()))
    try:
        url = make_url(name)
    except (ArgumentError, ValueError) as error:  # the latter of a port that is no number
        raise StoreError("--store is a file, sqlite:///FILE or postgresql://…") from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"no history can be kept in {url.get_backend_name()}: "
            "name a file, or a postgresql:// address"
        )
    if url.get_backend_name() == "sqlite" and not url.database:
        raise StoreError("sqlite:///FILE needs the path of a file")
    backend = url.get_backend_name()
    return url.set(drivername="sqlite" if backend == "sqlite" else "postgresql+psycopg")


def _engine(name: str) -> Engine:
    url = _url(name)
    if url.drivername == "sqlite":
        return _sqlite(url)
    try:
        return create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL needs a driver: pip install 'iotscan[postgresql]'") from error


def _sqlite(url: URL) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Nobody else may read who is at home; the log beside the file gets the same permissions.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        advice = _ADVICE["sqlite"]
        raise StoreError(f"{path} cannot be opened: {error.strerror}. {advice}") from error
    engine = create_engine(url, connect_args={"timeout": _PATIENCE})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", begin)
    return engine


def _on_connect(connection: sqlite3.Connection, record: object) -> None:
    # The driver must not begin transactions by itself: ``begin`` does, and DDL belongs in them too.
    connection.isolation_level = None
    # The mode stays with the file. Who finds it locked came while another was setting the same.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
