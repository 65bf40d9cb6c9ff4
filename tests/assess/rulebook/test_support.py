"""Ends of support and contacts: the file, which products it means, and the findings."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from iotscan.assess.derived.support import support
from iotscan.assess.findings import judge
from iotscan.assess.rulebook.packs import load_rulebook, read_packs
from iotscan.assess.rulebook.support import SupportData
from iotscan.errors import RulePackError
from iotscan.model import Device, Identity, Observation, Proof

HERE = ip_address("192.168.1.5")
BOOK = load_rulebook()
GOOD = """products:
  - vendor: Lampco
    models: ['L-1\\w*']
    ends: '2024-06-30'
    source: https://lampco.example/eol
  - vendor: Lampco
    family: Glow
    ends: '2030-01-01'
    source: https://lampco.example/eol
makers:
  - vendor: Lampco
    contact: https://lampco.example/security
    source: https://lampco.example/.well-known/security.txt
  - vendor: Dimco
    contact: none
    source: https://dimco.example
"""
MAKERS = """fingerprints:
  - id: lampco
    signal: vendor
    exact: [lamp company]
    gives: {vendor: Lampco}
    examples: [{text: lamp company}]
  - id: dimco
    signal: vendor
    exact: [dim company]
    gives: {vendor: Dimco}
    examples: [{text: dim company}]
"""


def read(pack: Path, text: str) -> SupportData:
    (pack / "fingerprints").mkdir(exist_ok=True)
    (pack / "fingerprints" / "makers.yaml").write_text(MAKERS)
    (pack / "support.yaml").write_text(text)
    return read_packs([pack], {}).support


def device(vendor: str = "Lampco", model: str = "L-1b", family: str = "") -> Device:
    return Device("d", (HERE,), identity=Identity(vendor, model, "1.0", family=family))


def observed(
    data: SupportData, of: Device, started: str = "2026-11-20T10:00:00+00:00", **options: Any
) -> dict[str, dict[str, Any]]:
    said = Observation("x", {"model": of.identity.model}, HERE, proofs=(Proof("c1"),))
    found = list(support([of], [said], data, started, **options))
    assert all(one.proofs == (Proof("c1"),) for one in found if of.identity.model)
    return {one.kind: dict(one.facts) for one in found}


def test_support_ends_by_the_time_of_the_recording_and_not_by_a_clock(tmp_path: Path) -> None:
    data = read(tmp_path, GOOD)
    facts = observed(data, device())["support.period"]
    assert facts == {
        "product": "Lampco L-1b", "found": True, "ends": "2024-06-30", "ended": True,
        "source": "https://lampco.example/eol",
    }  # fmt: skip
    last_day = observed(data, device(), "2024-06-30T23:59:59+00:00")["support.period"]
    assert last_day["ended"] is False
    assert "ended" not in observed(data, device(), "")["support.period"]


def test_a_line_of_products_and_other_products(tmp_path: Path) -> None:
    data = read(tmp_path, GOOD)
    glowing = observed(data, device(model="", family="Glow"))["support.period"]
    assert (glowing["ends"], glowing["ended"]) == ("2030-01-01", False)
    assert "support.period" not in observed(data, device(model="L-2"))
    assert "support.period" not in observed(data, device(vendor="Other"))


def test_what_was_not_found_is_told_only_to_who_asks(tmp_path: Path) -> None:
    data = read(tmp_path, GOOD)
    assert observed(data, device("Other", "X-1")) == {}
    asked = observed(data, device("Other", "X-1"), asked=True)
    assert asked == {
        "support.period": {"product": "Other X-1", "found": False},
        "support.contact": {"vendor": "Other", "found": False},
    }
    assert observed(data, device("", ""), asked=True) == {}
    assert "support.period" not in observed(data, device("Other", ""), asked=True)


def test_contacts_that_were_found_and_one_that_was_looked_for(tmp_path: Path) -> None:
    data = read(tmp_path, GOOD)
    assert observed(data, device())["support.contact"]["contact"].endswith("/security")
    assert observed(data, device("Dimco", "D-1"))["support.contact"] == {
        "vendor": "Dimco", "found": False, "source": "https://dimco.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "model", "asked", "rules"),
    [
        ("Lampco", "L-1", False, {"end-of-support"}),
        ("Dimco", "D-1", False, {"no-disclosure-contact"}),
        ("Other", "X-1", False, set()),
        ("Other", "X-1", True, {"no-disclosure-contact", "support-period-not-found"}),
    ],
)
def test_the_findings(
    tmp_path: Path, vendor: str, model: str, asked: bool, rules: set[str]
) -> None:
    here = device(vendor, model)
    found = list(support([here], [], read(tmp_path, GOOD), "2026-11-20", asked=asked))
    assert {finding.rule for finding in judge(found, [here], BOOK)} == rules


@pytest.mark.parametrize(
    ("was", "instead", "fault"),
    [
        ("'2024-06-30'", "'June 2024'", "ends is a day such as"),
        ("    models: ['L-1\\w*']\n", "", "one of models"),
        ("L-1\\w*", "(", "missing \\)"),
        ("contact: https://lampco.example/security", "contact: ring us", "contact is an https"),
        ("vendor: Dimco", "vendor: Nobody", "no fingerprint gives the vendor Nobody"),
        ("source: https://dimco.example", "", "source"),
    ],
)
def test_faults_are_told(tmp_path: Path, was: str, instead: str, fault: str) -> None:
    assert was in GOOD
    with pytest.raises(RulePackError, match=fault):
        read(tmp_path, GOOD.replace(was, instead, 1))


def test_the_pack_s_own_data_is_of_known_makers_and_has_its_sources() -> None:
    sources = [entry.source for entry in BOOK.support.products]
    sources += [entry.source for entry in BOOK.support.makers]
    assert [source for source in sources if not source.startswith("https://")] == []
    makers = [maker.vendor for maker in BOOK.support.makers]
    assert len(makers) == len(set(makers))
