"""Open Cybersecurity Schema Framework 1.5, one event a line: devices and findings.

A device is a Device Inventory Info event (class 5001), a finding a Compliance Finding (2003), for
each finding names the requirements that it speaks to. What OCSF has no attribute for stands under
``unmapped``.
"""

from __future__ import annotations

from typing import Any, TextIO

from iotscan.model import Confidence, Device, Finding, Relation, Report, Severity
from iotscan.report import Options
from iotscan.report.exchange import (
    began,
    devices,
    identifier,
    place,
    plain,
    proofs,
    provisions,
    scan_id,
    short,
    without_empty,
)
from iotscan.report.json import written
from iotscan.report.words import device_label, device_make, device_name, safe

VERSION = "1.5.0"
_INVENTORY, _COLLECT = 5001, 2
_COMPLIANCE, _CREATE = 2003, 1
_NEW, _SUPPRESSED = (1, "New"), (3, "Suppressed")
_SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_CONFIDENCES = {
    Confidence.POSSIBLE: (1, "Low"),
    Confidence.LIKELY: (2, "Medium"),
    Confidence.CONFIRMED: (3, "High"),
}
# Only what contradicts a requirement fails it; all else is a warning.
_STANDINGS = {Relation.CONTRADICTS: (3, "Fail")}
_WARNING = (2, "Warning")
# Kind of device → device.type_id; what is none of these is an IoT device.
_TYPES = {
    "server": (1, "Server"),
    "nas": (1, "Server"),
    "computer": (2, "Desktop"),
    "tablet": (4, "Tablet"),
    "phone": (5, "Mobile"),
    "network switch": (10, "Switch"),
}
_THING = (7, "IOT")


def render(report: Report, out: TextIO, options: Options) -> None:
    """Devices, then findings, each on a line of its own."""
    known = devices(report)
    for device in report.devices:
        out.write(written(_inventory(report, device), indent=None))
    for finding in report.findings:
        out.write(written(_compliance(report, finding, known.get(finding.device)), indent=None))


def _event(
    report: Report, uid: str, kind: tuple[int, int], severity: Severity, more: dict[str, Any]
) -> dict[str, Any]:
    """The attributes that every event has. ``kind``: class and activity."""
    moment = began(report)
    number, name = _SEVERITIES[severity]
    return {
        "class_uid": kind[0],
        "category_uid": kind[0] // 1000,
        "activity_id": kind[1],
        "type_uid": kind[0] * 100 + kind[1],
        # Milliseconds since 1970; 0 where the report does not tell, because it is required.
        "time": int(moment.timestamp() * 1000) if moment else 0,
        "severity_id": number,
        "severity": name,
        "metadata": {
            "version": VERSION,
            "uid": uid,
            "correlation_uid": scan_id(report),
            "product": {
                "name": "iotscan",
                "vendor_name": "iotscan",
                "version": short(report.version),
            },
        },
        **without_empty(more),
    }


def _inventory(report: Report, device: Device) -> dict[str, Any]:
    identity = device.identity
    unmapped = {
        "vendor": short(identity.vendor),
        "model": short(identity.model),
        "family": short(identity.family),
        "firmware": short(identity.firmware),
        "kind": short(identity.kind),
        "addresses": [str(address) for address in device.addresses],
        "names": [short(name) for name in device.names],
        "services": [
            f"{service.endpoint} {short(service.name or 'unknown')}" for service in device.services
        ],
    }
    more = {
        "message": f"{device_label(device)} is on the network",
        "device": _device(device),
        "unmapped": without_empty(unmapped),
    }
    uid = identifier(scan_id(report), device.key)
    return _event(report, uid, (_INVENTORY, _COLLECT), Severity.INFO, more)


def _compliance(report: Report, finding: Finding, device: Device | None) -> dict[str, Any]:
    status, status_name = _SUPPRESSED if finding.accepted else _NEW
    confidence, confidence_name = _CONFIDENCES[finding.confidence]
    requirements = list(provisions(finding))
    standing, standing_name = _STANDINGS.get(finding.relation, _WARNING)
    more = {
        "message": safe(finding.detail),
        "status_id": status,
        "status": status_name,
        "status_detail": safe(finding.accepted.reason) if finding.accepted else "",
        "confidence_id": confidence,
        "confidence": confidence_name,
        "finding_info": {
            "uid": short(finding.fingerprint),
            "title": safe(finding.title) or short(finding.rule),
            "desc": safe(finding.plain),
            "types": [short(finding.principle)],
            "data_sources": proofs(finding),
        },
        "compliance": without_empty(
            {
                "control": short(finding.rule),
                "standards": list(dict.fromkeys(name for name, _ in requirements)),
                "requirements": [f"{name} {provision}" for name, provision in requirements],
                "status_id": standing,
                "status": standing_name,
            }
        ),
        "remediation": {"desc": safe(finding.remedy)},
        "resources": [
            {
                "uid": short(finding.device),
                "name": device_label(device) if device else short(finding.device),
                "type": "device",
            }
        ],
        "device": _device(device) if device else None,
        "unmapped": without_empty(
            {
                "endpoint": place(finding),
                "does_not_prove": safe(finding.does_not_prove),
                "cwe": [short(weakness) for weakness in finding.cwe],
                "facts": plain(finding.facts),
            }
        ),
    }
    uid = identifier(scan_id(report), finding.fingerprint, finding.device)
    return _event(report, uid, (_COMPLIANCE, _CREATE), finding.severity, more)


def _device(device: Device) -> dict[str, Any]:
    number, name = _TYPES.get(device.identity.kind, _THING)
    return without_empty(
        {
            "uid": short(device.key),
            "type_id": number,
            "type": name,
            "name": device_name(device),
            "hostname": short(device.names[0]) if device.names else device_name(device),
            "desc": device_make(device),
            "ip": str(device.addresses[0]) if device.addresses else "",
            "mac": short(device.mac or ""),
        }
    )


RENDERER = render
