"""Tables of a report as Parquet files, written by DuckDB (the extra ``research``)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from iotscan.errors import UsageError
from iotscan.report.tables import COLUMNS, Row

# Columns that are no text; a table without rows has them of the same types as any other.
_TYPES = {
    "randomised_mac": "BOOLEAN",
    "tls": "BOOLEAN",
    "opened": "BOOLEAN",
    "port": "INTEGER",
    "services": "INTEGER",
    "findings": "INTEGER",
    "frame": "BIGINT",
}


def write_parquet(found: Iterable[Row], table: str, path: Path) -> None:
    """Write the rows of ``table`` into a file; facts are JSON text in a column of their own.

    The same rows give the same bytes. Raises UsageError where DuckDB is not installed or the file
    cannot be written.
    """
    try:
        import duckdb
    except ImportError as error:
        raise UsageError(
            "Parquet is written by DuckDB, which is not installed: pip install 'iotscan[research]'"
        ) from error
    columns = ", ".join(f"'{name}': '{_TYPES.get(name, 'VARCHAR')}'" for name in COLUMNS[table])
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "rows.jsonl"
        with lines.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(_flat(row), ensure_ascii=False) + "\n" for row in found)
        connection = duckdb.connect(config={"threads": 1})
        try:
            # Column names are ours; paths, which take no parameter here, are quoted.
            connection.execute(
                f"COPY (SELECT * FROM read_json({_quoted(lines)}, columns={{{columns}}},"  # noqa: S608
                f" format='newline_delimited')) TO {_quoted(path)} (FORMAT parquet)"
            )
        except duckdb.IOException as error:
            raise UsageError(f"{path} cannot be written: {error}") from error
        finally:
            connection.close()


def _flat(row: Row) -> dict[str, object]:
    return {
        name: json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else cell
        for name, cell in row.items()
    }


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
