"""Elastic Common Schema, one event a line: each device as an asset, each finding as a state.

Field names are those of ECS 9; what ECS has no field for stands under ``labels``.
"""

from __future__ import annotations

from typing import Any, TextIO

from iotscan.model import Device, Finding, Report, Severity
from iotscan.report import Options
from iotscan.report.exchange import (
    began,
    devices,
    identifier,
    proofs,
    provisions,
    scan_id,
    short,
    stamp,
    without_empty,
)
from iotscan.report.json import written
from iotscan.report.words import device_label, device_name, safe

VERSION = "9.4.0"
# event.severity is a number of the source's own; larger is worse, as ECS asks.
_SEVERITIES = {
    Severity.INFO: 10,
    Severity.LOW: 25,
    Severity.MEDIUM: 50,
    Severity.HIGH: 75,
    Severity.CRITICAL: 100,
}


def render(report: Report, out: TextIO, options: Options) -> None:
    """Devices, then findings, each on a line of its own."""
    known = devices(report)
    for device in report.devices:
        out.write(written(_asset(report, device), indent=None))
    for finding in report.findings:
        out.write(written(_state(report, finding, known.get(finding.device)), indent=None))


def _event(report: Report, dataset: str, more: dict[str, Any]) -> dict[str, Any]:
    moment = began(report)
    event = {"module": "iotscan", "dataset": f"iotscan.{dataset}", "provider": "iotscan", **more}
    return without_empty(
        {
            "@timestamp": stamp(moment) if moment else None,
            "ecs": {"version": VERSION},
            "event": without_empty(event),
            "observer": {"product": "iotscan", "type": "scanner", "version": short(report.version)},
        }
    )


def _asset(report: Report, device: Device) -> dict[str, Any]:
    ends = sorted({service.endpoint.port for service in device.services})
    event = _event(
        report,
        "device",
        {
            "id": identifier(scan_id(report), device.key),
            "kind": "asset",
            "category": ["host"],
            "type": ["info"],
        },
    )
    labels = {
        "kind": short(device.identity.kind),
        "firmware": short(device.identity.firmware),
        "ports": ", ".join(map(str, ends)),
        "mac_randomised": "true" if device.randomised else "",
    }
    return event | without_empty(
        {
            "message": f"{device_label(device)} is on the network",
            "host": _host(device),
            "device": _device(device),
            "related": _related(device),
            "labels": without_empty(labels),
        }
    )


def _state(report: Report, finding: Finding, device: Device | None) -> dict[str, Any]:
    event = _event(
        report,
        "finding",
        {
            "id": identifier(scan_id(report), finding.fingerprint),
            "kind": "state",
            "category": ["vulnerability"],
            "type": ["info"],
            "severity": _SEVERITIES[finding.severity],
            "reason": safe(finding.detail),
        },
    )
    labels = {
        "confidence": finding.confidence.value,
        "relation": finding.relation.value,
        "fingerprint": short(finding.fingerprint),
        "proof": "; ".join(proofs(finding)),
        "requirements": "; ".join(f"{name} {item}" for name, item in provisions(finding)),
        "accepted_until": short(finding.accepted.expires) if finding.accepted else "",
    }
    return event | without_empty(
        {
            "message": f"{safe(finding.title)}: {safe(finding.detail)}",
            "host": _host(device) if device else {"id": short(finding.device)},
            "device": _device(device) if device else None,
            "related": _related(device) if device else None,
            "server": _server(finding),
            "network": {"transport": finding.endpoint.transport} if finding.endpoint else None,
            "rule": {
                "id": short(finding.rule),
                "name": safe(finding.title),
                "description": safe(finding.plain),
                "category": short(finding.principle),
                "ruleset": "iotscan",
                "version": short(report.rules),
            },
            "vulnerability": _vulnerability(report, finding),
            "labels": without_empty(labels),
        }
    )


def _vulnerability(report: Report, finding: Finding) -> dict[str, Any]:
    return without_empty(
        {
            "id": [short(weakness) for weakness in finding.cwe],
            "enumeration": "CWE" if finding.cwe else "",
            "description": safe(finding.plain),
            "severity": finding.severity.value.capitalize(),
            "report_id": scan_id(report),
            "scanner": {"vendor": "iotscan"},
        }
    )


def _server(finding: Finding) -> dict[str, Any]:
    address = str(finding.address)
    found: dict[str, Any] = {"address": address, "ip": address}
    return found | ({"port": finding.endpoint.port} if finding.endpoint else {})


def _host(device: Device) -> dict[str, Any]:
    return without_empty(
        {
            "id": short(device.key),
            "name": device_name(device),
            "ip": [str(address) for address in device.addresses],
            "mac": [_mac(device.mac)] if device.mac else None,
            "type": short(device.identity.kind),
        }
    )


def _device(device: Device) -> dict[str, Any]:
    model = device.identity.model or device.identity.family
    return without_empty(
        {
            "id": short(device.key),
            "manufacturer": short(device.identity.vendor),
            "model": {"name": short(model)} if model else None,
        }
    )


def _related(device: Device) -> dict[str, Any]:
    return without_empty(
        {
            "ip": [str(address) for address in device.addresses],
            "hosts": [short(name) for name in device.names],
        }
    )


def _mac(mac: str) -> str:
    """As ECS wants it: upper case, with hyphens."""
    return short(mac).replace(":", "-").upper()


RENDERER = render
