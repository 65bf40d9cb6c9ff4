"""The report as one web page that needs no network and no script: for the owner of the devices."""

from __future__ import annotations

from typing import TextIO

from iotscan.model import Report
from iotscan.report import Options


def render(report: Report, out: TextIO, options: Options) -> None:
    """One self-contained page of HTML 5."""
    # The template engine takes longer to import than a help page may take to appear.
    from iotscan.report.html.page import Page
    from iotscan.report.html.paper import write

    write("report.html.j2", out, page=Page(report))


RENDERER = render
