"""JUnit XML: a suite for each device, so that build servers count and show findings.

A finding fails its case; one that is merely good to know passes, one whose risk was accepted is
skipped, and so is what could not be looked at.
"""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from collections.abc import Sequence
from typing import TextIO

from iotscan.model import Finding, Gap, Report, Severity
from iotscan.report import Options
from iotscan.report.digest import DeviceView, device_views
from iotscan.report.exchange import began, place, proofs, short
from iotscan.report.words import CONFIDENCE, ENDINGS, device_label, safe


def render(report: Report, out: TextIO, options: Options) -> None:
    """One document; counts are those of its cases."""
    root = Xml.Element("testsuites", name="iotscan", time=f"{report.duration:.3f}")
    for view in device_views(report):
        _suite(root, report, device_label(view.device), _cases(view), view.device.key)
    loose = [_gap(gap) for gap in report.gaps if not gap.device]
    if loose or not report.complete:
        _suite(root, report, "What could not be seen", loose or [_cut_off()], "")
    suites = root.findall("testsuite")
    for name in ("tests", "failures", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    root.set("errors", "0")
    Xml.indent(root)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(Xml.tostring(root, encoding="unicode") + "\n")


def _suite(
    root: Xml.Element, report: Report, name: str, cases: Sequence[Xml.Element], key: str
) -> None:
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": "0",
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
    }
    suite = Xml.SubElement(root, "testsuite", {"name": name, **counts, "time": "0"})
    if moment := began(report):
        suite.set("timestamp", f"{moment:%Y-%m-%dT%H:%M:%S}")
    if key:
        properties = Xml.SubElement(suite, "properties")
        Xml.SubElement(properties, "property", name="device", value=short(key))
    for case in cases:
        case.set("classname", name)
        suite.append(case)


def _cases(view: DeviceView) -> list[Xml.Element]:
    cases = [_finding(finding) for finding in view.findings]
    cases += [_gap(gap) for gap in view.gaps]
    return cases or [_case("nothing was found")]


def _finding(finding: Finding) -> Xml.Element:
    case = _case(f"{safe(finding.title)} ({place(finding)})")
    words = "\n".join(
        (
            safe(finding.detail),
            f"Why: {safe(finding.plain)}",
            f"What to do: {safe(finding.remedy)}",
            f"Not proven: {safe(finding.does_not_prove)}",
            f"{short(finding.rule)}: {finding.severity.value}, {CONFIDENCE[finding.confidence]}",
            f"Proof: {'; '.join(proofs(finding))}",
            f"Fingerprint: {short(finding.fingerprint)}",
        )
    )
    if finding.accepted:
        until = f"accepted until {short(finding.accepted.expires)}: {safe(finding.accepted.reason)}"
        Xml.SubElement(case, "skipped", message=until)
    elif finding.severity > Severity.INFO:
        failure = {"type": short(finding.rule), "message": safe(finding.detail)}
        Xml.SubElement(case, "failure", failure).text = words
        return case
    Xml.SubElement(case, "system-out").text = words
    return case


def _gap(gap: Gap) -> Xml.Element:
    case = _case(f"{safe(gap.what)} at {short(gap.subject)}")
    Xml.SubElement(case, "skipped", message=safe(gap.reason) or ENDINGS[gap.ending])
    return case


def _cut_off() -> Xml.Element:
    case = _case("the whole scan")
    Xml.SubElement(case, "skipped", message="it did not run to its end")
    return case


def _case(name: str) -> Xml.Element:
    return Xml.Element("testcase", name=name, time="0")


RENDERER = render
