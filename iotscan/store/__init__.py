"""The history of scans: SQLite in the user's own folder, or PostgreSQL by URL, one schema.

    with open_store("sqlite") as store:              # or a path, "sqlite:///…", "postgresql://…"
        report = store.judged(report)                # marks the risks accepted in the store
        scan = store.add(report)                     # all of it or nothing; returns the scan's id
        store.scans()                                # newest first: Scan, Scan …
        store.find("latest"), store.find("previous"), store.find("17")   # Scan; UsageError
        store.report(scan)                           # the Report, equal to what was added
        store.before(report)                         # the Scan of the same scope before it, or None
        store.diff(earlier, later)                   # Difference of two ids
        store.devices()                              # KnownDevice, the last seen first
        store.name_device(3, "Front door"), store.mark_known(3), store.mark_known(3, False)
        store.accept("telnet-exposed", 3, reason="…", owner="…", expires="2027-01-31")
        store.revoke(1), store.acceptances()
        store.add_token("nightly", ["read"], "2026-01-31T…")  # (id, token); store.token(token)
        store.tokens(), store.revoke_token(1)
        store.told(receiver), store.note_told(receiver, 17)      # how far a receiver knows
        store.series(17), store.met_before(17, [3])  # scans of its scope; the last with a device
        store.prune(keep_days=365, keep_scans=0)     # ids of the scans that were forgotten

Everything is synchronous and safe to call from several threads and processes at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iotscan.store.connect import open_store
    from iotscan.store.history import Store
    from iotscan.store.nouns import AcceptedRisk, ApiToken, KnownDevice, Scan

__all__ = ["AcceptedRisk", "ApiToken", "KnownDevice", "Scan", "Store", "open_store"]

_HOME = {
    "AcceptedRisk": "nouns",
    "ApiToken": "nouns",
    "KnownDevice": "nouns",
    "Scan": "nouns",
    "Store": "history",
    "open_store": "connect",
}


def __getattr__(name: str) -> Any:
    """Import on first use: SQLAlchemy takes longer to load than a help page may take."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
