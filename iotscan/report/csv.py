"""The findings as a table for spreadsheets, RFC 4180, a line for each."""

from __future__ import annotations

from typing import TextIO

from iotscan.model import Report
from iotscan.report import Options
from iotscan.report.tables import write


def render(report: Report, out: TextIO, options: Options) -> None:
    """The table of findings, as ``iotscan export`` writes it too."""
    write(report, "findings", "csv", out)


RENDERER = render
