"""History: 1,000 devices and 20,000 findings, and 1,000 scans of a home

``SQLite`` is a file on this machine's disk. Everything but the last rows is one process that has
its rules loaded, as the web page has; ``iotscan …`` is the command, from its start to its end.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import run as measured
from benchmarks.reports import synthetic
from iotscan.model import Report
from iotscan.store import Store, open_store

SCANS, RUNS = 1000, 5
_FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def missing() -> str:
    return ""


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        large, many = Path(folder) / "large.sqlite", Path(folder) / "many.sqlite"
        _large(large)
        _many(many)
        for words in (["diff", "1", "2", "--store", str(large), "--output", "json:/dev/null"],
                      ["history", "--store", str(many), "--most", str(SCANS)],
                      ["devices", "--store", str(many)]):  # fmt: skip
            argv = [sys.executable, "-m", "iotscan", *words]
            costs = [measured(argv) for _ in range(RUNS)]
            wall = median(cost.wall for cost in costs)
            print(f"{'iotscan ' + words[0]:44}{wall:8.2f}  peak {costs[0].memory:.0f} MB")


def _large(file: Path) -> None:
    _fill(file)
    with open_store(str(file)) as store:
        print(f"{'':44}{file.stat().st_size / 2e6:8.1f}  MB a scan")
        _row("read its report back", lambda: store.report(1))
        store.diff(1, 2)
        _row("diff of two such scans", lambda: store.diff(1, 2))
    changed = _changes(file)
    print(f"{'':44}{changed:8,}  findings that are not as before")


def _fill(file: Path) -> None:
    with open_store(str(file)) as store:
        first = synthetic(seed=1)
        _row("keep a scan of 20,000 findings", lambda: store.add(first), 1)
        store.add(synthetic(seed=2))


def _changes(file: Path) -> int:
    """How many findings the difference is about, so that speed is not bought with blindness."""
    from iotscan.model.difference import Change

    with open_store(str(file)) as store:
        found = store.diff(1, 2).findings
    return sum(finding.change is not Change.STILL for finding in found)


def _many(file: Path) -> None:
    home = synthetic(devices=20, findings=60)
    with open_store(str(file)) as store:
        began = time.perf_counter()
        for number in range(SCANS):
            store.add(_of_day(home, number))
        print(f"{f'keep {SCANS:,} scans of a home':44}{time.perf_counter() - began:8.2f}")
        print(f"{'':44}{file.stat().st_size / 1e3 / SCANS:8.1f}  kB a scan")
        _row("list them all", store.scans)
        _row("list the devices", store.devices)
        _row("diff of the last two", lambda: _last(store))


def _last(store: Store) -> object:
    return store.diff(store.find("previous").id, store.find("latest").id)


def _of_day(report: Report, number: int) -> Report:
    return replace(report, started=(_FIRST + timedelta(hours=12 * number)).isoformat())


def _row(what: str, work: Callable[[], Any], runs: int = RUNS) -> None:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    print(f"{what:44}{median(times):8.3f}")
