"""Scans with their reports, the devices seen in them, and their findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "scans",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.String(size), nullable=False) for name, size in _SHORT.items()),
        sa.Column("duration", sa.Float, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _COUNTS),
        sqlite_autoincrement=True,
    )
    op.create_index("scans_started", "scans", ["started", "id"])
    op.create_table(
        "bodies",
        _scan(),
        sa.Column("report", sa.LargeBinary, nullable=False),
        sa.Column("snapshot", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in _WORDS),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("known", "randomised", "sure")),
        sa.Column("mac", sa.String(20), nullable=False),
        sa.Column("first_seen", sa.String(40), nullable=False),
        sa.Column("last_seen", sa.String(40), nullable=False),
        sa.Column("last_scan", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "marks",
        _device(primary_key=True),
        sa.Column("mark", sa.String(40), primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
    )
    op.create_table(
        "sightings",
        _scan(),
        _device(primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("sure", sa.Boolean, nullable=False),
    )
    op.create_index("sightings_device", "sightings", ["device"])
    op.create_table(
        "findings",
        _scan(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        _device(),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
    )
    op.create_index("findings_device", "findings", ["device"])
    op.create_index("findings_rule", "findings", ["rule"])


_SHORT = {"started": 40, "source": 20, "version": 40, "rules": 80}
_COUNTS = ("devices", "info", "low", "medium", "high", "critical")
_WORDS = (
    *("name", "label", "key", "addresses", "vendor", "model", "firmware", "kind"),
    *("network", "because"),
)


def _scan() -> sa.Column[int]:
    to = sa.ForeignKey("scans.id", ondelete="CASCADE")
    return sa.Column("scan", sa.Integer, to, primary_key=True)


def _device(primary_key: bool = False) -> sa.Column[int]:
    to = sa.ForeignKey("devices.id", ondelete="CASCADE")
    return sa.Column("device", sa.Integer, to, primary_key=primary_key, nullable=False)
