"""CycloneDX 1.6 (ECMA-424) in JSON: devices as components, their doors as services.

Findings stand as vulnerabilities, known by the id of their rule, with the weaknesses they are of.
"""

from __future__ import annotations

from typing import Any, TextIO

from iotscan.model import Device, Finding, Report
from iotscan.report import Options
from iotscan.report.exchange import (
    began,
    identifier,
    place,
    proofs,
    provisions,
    scan_id,
    short,
    stamp,
    without_empty,
)
from iotscan.report.json import written
from iotscan.report.words import device_make, device_name, safe

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"


def render(report: Report, out: TextIO, options: Options) -> None:
    """One bill of materials of the network."""
    known = {device.key: _ref(device.key) for device in report.devices}
    moment = began(report)
    tool = {"type": "application", "name": "iotscan", "version": short(report.version, 40)}
    bill = {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{scan_id(report)}",
        "version": 1,
        "metadata": without_empty(
            {"timestamp": stamp(moment) if moment else None, "tools": {"components": [tool]}}
        ),
        "components": [_component(device) for device in report.devices],
        "services": [service for device in report.devices for service in _services(device)],
        "vulnerabilities": [
            _vulnerability(finding, index, known.get(finding.device))
            for index, finding in enumerate(report.findings, 1)
        ],
    }
    out.write(written(bill))


def _component(device: Device) -> dict[str, Any]:
    identity = device.identity
    model = identity.model or identity.family
    properties = [("key", device.key), ("kind", identity.kind), ("mac", device.mac or "")]
    properties += [("address", str(address)) for address in device.addresses]
    properties += [("name", name) for name in device.names]
    properties += [("because", reason) for reason in identity.because]
    firmware = {
        "type": "firmware",
        "bom-ref": f"{_ref(device.key)}-firmware",
        "name": short(model) or "firmware",
        "version": short(identity.firmware),
    }
    return without_empty(
        {
            "type": "device",
            "bom-ref": _ref(device.key),
            "manufacturer": {"name": short(identity.vendor)} if identity.vendor else None,
            "name": short(model) or device_name(device),
            "description": device_make(device),
            "properties": _properties(properties),
            "components": [firmware] if identity.firmware else None,
        }
    )


def _services(device: Device) -> list[dict[str, Any]]:
    return [
        without_empty(
            {
                "bom-ref": f"{_ref(device.key)}-{number}",
                "name": short(service.name or "unknown"),
                "endpoints": [
                    f"{service.endpoint.transport}://{str(service.endpoint).rpartition('/')[0]}"
                ],
                "properties": _properties(
                    [("device", device.key), ("tls", str(service.tls).lower())]
                ),
            }
        )
        for number, service in enumerate(device.services, 1)
    ]


def _vulnerability(finding: Finding, index: int, ref: str | None) -> dict[str, Any]:
    properties = [
        ("fingerprint", finding.fingerprint),
        ("endpoint", place(finding)),
        ("confidence", finding.confidence.value),
        ("relation", finding.relation.value),
        ("does-not-prove", finding.does_not_prove),
    ]
    properties += [("proof", words) for words in proofs(finding)]
    properties += [
        ("requirement", f"{name} {provision}") for name, provision in provisions(finding)
    ]
    numbers = (weakness.upper().removeprefix("CWE-") for weakness in finding.cwe)
    return without_empty(
        {
            "bom-ref": f"finding-{index}",
            "id": short(finding.rule),
            "source": {"name": "iotscan"},
            "ratings": [{"severity": finding.severity.value, "method": "other"}],
            "cwes": [int(number) for number in numbers if number.isascii() and number.isdigit()],
            "description": safe(finding.title),
            "detail": f"{safe(finding.detail)}\n{safe(finding.plain)}",
            "recommendation": safe(finding.remedy),
            "analysis": _analysis(finding),
            "affects": [{"ref": ref}] if ref else None,
            "properties": _properties(properties),
        }
    )


def _analysis(finding: Finding) -> dict[str, Any] | None:
    if finding.accepted is None:
        return None
    return {"response": ["will_not_fix"], "detail": safe(finding.accepted.reason)}


def _properties(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": f"iotscan:{name}", "value": safe(value)} for name, value in pairs if value]


def _ref(key: str) -> str:
    return f"device-{identifier(key)}"


RENDERER = render
