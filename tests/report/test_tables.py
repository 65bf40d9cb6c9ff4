"""Tables of a report: every row flat, every column there, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from iotscan.errors import UsageError
from iotscan.report.parquet import write_parquet
from iotscan.report.tables import COLUMNS, TABLES, rows, write


@pytest.mark.parametrize("table", TABLES)
def test_all_rows_of_a_table_have_the_same_columns(table: str, samples: ModuleType) -> None:
    found = list(rows(samples.home(), table))
    assert found
    assert {tuple(row) for row in found} == {COLUMNS[table]}


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
    write(report, table, "jsonl", lines)
    write(report, table, "csv", sheet)
    objects = [json.loads(line) for line in lines.getvalue().splitlines()]
    sheet.seek(0)
    read = list(csv.DictReader(sheet))
    assert [list(row) for row in read] == [list(row) for row in objects]
    assert len(read) == len(objects)


def test_a_text_that_a_spreadsheet_would_run_is_quoted(samples: ModuleType) -> None:
    report = samples.home()
    device = replace(report.devices[0], names=("=HYPERLINK(1)",))
    sheet = io.StringIO()
    write(replace(report, devices=(device,)), "devices", "csv", sheet)
    assert "'=HYPERLINK(1)" in sheet.getvalue()


@pytest.mark.parametrize("table", TABLES)
def test_a_table_without_rows_has_its_columns(table: str, samples: ModuleType) -> None:
    sheet, lines = io.StringIO(newline=""), io.StringIO()
    write(samples.empty(), table, "csv", sheet)
    assert sheet.getvalue() == ",".join(COLUMNS[table]) + "\r\n"
    write(samples.empty(), table, "jsonl", lines)
    assert lines.getvalue() == ""


def test_an_unknown_table_is_told(samples: ModuleType) -> None:
    with pytest.raises(UsageError, match="tables are: devices"):
        rows(samples.home(), "moods")


def read_back(path: Path) -> list[dict[str, object]]:
    """The rows of a Parquet file."""
    import duckdb

    with duckdb.connect() as connection:
        cursor = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("table", TABLES)
def test_parquet_holds_the_same_rows(table: str, samples: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    report, path = samples.home(), tmp_path / "it's.parquet"
    write_parquet(rows(report, table), table, path)
    read = read_back(path)
    wanted = list(rows(report, table))
    for row in read:
        if "facts" in row:
            row["facts"] = json.loads(str(row["facts"]))
    assert read == wanted
    first = path.read_bytes()
    write_parquet(rows(report, table), table, path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("table", TABLES)
def test_parquet_without_rows_has_its_columns_and_types(
    table: str, samples: ModuleType, tmp_path: Path
) -> None:
    duckdb = pytest.importorskip("duckdb")
    types = []
    for name, report in (("full", samples.home()), ("empty", samples.empty())):
        path = tmp_path / f"{name}.parquet"
        write_parquet(rows(report, table), table, path)
        with duckdb.connect() as connection:
            types.append(connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall())
    assert types[0] == types[1]
    assert tuple(column[0] for column in types[1]) == COLUMNS[table]


def test_parquet_tells_what_is_missing(
    samples: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_parquet([], "devices", tmp_path / "none" / "x.parquet")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(UsageError, match=r"pip install 'iotscan\[research\]'"):
        write_parquet([], "devices", tmp_path / "x.parquet")
