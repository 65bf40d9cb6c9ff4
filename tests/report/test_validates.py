"""Formats for other programs, held against their published schemas or what reads them."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from junitparser import Failure, JUnitXml, Skipped
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.objects.metadata import Metadata

from iotscan.model import Report, Severity
from iotscan.report import Options, render
from iotscan.report.words import device_label

SCHEMAS = Path(__file__).parents[1] / "schemas" / "node_modules"
SARIF = SCHEMAS / "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
ECS = SCHEMAS / "@elastic/ecs/generated/ecs_flat.ts"
Sample = Callable[[], Report]


def written(report: Report, name: str) -> str:
    out = io.StringIO(newline="")
    render(report, name, out, Options())
    return out.getvalue()


@pytest.fixture(params=["recorded", "home", "accepted", "empty", *range(10)], ids=str)
def report(request: pytest.FixtureRequest, samples: ModuleType, recorded: Report) -> Report:
    """Reports of all sorts; a number is that of a hostile text."""
    if request.param == "recorded":
        return recorded
    made: Report
    if isinstance(request.param, int):
        made = samples.hostile(samples.HOSTILE[request.param])
    else:
        made = getattr(samples, request.param)()
    return made


@cache
def published(path: Path) -> str:
    if not path.is_file():
        pytest.skip("not fetched: the published schemas (tests/schemas/install.sh)")
    return path.read_text("utf-8")


def test_sarif_fits_its_schema(report: Report) -> None:
    log = json.loads(written(report, "sarif"))
    validator = jsonschema.Draft4Validator(
        json.loads(published(SARIF)), format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
    )
    assert [error.message for error in validator.iter_errors(log)] == []
    run = log["runs"][0]
    assert len(run["results"]) == len(report.findings)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result, finding in zip(run["results"], report.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"] == {"iotscanFinding/v1": finding.fingerprint}
        assert bool(result.get("suppressions")) is (finding.accepted is not None)


def test_ecs_uses_no_field_that_the_schema_has_not(report: Report) -> None:
    fields = set(re.findall(r"^  '?([@\w.]+)'?\??:", published(ECS), re.MULTILINE))
    assert "host.ip" in fields
    lines = [json.loads(line) for line in written(report, "ecs").split("\n")[:-1]]
    assert len(lines) == len(report.devices) + len(report.findings)
    for line in lines:
        for name, value in flat(line):
            known = name in fields or (name.startswith("labels.") and isinstance(value, str))
            assert known, name
        assert line["ecs"]["version"] == "9.4.0"
        assert line["event"]["kind"] in ("asset", "state")
        if "@timestamp" in line:
            datetime.fromisoformat(line["@timestamp"])


def flat(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found = []
    for key, value in tree.items():
        name = f"{prefix}{key}"
        found += flat(value, f"{name}.") if isinstance(value, dict) else [(name, value)]
    return found


def test_ocsf_findings_fit_the_models_and_devices_what_the_class_requires(report: Report) -> None:
    events = [json.loads(line) for line in written(report, "ocsf").split("\n")[:-1]]
    devices = [event for event in events if event["class_uid"] == 5001]
    findings = [event for event in events if event["class_uid"] == 2003]
    assert (len(devices), len(findings)) == (len(report.devices), len(report.findings))
    for event in events:
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["category_uid"] == event["class_uid"] // 1000
        assert isinstance(event["time"], int)
        assert event["severity_id"] in range(1, 6)
        assert Metadata.model_validate(event["metadata"]).version == "1.5.0"
    for event in devices:
        assert event["device"]["type_id"] in range(12)
        assert event["device"]["uid"]
    for event in findings:
        if "device" in event:
            # The model asks for the region of a cloud, which the schema only recommends.
            event["device"].setdefault("region", "")
            event["device"].setdefault("hostname", "")
        assert ComplianceFinding.model_validate(event).finding_info.uid


def test_csv_reads_back_and_runs_nowhere(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(written(report, "csv"), newline=""), strict=True))
    assert [row["fingerprint"] for row in rows] == [f.fingerprint for f in report.findings]
    for row in rows:
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


def test_junit_is_read_with_the_right_counts(report: Report) -> None:
    document = JUnitXml.fromstring(written(report, "junit").encode())
    cases = [case for suite in document for case in suite]
    failed = [case for case in cases if any(isinstance(r, Failure) for r in case.result)]
    skipped = [case for case in cases if any(isinstance(r, Skipped) for r in case.result)]
    wanted = [f for f in report.findings if not f.accepted and f.severity > Severity.INFO]
    assert len(failed) == len(wanted) == document.failures
    assert len(skipped) == document.skipped >= len(report.gaps)
    assert len(cases) == document.tests


def test_markdown_has_no_markup_of_a_device(report: Report) -> None:
    tokens = (
        MarkdownIt("commonmark", {"html": True}).enable("table").parse(written(report, "markdown"))
    )
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in [*tokens, *inline]}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "fence", "code_inline"}
    assert not kinds & {"em_open", "blockquote_open", "ordered_list_open", "code_block"}
    titles = [token for token in tokens if token.type == "heading_open" and token.tag == "h1"]
    assert len(titles) == 1


def test_markdown_says_what_was_found(samples: ModuleType) -> None:
    page = MarkdownIt("commonmark").enable("table").render(written(samples.home(), "markdown"))
    text = re.sub(r"<[^>]+>", "", page)
    for device in samples.devices():
        assert device_label(device) in text
    for finding in samples.findings():
        assert finding.title in text
        assert finding.detail in text


def test_cyclonedx_fits_its_schema(report: Report) -> None:
    text = written(report, "cyclonedx")
    with warnings.catch_warnings():
        # The validator's own library announces changes to come in its parts.
        warnings.simplefilter("ignore", DeprecationWarning)
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert [part["type"] for part in bill["components"]] == ["device"] * len(report.devices)
    assert len(bill["vulnerabilities"]) == len(report.findings)
    known = {part["bom-ref"] for part in bill["components"]}
    affected = {ref["ref"] for one in bill["vulnerabilities"] for ref in one.get("affects", ())}
    assert affected <= known


def test_prometheus_parses_and_counts(report: Report) -> None:
    families = {f.name: f for f in text_string_to_metric_families(written(report, "prometheus"))}
    assert all(family.type == "gauge" for family in families.values())
    samples = families["iotscan_findings"].samples
    assert sum(sample.value for sample in samples) == len(report.findings)
    assert families["iotscan_devices"].samples[0].value == len(report.devices)
    if report.started == "2026-11-21T10:27:04Z":
        moment = families["iotscan_scan_start_timestamp_seconds"].samples[0].value
        assert moment == datetime.fromisoformat(report.started).timestamp()


# RFC 5424, section 6; names of at most 32 printable US-ASCII characters without =, ", ] and space.
_NAME = r"[!#-<>-\\^-~]{1,32}"
_VALUE = r'(?:[^"\\\]]|\\["\\\]])*'
SYSLOG = re.compile(
    r"<(?P<priority>0|[1-9]\d{0,2})>1 "
    r"(?:-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) "
    r"[!-~]{1,255} [!-~]{1,48} [!-~]{1,128} [!-~]{1,32} "
    rf'(?:-|(?:\[{_NAME}(?: {_NAME}="{_VALUE}")*\])+)'
    r"(?: \ufeff.*)?"
)


def test_syslog_follows_the_grammar(report: Report) -> None:
    lines = written(report, "syslog").split("\n")[:-1]
    assert len(lines) == 1 + len(report.devices) + len(report.findings)
    for line in lines:
        found = SYSLOG.fullmatch(line)
        assert found, line
        assert int(found["priority"]) < 192
        assert len(line.encode()) <= 8192
