"""Tables of a report: every row flat, every column there, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from types import ModuleType

import pytest

from iotscan.errors import UsageError
from iotscan.report.tables import FORMATS, TABLES, rows


@pytest.mark.parametrize("table", TABLES)
def test_all_rows_of_a_table_have_the_same_columns(table: str, samples: ModuleType) -> None:
    found = list(rows(samples.home(), table))
    assert found
    assert len({tuple(row) for row in found}) == 1


def test_a_finding_s_row_tells_where_and_by_what_it_is_proven(samples: ModuleType) -> None:
    report = samples.home()
    found = list(rows(report, "findings"))
    assert [row["rule"] for row in found] == [finding.rule for finding in report.findings]
    first, row = report.findings[0], found[0]
    assert row["fingerprint"] == first.fingerprint
    assert row["severity"] == first.severity.value
    assert row["port"] == (first.endpoint.port if first.endpoint else None)


@pytest.mark.parametrize("table", TABLES)
def test_both_formats_say_the_same(table: str, samples: ModuleType) -> None:
    report = samples.home()
    lines, sheet = io.StringIO(), io.StringIO(newline="")
    FORMATS["jsonl"](rows(report, table), lines)
    FORMATS["csv"](rows(report, table), sheet)
    objects = [json.loads(line) for line in lines.getvalue().splitlines()]
    sheet.seek(0)
    read = list(csv.DictReader(sheet))
    assert [list(row) for row in read] == [list(row) for row in objects]
    assert len(read) == len(objects)


def test_a_text_that_a_spreadsheet_would_run_is_quoted(samples: ModuleType) -> None:
    report = samples.home()
    device = replace(report.devices[0], names=("=HYPERLINK(1)",))
    sheet = io.StringIO()
    FORMATS["csv"](rows(replace(report, devices=(device,)), "devices"), sheet)
    assert "'=HYPERLINK(1)" in sheet.getvalue()


def test_an_empty_table_and_an_unknown_one(samples: ModuleType) -> None:
    sheet = io.StringIO()
    FORMATS["csv"](rows(samples.empty(), "findings"), sheet)
    assert sheet.getvalue() == ""
    with pytest.raises(UsageError, match="tables are: devices"):
        rows(samples.home(), "moods")
