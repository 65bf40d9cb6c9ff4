"""Brings a database to the tables of today, in one transaction that the caller has begun."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from iotscan.errors import StoreError
from iotscan.store.schema import REVISION

_VERSIONS = "alembic_version"


def revision(connection: Connection) -> str:
    """Where the database stands; "" for one without any of our tables.

    Raises StoreError for a database that holds something else.
    """
    tables = inspect(connection).get_table_names()
    if _VERSIONS not in tables:
        if tables:
            raise StoreError("the database holds tables that are not iotscan's")
        return ""
    # Nothing but our own name of the table goes into the text.
    found = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalars().all()  # noqa: S608
    return str(found[0]) if found else ""


def check_not_newer(found: str) -> None:
    """Raise StoreError when a later version of iotscan made the database."""
    if found > REVISION:
        raise StoreError(
            f"a newer iotscan has changed the history (its form is {found}, this iotscan knows "
            f"{REVISION}): update iotscan, or name another --store"
        )


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing. SQLite and PostgreSQL undo them all if one fails."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "iotscan.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
