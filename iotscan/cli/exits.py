"""Exit codes, for scripts. docs/exit-codes.md says the same to people."""

from __future__ import annotations

from collections.abc import Set

from iotscan.model import Report, Severity

FINE = 0
FINDINGS = 1
WRONG_USE = 2
INCOMPLETE = 3
# sysexits.h EX_SOFTWARE: a fault in the program itself.
BUG = 70
# What a shell reports for a program that SIGINT ended: 128 + 2.
STOPPED = 130


def of_report(report: Report, fail_on: Severity, new: Set[str] | None = None) -> int:
    """A finding at the threshold weighs more than a gap: what was found is certain.

    Accepted findings do not count; with ``new``, only those whose fingerprint is in it do.
    """
    counted = (finding for finding in report.findings if finding.accepted is None)
    if any(f.severity >= fail_on and (new is None or f.fingerprint in new) for f in counted):
        return FINDINGS
    return FINE if report.complete else INCOMPLETE
