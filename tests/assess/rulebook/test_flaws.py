"""Known flaws: which versions have them, what is refused in the file, and the findings."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan.assess.derived.flaws import flaws
from iotscan.assess.findings import judge
from iotscan.assess.rulebook.flaws import Flaw, known_flaws, version_in
from iotscan.assess.rulebook.packs import load_rulebook, read_packs
from iotscan.errors import RulePackError
from iotscan.model import Device, Finding, Identity, Observation, Proof, Severity

HERE = ip_address("192.168.1.5")
BOOK = load_rulebook()
FLAWS = tuple(BOOK.flaws.values())
GOOD = """flaws:
  - id: CVE-2020-1000
    vendor: Lampco
    models: ['L-1\\w*']
    since: '1.2'
    fixed: ['1.3.4', '1.5']
    about: anybody switches it
    exploited: false
    source: https://example.org
"""
MAKER = """fingerprints:
  - id: lampco
    signal: vendor
    exact: [lampco]
    gives: {vendor: Lampco}
    examples: [{text: lampco}]
"""


def read(pack: Path, text: str) -> tuple[Flaw, ...]:
    (pack / "fingerprints").mkdir(exist_ok=True)
    (pack / "fingerprints" / "lampco.yaml").write_text(MAKER)
    (pack / "flaws.yaml").write_text(text)
    return tuple(read_packs([pack], {}).flaws.values())


def found(identity: Identity) -> set[str]:
    return {flaw.id for flaw in known_flaws(FLAWS, identity)}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("6.42.1", (6, 42, 1)),
        ("V1.04b12", (1, 4, 12)),
        ("firmware v1.06.01", (1, 6, 1)),
        ("3.0.0.4.386_42643", (3, 0, 0, 4, 386, 42643)),
        ("V5.30(ABUH.0)", (5, 30)),
        ("20210625", None),
        ("built for 1.2", None),
        ("", None),
    ],
)
def test_versions_are_read_as_numbers(text: str, numbers: tuple[int, ...] | None) -> None:
    assert version_in(text) == numbers


def test_the_file_holds_what_it_promises() -> None:
    assert len(FLAWS) >= 40
    assert len({(flaw.id, flaw.models, flaw.family) for flaw in FLAWS}) == len(FLAWS)
    nvd = "https://nvd.nist.gov/vuln/detail/"
    assert [flaw.id for flaw in FLAWS if not flaw.source.startswith("https://")] == []
    told = [flaw for flaw in FLAWS if flaw.source.startswith(nvd)]
    assert [flaw.id for flaw in told if flaw.source != nvd + flaw.id] == []


@pytest.mark.parametrize(
    ("version", "has"),
    [
        ("1.1.9", False),
        ("1.2", True),
        ("1.3.3", True),
        ("1.3.4", False),
        ("1.4", True),
        ("1.4.9", True),
        ("1.5", False),
        ("2.0", False),
        ("newest", None),
    ],
)
def test_a_version_has_it_until_its_line_was_mended(
    tmp_path: Path, version: str, has: bool | None
) -> None:
    (flaw,) = read(tmp_path, GOOD)
    assert flaw.has(version) is has


def test_through_names_the_last_version_with_it(tmp_path: Path) -> None:
    (flaw,) = read(tmp_path, GOOD.replace("fixed: ['1.3.4', '1.5']", "through: '1.4'"))
    assert [flaw.has(text) for text in ("1.3.9", "1.4", "1.4.1")] == [True, True, False]


def test_what_was_never_mended_needs_no_version() -> None:
    assert "CVE-2024-3273" in found(Identity("D-Link", "DNS-325"))
    assert found(Identity("D-Link", "DNS-3250")) == set()
    assert found(Identity("Lampco", "DNS-325")) == set()
    assert found(Identity(model="DNS-325")) == set()


def test_builds_are_compared_where_the_maker_counts_by_them() -> None:
    old, new = (
        Identity("Hikvision", "DS-2CD2143G2-I", text)
        for text in ("V5.7.0 build 210101", "V5.5.0 build 220314")
    )
    assert found(old) == {"CVE-2021-36260"}
    assert found(new) == set()
    assert found(Identity("Hikvision", "DS-2CD2143G2-I", "V5.7.0")) == set()


def test_an_unknown_version_has_no_flaw_that_depends_on_it() -> None:
    assert "CVE-2018-14847" in found(Identity("MikroTik", "", "6.40.1", family="RouterOS"))
    for firmware in ("", "6.40.8", "6.42.1", "7.1", "6.28"):
        identity = Identity("MikroTik", "", firmware, family="RouterOS")
        assert "CVE-2018-14847" not in found(identity), firmware


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("CVE-2020-1000", "a hole", 2, "an id is as CVE"),
        ("vendor: Lampco", "vendor: Nobody", 2, "no fingerprint gives the vendor Nobody"),
        ("vendor: Lampco", "maker: Lampco", 3, "the key maker is not known"),
        ("models: ['L-1\\w*']", "models: ['L-(']", 2, "missing )"),
        ("models: ['L-1\\w*']", "product: L", 2, "one of models"),
        ("since: '1.2'", "since: first", 2, "first is no version"),
        ("since: '1.2'", "through: '1.9'", 2, "one of through and fixed"),
        ("since: '1.2'", "form: build", 2, "form: the one group"),
        ("exploited: false", "exploited: maybe", 8, "exploited is one of"),
        ("source: https://example.org", "", 2, "the key source is missing"),
    ],
)
def test_a_fault_is_told_with_its_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert old in GOOD
    with pytest.raises(RulePackError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    told = [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults]
    assert any(each.startswith(f"flaws.yaml:{line}: ") and reason in each for each in told), told


def test_flaws_are_part_of_the_hash(tmp_path: Path) -> None:
    read(tmp_path, GOOD)
    before = read_packs([tmp_path], {}).hash
    read(tmp_path, GOOD.replace("1.3.4", "1.3.5"))
    assert read_packs([tmp_path], {}).hash != before


def judged(identity: Identity, *seen: Observation) -> dict[str, Finding]:
    device = Device("d", (HERE,), identity=identity)
    observations = list(flaws([device], seen, FLAWS))
    return {finding.rule: finding for finding in judge(observations, [device], BOOK)}


def test_exploited_flaws_are_told_apart_from_others_with_their_proof() -> None:
    identity = Identity("MikroTik", "RB750Gr3", "6.40.1", "router", family="RouterOS")
    seen = Observation("ftp.service", {"greeting": "MikroTik 6.40.1"}, HERE, proofs=(Proof("c4"),))
    found = judged(identity, seen)
    assert set(found) == {"known-exploited-vulnerability", "known-vulnerable-version"}
    worst = found["known-exploited-vulnerability"]
    assert worst.severity is Severity.CRITICAL
    assert worst.proofs == (Proof("c4"),)
    assert worst.detail.startswith(
        "MikroTik RB750Gr3 with the version 6.40.1 is known for CVE-2018"
    )
    assert "CVE-2019-3978" in found["known-vulnerable-version"].detail


def test_a_mended_version_gives_no_finding() -> None:
    assert judged(Identity("MikroTik", "RB750Gr3", "7.16", family="RouterOS")) == {}
    assert judged(Identity()) == {}


def test_of_what_was_never_mended_no_version_is_named() -> None:
    (finding,) = judged(Identity("Edimax", "IC-7100", "3.06")).values()
    assert finding.facts["mended"] is False
    assert "3.06" not in finding.detail


@pytest.mark.parametrize(
    ("vendor", "model", "firmware", "has"),
    [
        ("Hikvision", "DS-2CD2032F-I", "V5.4.0", True),
        ("Hikvision", "DS-2CD2032F-I", "V5.4.5", False),
        ("Hikvision", "DS-2CD2642FWD-IZS", "V5.4.4", True),
        ("D-Link", "DIR-655", "2.13", False),  # an earlier revision, of which nothing is told
        ("D-Link", "DIR-655", "3.02b05", True),
        ("D-Link", "DNS-320", "1.03", False),
        ("Tenda", "AC15", "15.03.05.19", True),
        ("Tenda", "AC15", "15.03.05.18", False),
        ("GeoVision", "GV-VS2412", "", False),
        ("GeoVision", "GV-VS14", "", True),
    ],
)
def test_flaws_are_of_the_versions_and_models_that_their_records_name(
    vendor: str, model: str, firmware: str, has: bool
) -> None:
    assert bool(found(Identity(vendor, model, firmware))) is has
