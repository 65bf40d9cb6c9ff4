"""Risks that were accepted, and how many findings of a scan they cover."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "accepted_risks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("device", sa.Integer, sa.ForeignKey("devices.id", ondelete="CASCADE")),
        sa.Column("port", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("expires", sa.String(10), nullable=False),
        sqlite_autoincrement=True,
    )
    none = sa.Column("accepted", sa.Integer, nullable=False, server_default="0")
    op.add_column("scans", none)
    false = sa.Column("accepted", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("findings", false)
