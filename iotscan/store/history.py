"""The store: scans and devices over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, Select, delete, insert, select, update

from iotscan import codec
from iotscan.assess.accepted import EVERY, accept, wrongs
from iotscan.assess.rulebook.rulings import Rulings
from iotscan.compare.differ import Scanned, compare, side_of
from iotscan.compare.snapshot import Snapshot, pack, scope_of, snapshot, unpack
from iotscan.errors import UsageError
from iotscan.model import Acceptance, Report
from iotscan.model.difference import Difference
from iotscan.store import tokens, told
from iotscan.store.forget import prune
from iotscan.store.nouns import AcceptedRisk, ApiToken, KnownDevice, Scan
from iotscan.store.registry import Registry, known_devices
from iotscan.store.schema import accepted_risks, bodies, devices, scans, sightings
from iotscan.store.transactions import reading, writing
from iotscan.store.writing import packed, scan_of, unpacked, write

LATEST, PREVIOUS = "latest", "previous"
_NONE_YET = {
    LATEST: "no scan was kept yet: run `iotscan scan` first",
    PREVIOUS: "no two scans of the same networks were kept yet: run `iotscan scan` again",
}
_NEWEST_FIRST = (scans.c.started.desc(), scans.c.id.desc())


class Store:
    """What :mod:`iotscan.store` describes. Every method is one transaction of its own.

    Raises StoreError where the database fails, UsageError where something asked for is not there.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def add(self, report: Report) -> int:
        """Keep a finished scan: all of it, or nothing if this raises. Returns its id."""
        taken = snapshot(report)
        with writing(self._engine) as connection:
            return write(connection, report, taken)

    def scans(self, most: int | None = None) -> list[Scan]:
        """The stored scans, newest first; at most ``most`` of them."""
        with reading(self._engine) as connection:
            found = connection.execute(select(scans).order_by(*_NEWEST_FIRST).limit(most))
            return [scan_of(row) for row in found]

    def find(self, name: str) -> Scan:
        """The scan of that id, "latest", or "previous": the one of the latest's scope before it."""
        with reading(self._engine) as connection:
            if name in (LATEST, PREVIOUS):
                found = _first(connection, select(scans))
                if name == PREVIOUS and found is not None:
                    found = _first(connection, _earlier(found))
            else:
                number = int(name) if name.isdecimal() and len(name) < 10 else 0
                found = _first(connection, select(scans).where(scans.c.id == number))
        if found is None:
            raise UsageError(
                _NONE_YET.get(name)
                or f"the history holds no scan {name!r}; `iotscan history` lists them"
            )
        return found

    def before(self, report: Report) -> Scan | None:
        """The last scan of the same scope and source that began before the report did."""
        wanted = select(scans).where(
            scans.c.scope == scope_of(report),
            scans.c.source == report.source,
            scans.c.started <= report.started,
        )
        with reading(self._engine) as connection:
            return _first(connection, wanted)

    def report(self, scan: int) -> Report:
        """The report of a scan, equal to the one that was added."""
        with reading(self._engine) as connection:
            body = connection.execute(select(bodies.c.report).where(bodies.c.scan == scan)).scalar()
        if body is None:
            raise UsageError(f"the history holds no scan {scan}; `iotscan history` lists them")
        return codec.decode(unpacked(body), Report, own=True)

    def scanned(self, scan: int, name: str = "") -> Scanned:
        """A scan as one side of a comparison; ``name``: how it was asked for."""
        with reading(self._engine) as connection:
            found = _first(connection, select(scans).where(scans.c.id == scan))
            body = connection.execute(
                select(bodies.c.snapshot).where(bodies.c.scan == scan)
            ).scalar()
            met = select(sightings.c.key, sightings.c.device, sightings.c.sure, devices.c.name)
            met = met.join(devices, devices.c.id == sightings.c.device)
            rows = connection.execute(met.where(sightings.c.scan == scan)).all()
        if found is None or body is None:
            raise UsageError(f"the history holds no scan {scan}; `iotscan history` lists them")
        taken = unpack(unpacked(body)) or self._taken_anew(scan)
        return Scanned(
            side_of(taken, name or str(scan), scan),
            taken,
            {row.key: row.device for row in rows if row.sure},
            {row.key: row.name for row in rows if row.name},
        )

    def diff(self, earlier: int, later: int, rules: Rulings | None = None) -> Difference:
        """What changed between two scans. ``rules``: None for the built-in ones."""
        return compare(self.scanned(earlier), self.scanned(later), rules)

    def devices(self) -> list[KnownDevice]:
        """Every device of every scan, the last seen first."""
        with reading(self._engine) as connection:
            return known_devices(connection)

    def name_device(self, device: int, name: str) -> None:
        """Call a device so; "" takes the name away."""
        self._change(device, {"name": name.strip()})

    def mark_known(self, device: int, known: bool = True) -> None:
        """Say that a device belongs here, or that it does not."""
        self._change(device, {"known": known})

    def accept(
        self,
        rule: str,
        device: int | None,
        *,
        reason: str,
        owner: str,
        expires: str,
        port: str = "",
    ) -> int:
        """Accept a risk from the next scan on; its id. ``device`` None: on all devices."""
        words = {"rule": rule, "reason": reason, "owner": owner, "expires": expires}
        missing = [f"{name} is missing" for name, word in words.items() if not word.strip()]
        if faults := missing or wrongs(Acceptance(device="", port=port, **words)):
            raise UsageError(f"the risk cannot be accepted: {'; '.join(faults)}")
        row = {**words, "port": port, "device": device}
        with writing(self._engine) as connection:
            if device is not None:
                _must_exist(connection, device)
            adding = insert(accepted_risks).returning(accepted_risks.c.id)
            return int(connection.execute(adding, row).scalar_one())

    def revoke(self, risk: int) -> None:
        """Accept a risk no longer."""
        with writing(self._engine) as connection:
            gone = delete(accepted_risks).where(accepted_risks.c.id == risk)
            if not connection.execute(gone).rowcount:
                raise UsageError(f"there is no accepted risk {risk}")

    def acceptances(self) -> list[AcceptedRisk]:
        """The risks accepted here, expired ones too, oldest first."""
        with reading(self._engine) as connection:
            found = connection.execute(select(accepted_risks).order_by(accepted_risks.c.id))
            return [AcceptedRisk(**row) for row in found.mappings()]

    def judged(self, report: Report, more: Sequence[Acceptance] = ()) -> Report:
        """The report with accepted findings marked: those accepted here, and ``more`` from a file
        (in which devices may also go by the names that the user gave them here).
        """
        here = self.acceptances()
        if not here and not more:
            return report
        with reading(self._engine) as connection:
            taken = snapshot(report)
            found = Registry(connection).recognise(taken)
            rows = connection.execute(select(devices.c.id, devices.c.name))
            names: dict[int, str] = {row.id: row.name for row in rows}
        keys = {match.earlier: taken.subjects[number].key for number, match in found.items()}
        keys_or_all = keys | {None: EVERY}
        own = [
            Acceptance(r.rule, keys_or_all[r.device], r.reason, r.owner, r.expires, r.port)
            for r in here
            if r.device in keys_or_all
        ]
        titles = {key: names[device] for device, key in keys.items() if names[device]}
        return accept(report, (*own, *more), titles)

    def add_token(self, name: str, scopes: Iterable[str], created: str) -> tuple[int, str]:
        """A new token of the HTTP API: its id, and itself, which is shown only now.

        ``created``: when, in ISO 8601.
        """
        with writing(self._engine) as connection:
            return tokens.add(connection, name, scopes, created)

    def token(self, token: str) -> ApiToken | None:
        """Whose token it is; None if it is nobody's."""
        with reading(self._engine) as connection:
            return tokens.find(connection, token)

    def tokens(self) -> list[ApiToken]:
        """The tokens that are good, oldest first."""
        with reading(self._engine) as connection:
            return tokens.every(connection)

    def revoke_token(self, token: int) -> None:
        """Let a token open nothing any more."""
        with writing(self._engine) as connection:
            tokens.revoke(connection, token)

    def told(self, receiver: str) -> int:
        """The id of the scan up to which a receiver of notifications was told; 0: never."""
        with reading(self._engine) as connection:
            return told.last(connection, receiver)

    def note_told(self, receiver: str, scan: int) -> None:
        """Note that a receiver knows of everything up to that scan."""
        with writing(self._engine) as connection:
            told.note(connection, receiver, scan)

    def series(self, scan: int) -> list[int]:
        """The scans of this one's scope and source up to it, in the order they were stored."""
        with reading(self._engine) as connection:
            return told.series(connection, scan)

    def met_before(self, scan: int, devices: Iterable[int]) -> dict[int, int]:
        """Of those devices that were seen before this scan: the last scan in which each was."""
        with reading(self._engine) as connection:
            return told.met_before(connection, scan, devices)

    def prune(self, keep_days: int = 0, keep_scans: int = 0) -> list[int]:
        """Forget old scans; their ids. 0 keeps all. The newest of each scope always stays."""
        with writing(self._engine) as connection:
            return prune(connection, keep_days, keep_scans)

    def _change(self, device: int, values: Mapping[str, Any]) -> None:
        with writing(self._engine) as connection:
            _must_exist(connection, device)
            connection.execute(update(devices).where(devices.c.id == device).values(values))

    def _taken_anew(self, scan: int) -> Snapshot:
        """Of a scan that an earlier version stored with a snapshot of another form."""
        taken = snapshot(self.report(scan))
        with writing(self._engine) as connection:
            renewed = update(bodies).where(bodies.c.scan == scan)
            connection.execute(renewed.values(snapshot=packed(pack(taken))))
        return taken


def _first(connection: Connection, wanted: Select[Any]) -> Scan | None:
    row = connection.execute(wanted.order_by(*_NEWEST_FIRST).limit(1)).first()
    return scan_of(row) if row else None


def _earlier(scan: Scan) -> Select[Any]:
    return select(scans).where(
        scans.c.scope == scan.scope,
        scans.c.source == scan.source,
        (scans.c.started < scan.started)
        | ((scans.c.started == scan.started) & (scans.c.id < scan.id)),
    )


def _must_exist(connection: Connection, device: int) -> None:
    if connection.execute(select(devices.c.id).where(devices.c.id == device)).first() is None:
        raise UsageError(f"there is no device {device}; `iotscan devices` lists them")
