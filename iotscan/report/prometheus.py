"""Metrics in Prometheus' text format 0.0.4, for the textfile collector of its node exporter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TextIO

from iotscan.model import Report, Severity
from iotscan.report import Options
from iotscan.report.exchange import began, devices, short
from iotscan.report.words import device_name

Sample = tuple[Mapping[str, str], float]


def render(report: Report, out: TextIO, options: Options) -> None:
    """Gauges of the scan, of each device, and of each rule that holds for a device."""
    moment = began(report)
    facts: Mapping[str, tuple[str, float]] = {
        "scan_complete": ("Whether everything asked for was looked at.", report.complete),
        "scan_duration_seconds": ("How long the scan took.", report.duration),
        "devices": ("Devices that were found.", len(report.devices)),
        "services": ("Services that answered.", sum(len(d.services) for d in report.devices)),
        "gaps": ("What could not be looked at.", len(report.gaps)),
    }
    about = {"version": short(report.version), "rules": short(report.rules)}
    _family(out, "report_info", "What made the report.", [(about, 1)])
    if moment:
        start: list[Sample] = [({}, moment.timestamp())]
        _family(out, "scan_start_timestamp_seconds", "When the scan began.", start)
    for name, (words, value) in facts.items():
        _family(out, name, words, [({}, value)])
    _family(out, "findings", "Findings by severity and acceptance.", _tally(report))
    _family(out, "device_info", "A device and what it is.", _devices(report))
    _family(out, "device_findings", "Findings of a device, by rule.", _findings(report))


def _tally(report: Report) -> Iterable[Sample]:
    counted = Counter((f.severity, f.accepted is not None) for f in report.findings)
    for severity in reversed(Severity):
        for accepted in (False, True):
            labels = {"severity": severity.value, "accepted": str(accepted).lower()}
            yield labels, counted[severity, accepted]


def _devices(report: Report) -> Iterable[Sample]:
    for device in report.devices:
        yield (
            {
                "device": short(device.key),
                "name": device_name(device),
                "address": str(device.addresses[0]) if device.addresses else "",
                "kind": short(device.identity.kind),
                "vendor": short(device.identity.vendor),
                "model": short(device.identity.model),
            },
            1,
        )


def _findings(report: Report) -> Iterable[Sample]:
    known = devices(report)
    counted = Counter(
        (finding.device, finding.rule, finding.severity)
        for finding in report.findings
        if not finding.accepted
    )
    for (key, rule, severity), number in counted.items():
        name = device_name(known[key]) if key in known else short(key)
        yield (
            {
                "device": short(key),
                "name": name,
                "rule": short(rule),
                "severity": severity.value,
            },
            number,
        )


def _family(out: TextIO, name: str, words: str, samples: Iterable[Sample]) -> None:
    out.write(f"# HELP iotscan_{name} {words}\n# TYPE iotscan_{name} gauge\n")
    for labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        out.write(f"iotscan_{name}{f'{{{inside}}}' if inside else ''} {float(value)!r}\n")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


RENDERER = render
