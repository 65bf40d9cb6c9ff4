"""How far each receiver of notifications was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "told",
        sa.Column("receiver", sa.String(64), primary_key=True),
        sa.Column("scan", sa.Integer, nullable=False),
    )
