"""``iotscan history``: the scans that were kept."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from iotscan.cli.exits import FINE
from iotscan.cli.scans import config_option, opened, store_option

if TYPE_CHECKING:
    from iotscan.report.page import Page
    from iotscan.store import Scan


@click.command()
@click.option("--most", default=30, show_default=True, metavar="NUMBER", help="How many to list.")
@click.option("--json", "as_json", is_flag=True, help="Write all that is known of each, as JSON.")
@store_option
@config_option
def history(most: int, as_json: bool, store: str | None, config: str | None) -> int:
    """List the scans that were kept, newest first."""
    with opened(store, config) as kept:
        found = kept.scans(most)
    from iotscan.report import Options
    from iotscan.report.json import written
    from iotscan.report.page import Page

    if as_json:
        counts = ({s.value: n for s, n in scan.findings.items()} for scan in found)
        trees = [asdict(scan) | {"findings": n} for scan, n in zip(found, counts, strict=True)]
        sys.stdout.write(written(trees))
        return FINE
    page = Page(sys.stdout, Options())
    for scan in found:
        _line(page, scan)
    if not found:
        page.line("No scan was kept yet. `iotscan scan` keeps what it finds.")
    page.flush()
    return FINE


def _line(page: Page, scan: Scan) -> None:
    from iotscan.report.words import count, safe, when

    found = [f"{n:,} {s.value}" for s, n in sorted(scan.findings.items(), reverse=True) if n]
    found += [f"{scan.accepted:,} accepted"] if scan.accepted else []
    scope = safe(scan.scope, 200) or "no network"
    page.labelled(str(scan.id), f"{when(scan.started)}: {scope}", 6)
    notes = (
        count(scan.devices, "device"),
        f"findings: {', '.join(found) or 'none'}",
        "" if scan.complete else "incomplete",
        f"from a {scan.source}" if scan.source != "scan" else "",
        f"policy {safe(scan.policy, 60)}" if scan.policy else "",
    )
    page.line("; ".join(filter(None, notes)) + ".", "dim", indent=6)
