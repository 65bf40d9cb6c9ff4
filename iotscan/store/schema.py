"""The tables, the same in SQLite and PostgreSQL. Migrations lead to what stands here.

The report of a scan is kept whole in ``bodies``; the other tables are what lists and comparisons
need of it, so that neither has to read a report.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)

# The newest migration; a database that stands elsewhere is upgraded or refused.
REVISION = "0004"

metadata = MetaData()

_SCAN = "scans.id"
_DEVICE = "devices.id"

scans = Table(
    "scans",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started", String(40), nullable=False),
    Column("duration", Float, nullable=False),
    Column("source", String(20), nullable=False),
    Column("scope", Text, nullable=False),
    Column("version", String(40), nullable=False),
    Column("rules", String(80), nullable=False),
    Column("policy", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("devices", Integer, nullable=False),
    Column("info", Integer, nullable=False),
    Column("low", Integer, nullable=False),
    Column("medium", Integer, nullable=False),
    Column("high", Integer, nullable=False),
    Column("critical", Integer, nullable=False),
    Column("accepted", Integer, nullable=False, server_default="0"),
    Index("scans_started", "started", "id"),
    # An id that was given away is never used again, even after its scan was forgotten.
    sqlite_autoincrement=True,
)

bodies = Table(
    "bodies",
    metadata,
    Column("scan", Integer, ForeignKey(_SCAN, ondelete="CASCADE"), primary_key=True),
    Column("report", LargeBinary, nullable=False),
    Column("snapshot", LargeBinary, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("known", Boolean, nullable=False),
    Column("label", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("addresses", Text, nullable=False),
    Column("mac", String(20), nullable=False),
    Column("randomised", Boolean, nullable=False),
    Column("vendor", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("firmware", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("first_seen", String(40), nullable=False),
    Column("last_seen", String(40), nullable=False),
    Column("last_scan", Integer, nullable=False),
    Column("sure", Boolean, nullable=False),
    Column("because", Text, nullable=False),
    sqlite_autoincrement=True,
)

marks = Table(
    "marks",
    metadata,
    Column("device", Integer, ForeignKey(_DEVICE, ondelete="CASCADE"), primary_key=True),
    Column("mark", String(40), primary_key=True),
    Column("value", Text, primary_key=True),
)

sightings = Table(
    "sightings",
    metadata,
    Column("scan", Integer, ForeignKey(_SCAN, ondelete="CASCADE"), primary_key=True),
    Column("device", Integer, ForeignKey(_DEVICE, ondelete="CASCADE"), primary_key=True),
    Column("key", Text, nullable=False),
    Column("sure", Boolean, nullable=False),
    Index("sightings_device", "device"),
)

findings = Table(
    "findings",
    metadata,
    Column("scan", Integer, ForeignKey(_SCAN, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("title", Text, nullable=False),
    Column("device", Integer, ForeignKey(_DEVICE, ondelete="CASCADE"), nullable=False),
    Column("place", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("accepted", Boolean, nullable=False, server_default=false()),
    Index("findings_device", "device"),
    Index("findings_rule", "rule"),
)

accepted_risks = Table(
    "accepted_risks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("device", Integer, ForeignKey(_DEVICE, ondelete="CASCADE")),
    Column("port", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("expires", String(10), nullable=False),
    sqlite_autoincrement=True,
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", String(40), nullable=False),
    Column("created", String(40), nullable=False),
    sqlite_autoincrement=True,
)

told = Table(
    "told",
    metadata,
    Column("receiver", String(64), primary_key=True),
    # Not a foreign key: a scan that is forgotten was told all the same.
    Column("scan", Integer, nullable=False),
)
