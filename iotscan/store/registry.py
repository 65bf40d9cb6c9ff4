"""The devices of all scans: each scan's devices are recognised among those known, or added.

Whoever writes holds the lock on the whole registry, so that two scans that end at once do not both
add the same new device.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from iotscan.compare.differ import profile
from iotscan.compare.marks import NAME, RANDOM_MAC
from iotscan.compare.matching import Match, Profile, match
from iotscan.compare.snapshot import Snapshot, Subject
from iotscan.store.nouns import KnownDevice
from iotscan.store.schema import devices, marks, sightings

# What a device may change at will is forgotten when it does.
_PASSING = frozenset({NAME, RANDOM_MAC})
_TOLD = ("label", "key", "mac", "randomised", "vendor", "model", "firmware", "kind")


class Registry:
    """The known devices as they stand in this transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._marks: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for row in connection.execute(select(marks)):
            self._marks[row.device].add((row.mark, row.value))
        self._rows = {row.id: row for row in connection.execute(select(devices))}

    def recognise(self, taken: Snapshot) -> dict[int, Match]:
        """Number in the snapshot → the match with a known device; ``earlier`` is its id."""
        known = [
            Profile(
                number,
                frozenset(self._marks[number]),
                frozenset(json.loads(row.addresses)),
                row.vendor,
                row.kind,
                row.network,
            )
            for number, row in self._rows.items()
        ]
        met = [profile(subject, n, taken.scope) for n, subject in enumerate(taken.subjects)]
        return {found.later: found for found in match(known, met).matches}

    def enrol(self, scan: int, taken: Snapshot) -> list[int]:
        """Note the devices of a scan; their ids in the order of the snapshot."""
        found = self.recognise(taken)
        ids = {number: matched.earlier for number, matched in found.items()}
        fresh = [number for number in range(len(taken.subjects)) if number not in found]
        ids |= dict(zip(fresh, self._added(scan, taken, fresh), strict=True))
        self._met_again(scan, taken, found)
        self._keep_marks(taken, ids)
        rows = [
            {
                "scan": scan,
                "device": ids[number],
                "key": subject.key,
                "sure": number not in found or found[number].sure,
            }
            for number, subject in enumerate(taken.subjects)
        ]
        if rows:
            self._connection.execute(insert(sightings), rows)
        return [ids[number] for number in range(len(taken.subjects))]

    def _added(self, scan: int, taken: Snapshot, fresh: Sequence[int]) -> Sequence[int]:
        rows = [
            _columns(taken.subjects[number], scan, taken)
            | {"name": "", "known": False, "first_seen": taken.started, "last_seen": taken.started}
            for number in fresh
        ]
        if not rows:
            return ()
        adding = insert(devices).returning(devices.c.id, sort_by_parameter_order=True)
        return self._connection.execute(adding, rows).scalars().all()

    def _met_again(self, scan: int, taken: Snapshot, found: dict[int, Match]) -> None:
        """An older scan that is stored later moves the first day, not what is known today."""
        newer, older = [], []
        for number, matched in found.items():
            row = self._rows[matched.earlier]
            first = min(row.first_seen, taken.started)
            if taken.started >= row.last_seen:
                told = _columns(taken.subjects[number], scan, taken, matched)
                newer.append(
                    told | {"this": row.id, "first_seen": first, "last_seen": taken.started}
                )
            else:
                older.append({"this": row.id, "first_seen": first})
        for rows in filter(None, (newer, older)):
            changing = update(devices).where(devices.c.id == bindparam("this"))
            names = [name for name in rows[0] if name != "this"]
            changing = changing.values({name: bindparam(name) for name in names})
            self._connection.execute(changing, rows)

    def _keep_marks(self, taken: Snapshot, ids: dict[int, int]) -> None:
        gone, added = [], []
        for number, subject in enumerate(taken.subjects):
            device, has = ids[number], set(subject.marks)
            had = self._marks[device]
            renewed = {mark for mark, _ in has} & _PASSING
            gone += [(device, *mark) for mark in had - has if mark[0] in renewed]
            added += [(device, *mark) for mark in has - had]
        if gone:
            removing = delete(marks).where(
                marks.c.device == bindparam("on"),
                marks.c.mark == bindparam("of"),
                marks.c.value == bindparam("is"),
            )
            names = ("on", "of", "is")
            self._connection.execute(removing, [dict(zip(names, one, strict=True)) for one in gone])
        if added:
            names = ("device", "mark", "value")
            self._connection.execute(
                insert(marks), [dict(zip(names, one, strict=True)) for one in added]
            )


def _columns(
    subject: Subject, scan: int, taken: Snapshot, matched: Match | None = None
) -> dict[str, Any]:
    """What a scan says of a device, as a row."""
    return {name: getattr(subject, name) for name in _TOLD} | {
        "addresses": json.dumps(subject.addresses),
        "network": taken.scope,
        "last_scan": scan,
        "sure": matched.sure if matched else True,
        "because": json.dumps(matched.because if matched else ()),
    }


def known_devices(connection: Connection) -> list[KnownDevice]:
    """All of them, the last seen first."""
    held: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for mark in connection.execute(select(marks).order_by(marks.c.mark, marks.c.value)):
        held[mark.device].append((mark.mark, mark.value))
    counting = select(sightings.c.device, func.count()).group_by(sightings.c.device)
    times: dict[int, int] = {row[0]: row[1] for row in connection.execute(counting)}
    found = connection.execute(select(devices).order_by(devices.c.last_seen.desc(), devices.c.id))
    return [_known(row, held[row.id], times.get(row.id, 0)) for row in found]


def _known(row: Row[Any], held: list[tuple[str, str]], scans: int) -> KnownDevice:
    return KnownDevice(
        id=row.id,
        name=row.name,
        known=row.known,
        addresses=tuple(json.loads(row.addresses)),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        last_scan=row.last_scan,
        scans=scans,
        marks=tuple(held),
        sure=row.sure,
        because=tuple(json.loads(row.because)),
        **{name: getattr(row, name) for name in _TOLD},
    )
