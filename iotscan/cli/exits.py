"""Exit codes, for scripts. docs/exit-codes.md says the same to people."""

from __future__ import annotations

from iotscan.model import Report, Severity

FINE = 0
FINDINGS = 1
WRONG_USE = 2
INCOMPLETE = 3
# sysexits.h EX_SOFTWARE: a fault in the program itself.
BUG = 70
# What a shell reports for a program that SIGINT ended: 128 + 2.
STOPPED = 130


def of_report(report: Report, fail_on: Severity) -> int:
    """A finding at the threshold weighs more than a gap: what was found is certain."""
    if any(finding.severity >= fail_on for finding in report.findings):
        return FINDINGS
    return FINE if report.complete else INCOMPLETE
