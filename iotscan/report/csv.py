"""The findings as a table for spreadsheets, RFC 4180, a line for each."""

from __future__ import annotations

from typing import TextIO

from iotscan.model import Report
from iotscan.report import Options
from iotscan.report.tables import rows, write_csv


def render(report: Report, out: TextIO, options: Options) -> None:
    """The table of findings, as ``iotscan export`` writes it too."""
    write_csv(rows(report, "findings"), out)


RENDERER = render
