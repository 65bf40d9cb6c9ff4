"""Forgetting old scans. Devices stay known; their names are the user's."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from iotscan.store.schema import scans


def prune(connection: Connection, keep_days: int, keep_scans: int) -> list[int]:
    """Delete scans older than ``keep_days`` before the newest one, and those beyond the newest
    ``keep_scans`` of their scope; 0 sets no limit. Their ids, oldest first.

    The newest of each scope stays, so that the next one has something to be compared with. Days
    count from the newest scan, not from a clock: a store that is looked at years later is whole.
    """
    columns = (scans.c.id, scans.c.started, scans.c.scope, scans.c.source)
    rows = connection.execute(
        select(*columns).order_by(scans.c.started.desc(), scans.c.id.desc())
    ).all()
    if not rows:
        return []
    oldest = _days_before(rows[0].started, keep_days) if keep_days else ""
    kept: dict[tuple[str, str], int] = {}
    gone: list[int] = []
    for row in rows:
        place = (row.scope, row.source)
        many = kept.get(place, 0)
        if many and (row.started < oldest or (keep_scans and many >= keep_scans)):
            gone.append(row.id)
        else:
            kept[place] = many + 1
    for scan in gone:
        connection.execute(delete(scans).where(scans.c.id == scan))
    return sorted(gone)


def _days_before(started: str, days: int) -> str:
    try:
        return (datetime.fromisoformat(started) - timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return ""
