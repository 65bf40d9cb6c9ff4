"""Alembic reads this file. The connection, and the transaction on it, belong to the caller."""

from __future__ import annotations

from alembic import context

from iotscan.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
