"""How far each receiver of notifications was told, and what scans have come since.

Only the last scan of which a receiver knows is kept. What it has not been told yet is derived from
the scans themselves, so nothing is lost between the end of a scan and the sending.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, and_, delete, insert, or_, select

from iotscan.store.schema import scans, sightings, told


def last(connection: Connection, receiver: str) -> int:
    """The id of the scan up to which it was told; 0 if it never was."""
    wanted = select(told.c.scan).where(told.c.receiver == receiver)
    return int(connection.execute(wanted).scalar() or 0)


def note(connection: Connection, receiver: str, scan: int) -> None:
    """It knows of everything up to that scan."""
    connection.execute(delete(told).where(told.c.receiver == receiver))
    connection.execute(insert(told), {"receiver": receiver, "scan": scan})


def series(connection: Connection, scan: int) -> list[int]:
    """The scans of the same scope and source, in the order they were stored, up to this one."""
    this = select(scans.c.scope, scans.c.source).where(scans.c.id == scan).subquery()
    same = and_(scans.c.scope == this.c.scope, scans.c.source == this.c.source)
    wanted = select(scans.c.id).join(this, same).where(scans.c.id <= scan)
    return list(connection.execute(wanted.order_by(scans.c.id)).scalars())


def met_before(connection: Connection, scan: int, devices: Iterable[int]) -> dict[int, int]:
    """Of those devices that were seen before this scan: the last scan in which each was."""
    this = select(scans.c.started).where(scans.c.id == scan).scalar_subquery()
    earlier = or_(scans.c.started < this, and_(scans.c.started == this, scans.c.id < scan))
    wanted = (
        select(sightings.c.device, scans.c.id)
        .join(scans, scans.c.id == sightings.c.scan)
        .where(sightings.c.device.in_(set(devices)), earlier)
        .order_by(scans.c.started, scans.c.id)
    )
    return {row.device: row.id for row in connection.execute(wanted)}
