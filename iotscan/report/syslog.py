"""Syslog messages of RFC 5424, one a line: the scan, each device, each finding.

They go to a file or the screen; sending them is the business of a syslog daemon.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TextIO

from iotscan.model import Device, Finding, Report, Severity
from iotscan.report import Options
from iotscan.report.digest import device_views, headline
from iotscan.report.exchange import began, devices, place, proofs, scan_id, short
from iotscan.report.words import device_label, device_make, safe

# RFC 5424, table 1: "log audit". Table 2: the words of severity begin with 0, the worst.
_FACILITY = 13
_NOTICE, _INFORMATIONAL = 5, 6
_LEVELS = {
    Severity.CRITICAL: 2,
    Severity.HIGH: 3,
    Severity.MEDIUM: 4,
    Severity.LOW: 5,
    Severity.INFO: 6,
}
# RFC 5612: the enterprise number for those who have none of their own.
_ENTERPRISE = 32473
# A receiver should take messages of 2,048 bytes (section 6.1): nothing in one may fill it alone.
_LONGEST = 160
_MARK = "\ufeff"
_SPECIAL = re.compile(r'(["\\\]])')


def render(report: Report, out: TextIO, options: Options) -> None:
    """The scan, then the devices, then the findings."""
    known = devices(report)
    views = device_views(report)
    found = {
        "id": scan_id(report),
        "complete": str(report.complete).lower(),
        "rules": report.rules,
        "devices": str(len(report.devices)),
        "findings": str(len(report.findings)),
    }
    _write(out, report, _NOTICE, "scan", found, headline(report, views))
    for device in report.devices:
        _write(out, report, _INFORMATIONAL, "device", _device(device), device_label(device))
    for finding in report.findings:
        words = f"{safe(finding.title)}: {safe(finding.detail, 400)}"
        data = _finding(finding, known.get(finding.device))
        _write(out, report, _LEVELS[finding.severity], "finding", data, words)


def _write(
    out: TextIO, report: Report, level: int, kind: str, data: Mapping[str, str], words: str
) -> None:
    """HEADER SP STRUCTURED-DATA SP BOM MSG of section 6; names of hosts and processes are nil."""
    moment = began(report)
    when = f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "-"
    parameters = "".join(f' {name}="{_escaped(value)}"' for name, value in data.items() if value)
    out.write(
        f"<{_FACILITY * 8 + level}>1 {when} - iotscan - {kind} "
        f"[{kind}@{_ENTERPRISE}{parameters}] {_MARK}{words}\n"
    )


def _device(device: Device) -> dict[str, str]:
    return {
        "device": device.key,
        "address": str(device.addresses[0]) if device.addresses else "",
        "mac": device.mac or "",
        "make": device_make(device),
        "services": str(len(device.services)),
    }


def _finding(finding: Finding, device: Device | None) -> dict[str, str]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "device": finding.device,
        "name": device_label(device) if device else "",
        "endpoint": place(finding),
        "fingerprint": finding.fingerprint,
        "proof": "; ".join(proofs(finding)),
        "accepted": finding.accepted.expires if finding.accepted else "",
    }


def _escaped(value: str) -> str:
    """PARAM-VALUE of section 6.3.3."""
    return _SPECIAL.sub(r"\\\1", short(value, _LONGEST))


RENDERER = render
