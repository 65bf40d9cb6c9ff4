"""SARIF 2.1.0 (OASIS): findings as results, for code scanning dashboards and editors.

A device is no file: results are located by the service's URI and by device and endpoint as logical
locations (3.33). Fingerprints are partial ones (3.27.17), the same in every scan.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TextIO
from urllib.parse import quote

from iotscan.model import Device, Finding, Gap, Report, Severity
from iotscan.report import Options
from iotscan.report.exchange import (
    began,
    devices,
    place,
    plain,
    proofs,
    provisions,
    scan_id,
    short,
    stamp,
    without_empty,
)
from iotscan.report.json import written
from iotscan.report.words import CONFIDENCE, ENDINGS, device_label, safe

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# Where dashboards sort by a number of 0 to 10: the middle of the bands that CVSS 3 gives the words.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}


def render(report: Report, out: TextIO, options: Options) -> None:
    """One log with one run."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    out.write(written(log))


def _run(report: Report) -> dict[str, Any]:
    rules = {finding.rule: finding for finding in report.findings}
    places = {rule: index for index, rule in enumerate(rules)}
    known = devices(report)
    return {
        "tool": {
            "driver": {
                "name": "iotscan",
                "version": short(report.version, 40),
                "rules": [_rule(finding) for finding in rules.values()],
            }
        },
        "automationDetails": {"id": "iotscan/", "guid": scan_id(report)},
        "invocations": [_invocation(report)],
        "results": [
            _result(finding, places[finding.rule], known.get(finding.device))
            for finding in report.findings
        ],
        "columnKind": "unicodeCodePoints",
        "properties": {"rules": short(report.rules), "source": short(report.source)},
    }


def _rule(finding: Finding) -> dict[str, Any]:
    helped = f"{safe(finding.remedy)}\n\nNot proven: {safe(finding.does_not_prove)}"
    return {
        "id": short(finding.rule),
        "shortDescription": {"text": safe(finding.title)},
        "fullDescription": {"text": safe(finding.plain)},
        "help": {"text": helped},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "security-severity": _SCORES[finding.severity],
            "tags": ["security", short(finding.principle), *map(short, finding.cwe)],
        },
    }


def _result(finding: Finding, index: int, device: Device | None) -> dict[str, Any]:
    endpoint = finding.endpoint
    scheme = endpoint.transport if endpoint else "ip"
    host = f"[{finding.address}]" if finding.address.version == 6 else str(finding.address)
    uri = f"{scheme}://{quote(host, safe='[]:.')}" + (f":{endpoint.port}" if endpoint else "")
    label = device_label(device) if device else short(finding.device)
    result: dict[str, Any] = {
        "ruleId": short(finding.rule),
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": safe(finding.detail) or safe(finding.title)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}},
                "logicalLocations": [
                    {
                        "name": label,
                        "fullyQualifiedName": f"{label}/{place(finding)}",
                        "kind": "resource",
                    }
                ],
            }
        ],
        "partialFingerprints": {"iotscanFinding/v1": short(finding.fingerprint)},
        "properties": without_empty(
            {
                "device": short(finding.device),
                "severity": finding.severity.value,
                "confidence": CONFIDENCE[finding.confidence],
                "relation": finding.relation.value,
                "proofs": proofs(finding),
                "requirements": [f"{name} {provision}" for name, provision in provisions(finding)],
                "facts": plain(finding.facts),
            }
        ),
    }
    if finding.accepted:
        why = f"{safe(finding.accepted.reason)} ({short(finding.accepted.owner)})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return result


def _invocation(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = {
        "executionSuccessful": report.complete,
        "toolExecutionNotifications": [_notification(gap) for gap in report.gaps],
    }
    if moment := began(report):
        found["startTimeUtc"] = stamp(moment)
        found["endTimeUtc"] = stamp(moment + timedelta(seconds=report.duration))
    return found


def _notification(gap: Gap) -> dict[str, Any]:
    reason = safe(gap.reason) or ENDINGS[gap.ending]
    return {
        "level": "warning",
        "message": {"text": f"{safe(gap.what)} at {short(gap.subject)}: {reason}"},
    }


RENDERER = render
