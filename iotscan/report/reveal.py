"""Puts the passwords that worked into a report, for a reader who asked to see them."""

from __future__ import annotations

from dataclasses import replace

from iotscan.credentials import Credentials, load
from iotscan.model import Finding, Report


def revealed(report: Report, credentials: Credentials | None = None) -> Report:
    """The report with each login's password added to the finding's detail.

    A login that the list no longer has (an older recording's) stays masked.
    """
    if not any(finding.login for finding in report.findings):
        return report
    known = credentials or load()
    return replace(report, findings=tuple(_revealed(item, known) for item in report.findings))


def _revealed(finding: Finding, known: Credentials) -> Finding:
    try:
        password = known.reveal(finding.login) if finding.login else None
    except LookupError:
        return finding
    if password is None:
        return finding
    words = f"The password is “{password}”." if password else "The password is empty."
    return replace(finding, detail=f"{finding.detail} {words}".strip())
