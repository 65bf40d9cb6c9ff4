"""A report as tables for notebooks and spreadsheets: devices, services, observations, findings.

A row is a mapping from column to text, number, truth value, facts or None; what a device may have
many of is one text with "; " between.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TextIO

from iotscan.errors import UsageError
from iotscan.model import Device, Endpoint, Fact, Finding, Proof, Report
from iotscan.report.json import written
from iotscan.text import clean

# No spreadsheet takes more in a cell than 32,767 characters.
_LONGEST = 32_000
Cell = str | int | float | bool | dict[str, object] | None
Row = dict[str, Cell]
# Spreadsheets take a text that begins like this for a formula, and run it; some of them know the
# wide signs of East Asian keyboards too (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def rows(report: Report, table: str) -> Iterator[Row]:
    """The rows of a table, in the order of the report. Raises UsageError for another name."""
    try:
        return _TABLES[table](report)
    except KeyError:
        known = ", ".join(TABLES)
        raise UsageError(f"there is no table {table!r}; tables are: {known}") from None


def _write_jsonl(found: Iterable[Row], out: TextIO) -> None:
    """One JSON object a line."""
    for row in found:
        out.write(written(row, indent=None))


def write_csv(found: Iterable[Row], columns: Sequence[str], out: TextIO) -> None:
    """RFC 4180 with a line of column names, also where there are no rows. A text that a spreadsheet
    would run gets a quote in front.
    """
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writeheader()
    for row in found:
        writer.writerow({name: _harmless(cell) for name, cell in row.items()})


def write(report: Report, table: str, form: str, out: TextIO) -> None:
    """A table in one of ``FORMATS``. Raises UsageError for another table."""
    if form == "csv":
        write_csv(rows(report, table), COLUMNS[table], out)
    else:
        _write_jsonl(rows(report, table), out)


FORMATS = ("jsonl", "csv")


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, dict):
        return clean(json.dumps(cell, ensure_ascii=False), _LONGEST)
    if not isinstance(cell, str):
        return cell
    text = clean(cell, _LONGEST)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _devices(report: Report) -> Iterator[Row]:
    for device in report.devices:
        identity = device.identity
        worst = [f.severity for f in report.findings if f.device == device.key]
        yield {
            **_named(device),
            "addresses": _many(map(str, device.addresses)),
            "names": _many(device.names),
            "randomised_mac": device.randomised,
            "vendor": identity.vendor,
            "model": identity.model,
            "firmware": identity.firmware,
            "kind": identity.kind,
            "services": len(device.services),
            "findings": len(worst),
            "worst": max(worst).value if worst else None,
        }


def _services(report: Report) -> Iterator[Row]:
    for device in report.devices:
        for service in device.services:
            yield {
                **_named(device),
                **_place(service.endpoint),
                "service": service.name,
                "tls": service.tls,
                "hint": service.hint,
                "opened": service.opened,
            }


def _observations(report: Report) -> Iterator[Row]:
    owners = {address: device for device in report.devices for address in device.addresses}
    began = _began(report)
    for seen in report.observations:
        yield {
            **_named(owners.get(seen.address)),
            "about": str(seen.address),
            **_place(seen.endpoint),
            "kind": seen.kind,
            "facts": _plain(seen.facts),
            **_cited(seen.proofs, began),
        }


def _findings(report: Report) -> Iterator[Row]:
    by_key = {device.key: device for device in report.devices}
    began = _began(report)
    for finding in report.findings:
        yield {
            **_named(by_key.get(finding.device)),
            "about": str(finding.address),
            **_place(finding.endpoint),
            "rule": finding.rule,
            "title": finding.title,
            "severity": finding.severity.value,
            "confidence": finding.confidence.value,
            "relation": finding.relation.value,
            "principle": finding.principle,
            "detail": finding.detail,
            "peer": _text(finding, "peer"),
            "username": _text(finding, "username"),
            "outcome": _text(finding, "outcome"),
            "login": finding.login or None,
            "cwe": _many(finding.cwe),
            "provisions": _many(
                f"{name} {provision}"
                for name, provisions in sorted(finding.crosswalk.items())
                for provision in provisions
            ),
            "fingerprint": finding.fingerprint,
            **_cited(finding.proofs, began),
        }


_TABLES: Mapping[str, Callable[[Report], Iterator[Row]]] = {
    "devices": _devices,
    "services": _services,
    "observations": _observations,
    "findings": _findings,
}
TABLES = tuple(_TABLES)
_WHO, _WHERE, _BY = "device mac", "address port transport", "source file frame time"
# The columns of each table, in order, also of one without rows.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "devices": tuple(
        f"{_WHO} addresses names randomised_mac vendor model firmware kind services findings"
        " worst".split()
    ),
    "services": tuple(f"{_WHO} {_WHERE} service tls hint opened".split()),
    "observations": tuple(f"{_WHO} about {_WHERE} kind facts {_BY}".split()),
    "findings": tuple(
        f"{_WHO} about {_WHERE} rule title severity confidence relation principle detail peer"
        f" username outcome login cwe provisions fingerprint {_BY}".split()
    ),
}


def _named(device: Device | None) -> Row:
    return {"device": device.key if device else None, "mac": device.mac if device else None}


def _place(endpoint: Endpoint | None) -> Row:
    if endpoint is None:
        return {"address": None, "port": None, "transport": None}
    return {
        "address": str(endpoint.address),
        "port": endpoint.port,
        "transport": endpoint.transport,
    }


def _began(report: Report) -> Mapping[str, datetime]:
    """When each capture began, by its name."""
    known = {given.name: given.started for given in report.inputs if given.started}
    return {name: datetime.fromisoformat(started) for name, started in known.items()}


def _cited(proofs: Iterable[Proof], began: Mapping[str, datetime]) -> Row:
    """The first proof, for a look; a report has them all."""
    first = next(iter(proofs), Proof(""))
    return {
        "source": first.source or None,
        "file": first.file or None,
        "frame": first.frames[0] if first.frames else None,
        "time": _time(began.get(first.file), first.at),
    }


def _time(began: datetime | None, at: float | None) -> str | None:
    """ISO 8601; None where it is not known, or beyond all calendars."""
    try:
        return (began + timedelta(seconds=at)).isoformat() if began and at is not None else None
    except OverflowError:
        return None


def _text(finding: Finding, name: str) -> str | None:
    value = finding.facts.get(name)
    return value if isinstance(value, str) else None


def _many(items: Iterable[str]) -> str:
    return "; ".join(items)


def _plain(facts: Mapping[str, Fact]) -> dict[str, object]:
    items = sorted(facts.items())
    return {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in items}
