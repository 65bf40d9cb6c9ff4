"""Findings: one per rule and place, with all proofs, the same fingerprint next time."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from iotscan.assess.findings import fingerprint, judge
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import read_packs
from iotscan.model import Device, Endpoint, Fact, Finding, Kind, Observation, Proof, Severity

WORDS = {"open": bool, "version": str, "bits": int, "ratio": float, "names": tuple, "login": str}
KINDS = {
    "lamp.state": Kind("lamp.state", WORDS, ""),
    "lamp.guard": Kind("lamp.guard", {"locked": bool}, ""),
}
V4, V6 = ip_address("192.168.1.5"), ip_address("fd00::5")
LAMP = Device("00:00:01:00:00:0a", (V4, V6))
OTHER = Device("192.168.1.6", (ip_address("192.168.1.6"),))


def seen(
    facts: dict[str, Fact], *, at: str = "192.168.1.5", port: int | None = 23, proof: str = "c1"
) -> Observation:
    address = ip_address(at)
    endpoint = Endpoint(address, "tcp", port) if port else None
    return Observation("lamp.state", facts, address, endpoint, (Proof(proof, (1,)),))


def rules(found: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in found]


def test_what_holds_becomes_a_finding_with_its_words_and_proof(book: Rulebook) -> None:
    (finding,) = judge([seen({"open": True, "version": "9"})], [LAMP], book)
    assert (finding.rule, finding.severity, finding.device) == (
        "lamp-open",
        Severity.HIGH,
        LAMP.key,
    )
    assert finding.detail == "The lamp at 192.168.1.5:23/tcp is open in version 9."
    assert (finding.plain, finding.remedy) == ("Close it.", "Turn the key.")
    assert finding.proofs == (Proof("c1", (1,)),)
    assert finding.crosswalk == {"house-rules": ("1-1", "1-2", "1-3")}
    assert finding.cwe == ("CWE-306",)


def test_what_is_unknown_or_false_makes_no_finding(book: Rulebook) -> None:
    assert judge([seen({}), seen({"open": False})], [LAMP], book) == ()


def test_what_belongs_to_no_device_makes_no_finding(book: Rulebook) -> None:
    assert judge([seen({"open": True})], [OTHER], book) == ()


def test_several_observations_at_one_port_are_one_finding(book: Rulebook) -> None:
    found = judge(
        [
            seen({"open": True, "version": "8"}, proof="c1"),
            seen({"open": True, "version": "9"}, proof="c2"),
            seen({"open": True, "version": "8"}, at="fd00::5", proof="c3"),
            seen({"open": True}, port=24, proof="c4"),
        ],
        [LAMP],
        book,
    )
    assert [(f.endpoint.port if f.endpoint else 0, len(f.proofs)) for f in found] == [
        (23, 3),
        (24, 1),
    ]
    assert found[0].address == V4
    assert found[0].detail.endswith("is open in version 8. (2 more like it.)")


def test_a_covered_finding_is_left_out_at_that_place_only(book: Rulebook) -> None:
    found = judge(
        [seen({"open": True, "bits": 4}), seen({"version": "1"}), seen({"version": "1"}, port=24)],
        [LAMP],
        book,
    )
    assert rules(found) == ["lamp-open", "lamp-dim", "lamp-dim"]


def test_the_fingerprint_tells_rule_device_and_port_and_nothing_else(book: Rulebook) -> None:
    (one,) = judge([seen({"open": True}, proof="c1")], [LAMP], book)
    (again,) = judge([seen({"open": True, "version": "7"}, at="fd00::5", proof="c9")], [LAMP], book)
    assert one.fingerprint == again.fingerprint == fingerprint("lamp-open", LAMP.key, "tcp/23")
    (whole,) = judge([seen({"open": True}, port=None)], [LAMP], book)
    assert whole.fingerprint != one.fingerprint


def test_confirmed_reach_from_the_internet_raises_the_severity(book: Rulebook) -> None:
    def exposed(reach: str) -> Observation:
        endpoint = Endpoint(V4, "tcp", 23)
        return Observation("inventory.exposure", {"reach": reach}, V4, endpoint)

    (calm,) = judge([seen({"open": True}), exposed("likely")], [LAMP], book)
    assert calm.severity is Severity.HIGH
    (worse,) = judge([seen({"open": True}), exposed("confirmed")], [LAMP], book)
    assert worse.severity is Severity.CRITICAL
    (elsewhere,) = judge([seen({"open": True}, port=24), exposed("confirmed")], [LAMP], book)
    assert elsewhere.severity is Severity.HIGH


def test_a_rule_about_the_whole_device_makes_one_finding(pack: Path) -> None:
    file = pack / "findings" / "lamp-open.yaml"
    file.write_text(file.read_text().replace("about: lamp.state", "per: device\nabout: lamp.state"))
    found = judge(
        [seen({"open": True}), seen({"open": True}, port=24)], [LAMP], read_packs([pack], KINDS)
    )
    assert [(f.rule, f.endpoint, len(f.proofs)) for f in found] == [("lamp-open", None, 1)]
    assert found[0].fingerprint == fingerprint("lamp-open", LAMP.key, "device")


def test_the_worst_comes_first_and_the_login_is_cited_by_its_id(book: Rulebook) -> None:
    found = judge([seen({"version": "1", "open": True, "login": "admin-1"})], [LAMP], book)
    assert rules(found) == ["lamp-default", "lamp-open", "lamp-dim"]
    assert found[0].login == "admin-1"
