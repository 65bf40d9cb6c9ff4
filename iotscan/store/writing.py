"""How a report becomes rows: a few batches in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import zstandard
from sqlalchemy import Connection, Row, insert

from iotscan import codec
from iotscan.compare.snapshot import Snapshot, pack, scope_of
from iotscan.model import Report, Severity
from iotscan.store.nouns import Scan
from iotscan.store.registry import Registry
from iotscan.store.schema import bodies, findings, scans

# Twenty times smaller than the JSON; more effort gains a tenth for thrice the time.
_LEVEL = 3


def packed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=_LEVEL).compress(data)


def unpacked(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)


def write(connection: Connection, report: Report, taken: Snapshot) -> int:
    """All rows of a scan; its id."""
    scan = connection.execute(insert(scans).returning(scans.c.id), _head(report)).scalar_one()
    body = {"scan": scan, "report": packed(codec.encode(report)), "snapshot": packed(pack(taken))}
    connection.execute(insert(bodies), body)
    devices = Registry(connection).enrol(scan, taken)
    if rows := _findings(scan, taken, devices):
        connection.execute(insert(findings), rows)
    return int(scan)


def _head(report: Report) -> dict[str, Any]:
    open_ = [finding for finding in report.findings if finding.accepted is None]
    number = Counter(finding.severity for finding in open_)
    return {
        "started": report.started,
        "duration": report.duration,
        "source": report.source,
        "scope": scope_of(report),
        "version": report.version,
        "rules": report.rules,
        "policy": report.policy.id if report.policy else "",
        "complete": report.complete,
        "devices": len(report.devices),
        "accepted": len(report.findings) - len(open_),
        **{severity.value: number[severity] for severity in Severity},
    }


def _findings(scan: int, taken: Snapshot, devices: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "scan": scan,
            "number": number,
            "rule": claim.rule,
            "severity": claim.severity,
            "title": claim.title,
            "device": devices[claim.device],
            "place": claim.place,
            "fingerprint": claim.fingerprint,
            "accepted": claim.accepted,
        }
        for number, claim in enumerate(taken.claims)
        if not claim.outside
    ]


def scan_of(row: Row[Any]) -> Scan:
    """A row of ``scans`` as the noun."""
    return Scan(
        **{name: getattr(row, name) for name in Scan.__slots__ if name != "findings"},
        findings={severity: getattr(row, severity.value) for severity in Severity},
    )
