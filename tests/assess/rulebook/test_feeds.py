"""Imported lists of flaws, held against devices: the same product word for word, or no match."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.assess.derived.flaws import flaws
from iotscan.assess.findings import judge
from iotscan.assess.rulebook.feeds import Feeds, Listed, Versions, gathered, plain
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.model import Confidence, Device, Fact, Feed, Identity, Observation, Proof, Severity

HERE = ip_address("192.168.1.5")
NVD = Feed("nvdcve-2.0-2024", "NVD", "2026-11-20", "ab" * 32, 3)
KEV = Feed("cisa-kev", "CISA, known exploited vulnerabilities", "2026-11-19", "cd" * 32, 1)


def listed(**changed: Any) -> Listed:
    fields: dict[str, Any] = {
        "id": "CVE-2024-1000", "vendor": "dlink", "product": "dir645", "about": "Anybody may.",
        "versions": (Versions(through="1.04b12"),),
    } | changed  # fmt: skip
    return Listed(**fields)


def device(vendor: str = "D-Link", model: str = "DIR-645", firmware: str = "1.03") -> Device:
    return Device("d", (HERE,), identity=Identity(vendor, model, firmware))


def matched(entry: Listed, identity: Identity) -> bool:
    return bool(gathered([(NVD, [entry], ())]).of(identity))


@pytest.mark.parametrize(
    ("vendor", "model", "firmware"),
    [("D-Link", "DIR-645", "1.03"), ("d link", "dir 645", "V1.04B12"), ("DLink", "DIR645", "1.00")],
)
def test_names_match_however_they_are_written(vendor: str, model: str, firmware: str) -> None:
    assert matched(listed(), Identity(vendor, model, firmware))


@pytest.mark.parametrize(
    ("vendor", "model", "firmware"),
    [
        ("D-Link", "DIR-645L", "1.03"),
        ("D-Link", "DIR-645+", "1.03"),
        ("D-Link", "DIR-645 A1", "1.03"),
        ("D-Link", "", "1.03"),
        ("TP-Link", "DIR-645", "1.03"),
        ("", "DIR-645", "1.03"),
        ("D-Link", "DIR-645", "1.05"),
        ("D-Link", "DIR-645", "1.04"),  # may be build 13
        ("D-Link", "DIR-645", ""),
        ("D-Link", "DIR-645", "unknown"),
    ],
)
def test_what_is_not_for_sure_the_same_is_no_match(vendor: str, model: str, firmware: str) -> None:
    assert not matched(listed(), Identity(vendor, model, firmware))


def test_a_word_that_any_product_could_have_is_no_model() -> None:
    entry = listed(vendor="acme", product="camera", versions=(Versions(),))
    assert not matched(entry, Identity("Acme", "Camera", "1.0"))


def test_a_line_of_products_matches_by_family_and_by_the_models_named() -> None:
    entry = listed(vendor="mikrotik", product="routeros", family=True)
    known = Identity("MikroTik", "RB750", "1.0", family="RouterOS")
    assert matched(entry, known)
    assert not matched(entry, Identity("MikroTik", "RouterOS", "1.0"))
    narrow = listed(vendor="mikrotik", product="routeros", family=True, models=("rb951",))
    assert not matched(narrow, known)


@pytest.mark.parametrize(
    ("versions", "firmware", "answer"),
    [
        (Versions(), "", True),
        (Versions(exact="1.2"), "1.2", True),
        (Versions(exact="1.2"), "1.3", False),
        (Versions(since="1.2", before="1.5"), "1.2", True),
        (Versions(since="1.2", before="1.5"), "1.5", False),
        (Versions(since="1.2", before="1.5"), "1.1", False),
        (Versions(after="1.2", through="1.5"), "1.2", False),
        (Versions(after="1.2", through="1.5"), "1.5", True),
        (Versions(since="1.2", before="1.5b2"), "1.5", None),
        (Versions(since="2.0", before="1.5b2"), "1.5", False),  # one bound is enough for a no
    ],
)
def test_bounds_belong_or_do_not(versions: Versions, firmware: str, answer: bool | None) -> None:
    assert versions.hold(firmware) is answer


def test_a_plus_tells_two_models_apart() -> None:
    assert plain("NSA220+") != plain("NSA220")
    assert plain("TP-Link") == plain("tp link") == "tplink"


def test_the_later_list_is_heard_on_a_flaw_that_several_tell_of() -> None:
    older = Feed("nvd-a", "NVD", "2026-01-01", "", 1)
    wide, narrow = listed(versions=(Versions(),)), listed(versions=(Versions(exact="9.9"),))
    feeds = gathered([(NVD, [narrow], ()), (older, [wide], ())])
    assert feeds.of(device().identity) == ()
    assert feeds.notes == (older, NVD)


def seen(feeds: Feeds, of: Device | None = None) -> list[Observation]:
    said = Observation("http.service", {"model": "DIR-645"}, HERE, proofs=(Proof("c1", (0,)),))
    known = tuple(BOOK.flaws.values())
    return list(flaws([of or device()], [said], known, feeds))


BOOK = load_rulebook()


def test_a_match_is_an_observation_with_its_source_and_proof() -> None:
    (found,) = seen(gathered([(NVD, [listed()], ())]), device(firmware="1.03"))[-1:]
    assert found.kind == "flaws.feed"
    assert found.facts == {
        "exploited": False, "product": "D-Link DIR-645", "version": "1.03",
        "flaws": ("CVE-2024-1000",), "example": "Anybody may.", "feed": "NVD of 2026-11-20",
    }  # fmt: skip
    assert found.proofs == (Proof("c1", (0,)),)


def test_reviewed_entries_are_believed_before_a_list() -> None:
    """The list says less of the same flaw, and is not heard on it."""
    feeds = gathered([(NVD, [listed(id="CVE-2015-2051")], ())])
    assert [found.kind for found in seen(feeds)] == ["flaws.known"]


def test_the_catalogue_of_attacks_marks_and_adds_nothing() -> None:
    here = device("MikroTik", "RB750Gr3", "6.44.5")
    here = Device("d", (HERE,), identity=Identity("MikroTik", "RB750", "6.44.5", family="RouterOS"))
    before = {f.facts["exploited"]: f.facts["flaws"] for f in seen(Feeds(), here)}
    assert "CVE-2019-3978" in str(before[False])
    feeds = gathered([(KEV, [], ["CVE-2019-3978", "CVE-2024-9999"])])
    after: dict[Fact, dict[str, Any]] = {
        f.facts["exploited"]: dict(f.facts) for f in seen(feeds, here)
    }
    assert "CVE-2019-3978" in after[True]["flaws"]
    assert after[True]["listed"] == "CISA, known exploited vulnerabilities of 2026-11-19"
    assert "CVE-2024-9999" not in str(after)


def test_an_attack_that_a_list_tells_of_is_worse_and_less_sure_than_a_reviewed_one() -> None:
    feeds = gathered([(NVD, [listed()], ()), (KEV, [], ["CVE-2024-1000"])])
    here = device("D-Link", "DIR-645", "1.04b12")
    observations = seen(feeds, here)
    by_list = [found for found in observations if found.kind == "flaws.feed"]
    (finding,) = judge(by_list, [here], BOOK)
    assert (finding.severity, finding.confidence) == (Severity.CRITICAL, Confidence.POSSIBLE)
    assert (
        "CISA, known exploited vulnerabilities of 2026-11-19, NVD of 2026-11-20" in finding.detail
    )
    reviewed = [found for found in observations if found.kind == "flaws.known"]
    (sure,) = judge(reviewed, [here], BOOK)
    assert sure.confidence > finding.confidence


def test_many_flaws_are_counted_the_newest_named() -> None:
    many = [
        listed(id=f"CVE-{year}-{number}") for year in (2014, 2023) for number in range(1000, 1030)
    ]
    (found,) = [f for f in seen(gathered([(NVD, many, ())])) if f.kind == "flaws.feed"]
    named = found.facts["flaws"]
    assert isinstance(named, tuple)
    assert named[0] == "CVE-2023-1029"
    assert (len(named), found.facts["more"]) == (24, 36)
