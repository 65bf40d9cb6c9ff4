"""Scoring: which report fits which label, and what counts neither way."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from iotscan.errors import UsageError
from iotscan.labels import load
from iotscan.model import (
    Confidence,
    Device,
    Endpoint,
    Fact,
    Finding,
    Observation,
    Proof,
    Relation,
    Report,
    Scope,
    Service,
    Severity,
)
from iotscan.scoring import Score, score

VOCABULARY = frozenset({"telnet", "login"})


def finding(rule: str = "telnet", host: str = "10.0.0.9", port: int = 23, **odd: Any) -> Finding:
    endpoint = Endpoint(ip_address(host), "tcp", port)
    return Finding(
        rule=rule,
        title="",
        principle="",
        severity=Severity.LOW,
        confidence=Confidence.CONFIRMED,
        relation=Relation.INFORMS,
        device="",
        address=ip_address(odd.get("device", host)),
        endpoint=endpoint,
        detail="",
        plain="",
        remedy="",
        does_not_prove="",
        crosswalk={},
        cwe=(),
        proofs=(Proof("c1", frames=(odd.get("frame", 4),)),),
        fingerprint="",
        facts=odd.get("facts", {}),
    )


def report(*findings: Finding, devices: tuple[Device, ...] = (), seen: Any = ()) -> Report:
    return Report(1, "", "", "", 0.0, "capture", Scope(()), True, devices, seen, findings)


def label(**fields: Any) -> dict[str, Any]:
    entry = {"type": "telnet", "host": "10.0.0.9", "port": 23, "transport": "tcp", "frame": 4}
    return entry | {"peer": "10.0.0.5"} | fields


def judged(labels: list[dict[str, Any]], *findings: Finding, tmp_path: Path, **entry: Any) -> Score:
    tree = {
        "vocabulary": {name: "" for name in VOCABULARY},
        "captures": [{"file": "x", "exhaustive": True, "findings": labels, **entry}],
    }
    path = tmp_path / "labels.yaml"
    path.write_text(yaml.safe_dump(tree))
    vocabulary, (truth,) = load(path)
    return score(truth, report(*findings), vocabulary)


def counts(result: Score) -> tuple[int, int, int]:
    tally = result.findings
    return tally.found, len(tally.missed), len(tally.extra)


@pytest.mark.parametrize(
    ("labels", "findings", "expected"),
    [
        ([label()], [finding()], (1, 0, 0)),
        ([label()], [], (0, 1, 0)),
        ([], [finding()], (0, 0, 1)),
        ([label()], [finding(port=24)], (0, 1, 1)),
        ([label(port=None)], [finding(port=24)], (1, 0, 0)),
        ([label()], [finding(host="10.0.0.8")], (0, 1, 1)),
        ([label()], [finding(), finding()], (1, 0, 0)),
        ([label(), label(peer="10.0.0.6")], [finding()], (1, 1, 0)),
        ([label(), label(peer="10.0.0.6")], [finding(), finding()], (2, 0, 0)),
        ([label(optional=True)], [finding()], (0, 0, 0)),
        ([label(optional=True)], [], (0, 0, 0)),
        ([], [finding(rule="other")], (0, 0, 0)),
        ([label(detail={"username": "a"})], [finding(facts={"username": "b"})], (0, 1, 1)),
        ([label(detail={"username": "a"})], [finding(facts={"username": "a"})], (1, 0, 0)),
        ([label(detail={"username": "a"})], [finding()], (1, 0, 0)),
        ([label(detail="words")], [finding()], (1, 0, 0)),
    ],
)
def test_what_is_found_missed_and_too_many(
    labels: list[dict[str, Any]],
    findings: list[Finding],
    expected: tuple[int, int, int],
    tmp_path: Path,
) -> None:
    assert counts(judged(labels, *findings, tmp_path=tmp_path)) == expected


def test_a_server_outside_may_be_booked_on_the_device(tmp_path: Path) -> None:
    public = label(host="52.1.2.3", host_address="public")
    seen = finding(host="52.1.2.3", device="10.0.0.5")
    assert counts(judged([public], seen, tmp_path=tmp_path)) == (1, 0, 0)
    other = finding(host="10.0.0.5", facts={"peer": "52.1.2.3"})
    assert counts(judged([public], other, tmp_path=tmp_path)) == (1, 0, 0)
    assert counts(judged([label()], finding(host="10.0.0.5"), tmp_path=tmp_path)) == (0, 1, 1)


def test_the_report_that_agrees_best_is_taken(tmp_path: Path) -> None:
    labels = [label(peer="10.0.0.6"), label(peer="10.0.0.5")]
    findings = [finding(facts={"peer": "10.0.0.5"}), finding(facts={"peer": "10.0.0.6"})]
    assert counts(judged(labels, *findings, tmp_path=tmp_path)) == (2, 0, 0)


def test_where_labels_are_examples_only_what_they_name_absent_is_too_many(tmp_path: Path) -> None:
    entry = {"exhaustive": False, "absent": ["login"]}
    seen = (finding(), finding(rule="login"))
    assert counts(judged([], *seen, tmp_path=tmp_path, **entry)) == (0, 0, 1)


def test_precision_and_recall(tmp_path: Path) -> None:
    result = judged([label(), label(port=99)], finding(), finding(port=98), tmp_path=tmp_path)
    assert (result.findings.precision, result.findings.recall) == (0.5, 0.5)
    nothing = judged([], tmp_path=tmp_path)
    assert (nothing.findings.precision, nothing.findings.recall) == (1.0, 1.0)


def test_devices_addresses_names_and_services(tmp_path: Path) -> None:
    mac = "02:00:00:00:00:01"
    entry = {
        "file": "x",
        "devices": [
            {"mac": mac, "ips": ["10.0.0.1", "10.0.0.2"], "names": {"dhcp-hostname": ["Lamp"]}},
            {"mac": None, "ips": ["::1"]},
        ],
        "services": [{"ip": "10.0.0.1", "port": 80}, {"ip": "52.0.0.1", "port": 443}],
    }
    path = tmp_path / "labels.yaml"
    path.write_text(yaml.safe_dump({"vocabulary": {}, "captures": [entry]}))
    vocabulary, (truth,) = load(path)
    here = Endpoint(ip_address("10.0.0.1"), "tcp", 80)
    known = Device(
        mac,
        (ip_address("10.0.0.1"), ip_address("10.0.0.3")),
        mac,
        names=("lamp",),
        services=(Service(here, opened=True),),
    )
    facts: dict[str, Fact] = {"peer": "52.0.0.1", "port": 443, "transport": "tcp", "outside": True}
    facts["opened"] = True
    contact = Observation("capture.contact", facts, ip_address("10.0.0.1"))
    stranger = Device("x", (), "02:00:00:00:00:09")
    result = score(truth, report(devices=(known, stranger), seen=(contact,)), vocabulary)
    assert (result.macs.found, result.macs.extra) == (1, ["02:00:00:00:00:09"])
    assert set(result.addresses.missed) == {"::1", f"{mac} 10.0.0.2"}
    assert result.addresses.extra == [f"{mac} 10.0.0.3"]
    assert (result.names.found, result.names.missed) == (1, [])
    assert (result.services.found, result.services.missed, result.services.extra) == (2, [], [])


def test_services_that_were_only_overheard_or_speak_udp_are_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "labels.yaml"
    entry = {"file": "x", "services": [{"ip": "10.0.0.1", "port": 80}]}
    path.write_text(yaml.safe_dump({"vocabulary": {}, "captures": [entry]}))
    vocabulary, (truth,) = load(path)
    home = ip_address("10.0.0.1")
    services = (
        Service(Endpoint(home, "tcp", 80), opened=True),
        Service(Endpoint(home, "tcp", 81), opened=False),
        Service(Endpoint(home, "udp", 53)),
    )
    facts: dict[str, Fact] = {"peer": "52.0.0.1", "port": 443, "transport": "tcp", "outside": True}
    facts |= {"answered": True, "opened": False}
    contact = Observation("capture.contact", facts, home)
    known = Device("x", (home,), services=services)
    result = score(truth, report(devices=(known,), seen=(contact,)), vocabulary)
    assert (result.services.found, result.services.missed, result.services.extra) == (1, [], [])


def test_each_label_gets_the_finding_that_no_other_can_have(tmp_path: Path) -> None:
    seen = finding(facts={"username": "a"}), finding(facts={"username": "b"})
    labels = [label(), label(detail={"username": "a"})]
    assert counts(judged(labels, *seen, tmp_path=tmp_path)) == (2, 0, 0)
    labels = [label(optional=True), label()]
    assert counts(judged(labels, finding(), tmp_path=tmp_path)) == (1, 0, 0)


def test_what_is_not_labelled_is_not_judged(tmp_path: Path) -> None:
    here = Endpoint(ip_address("10.0.0.1"), "tcp", 80)
    known = Device("x", (), "02:00:00:00:00:09", services=(Service(here),))
    path = tmp_path / "labels.yaml"
    path.write_text("{vocabulary: {}, captures: [{file: x}]}")
    vocabulary, (truth,) = load(path)
    result = score(truth, report(devices=(known,)), vocabulary)
    assert (result.macs.extra, result.services.extra) == ([], [])


def test_addresses_are_the_same_however_they_are_written(tmp_path: Path) -> None:
    labels = [label(host="2001:DB8:0::1", port=23)]
    assert counts(judged(labels, finding(host="2001:db8::1"), tmp_path=tmp_path)) == (1, 0, 0)


CAPTURE = "vocabulary: [telnet, login]\ncaptures: [{file: a.pcap}, {file: b.pcap, %s}]"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("captures: []", "the key vocabulary is missing"),
        ("vocabulary: {}", "the key captures is missing"),
        ("words", "a mapping of keys to values is expected"),
        ("vocabulary: {}\ncaptures: {a: b}", "captures must be a list"),
        ("vocabulary: {}\ncaptures: [{}]", "captures 1: the key file with a text is missing"),
        ("vocabulary: 7\ncaptures: []", "vocabulary must be a list"),
        (CAPTURE % "findings: [3]", r"captures 2 \(b.pcap\), findings 1: a mapping"),
        (
            CAPTURE % "findings: [{type: telnet}]",
            r"captures 2 \(b.pcap\), findings 1: the key host",
        ),
        (CAPTURE % "findings: [{type: telmet, host: h}]", "telmet is not .* did you mean telnet"),
        (CAPTURE % "findings: [{type: login, host: h, port: ssh}]", "port must be a whole number"),
        (CAPTURE % "findings: [{type: login, host: h, optional: 1}]", "optional is true or false"),
        (CAPTURE % "absent: [telmet]", "telmet is not in the vocabulary"),
        (CAPTURE % "exhaustive: 'false'", "exhaustive is true or false"),
        (CAPTURE % "services: [{port: 2}]", "services 1: the key ip"),
        (CAPTURE % "devices: [{mac: x, names: a}]", "devices 1: names must be"),
        ("vocabulary: {}\ncaptures: [{file: a}, {file: a}]", "captures 2 .* labelled above"),
    ],
)
def test_faults_in_labels_are_told_with_their_place(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=f"labels.yaml does not hold labels: .*{fault}"):
        load(path)


@pytest.mark.parametrize(
    "text", ["", "captures: []", "vocabulary: {}\ncaptures: [{}]", "a: [", "[]"], ids=range(5)
)
def test_what_is_no_labels_is_wrong_use(text: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match="does not hold labels"):
        load(path)
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "none")
