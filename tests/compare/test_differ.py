"""What became of findings: resolved only where somebody looked; every "unknown" has a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from paper import (
    OPEN_LOGIN,
    REFUSED_LOGIN,
    SILENT_TELNET,
    TELNET,
    Door,
    Thing,
    key,
    report,
)

from iotscan.assess.accepted import accept
from iotscan.assess.findings import judge
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.compare.differ import compare, unstored
from iotscan.compare.snapshot import pack, snapshot, unpack
from iotscan.model import (
    Acceptance,
    Ending,
    Gap,
    Identity,
    Impact,
    Observation,
    PolicyNote,
    Proof,
    Report,
    Severity,
)
from iotscan.model.difference import Change, Difference, FindingChange

MAC, OTHER_MAC = "00:00:5e:00:53:01", "00:00:5e:00:53:02"
CAMERA = Thing("192.0.2.7", MAC, doors=(TELNET,))
TOLD = "telnet-exposed"


def diff(before: Report, after: Report) -> Difference:
    return compare(unstored(before, "a"), unstored(after, "b"))


def telnet(after: Report, before: Report | None = None, rule: str = TOLD) -> FindingChange:
    """What is said of one finding of the camera."""
    found = diff(before or report(CAMERA), after).findings
    return next(change for change in found if change.rule == rule)


def camera(*doors: Door, **how: Any) -> Thing:
    return replace(CAMERA, doors=doors, **how)


def test_nothing_changed() -> None:
    found = diff(report(CAMERA), report(CAMERA, day=2))
    assert [change.change for change in found.findings] == [Change.STILL]
    assert [change.change for change in found.devices] == [Change.STILL]
    assert found.notes == ()


def test_finding_follows_its_device_to_another_address() -> None:
    moved = replace(CAMERA, address="192.0.2.99")
    found = diff(report(CAMERA), report(moved, day=2))
    assert [change.change for change in found.findings] == [Change.STILL]
    (device,) = found.devices
    assert device.because == (f"MAC {MAC}",)
    assert [(c.field, c.before, c.after) for c in device.changes] == [
        ("addresses", "192.0.2.7", "192.0.2.99")
    ]


def test_finding_follows_a_phone_with_a_new_random_mac_by_its_host_key() -> None:
    doors = (TELNET, key(22, "SHA256:abc"))
    one = Thing("192.0.2.7", "02:00:00:00:00:01", doors=doors, random=True)
    other = Thing("192.0.2.8", "02:00:00:00:00:02", doors=doors, random=True)
    found = diff(report(one), report(other, day=2))
    assert {change.change for change in found.findings} == {Change.STILL}
    assert found.devices[0].because == ("SSH host key sha256:abc",)


def test_port_that_was_tried_and_is_closed_is_resolved() -> None:
    change = telnet(report(camera(), day=2))
    assert (change.change, change.reason) == (Change.RESOLVED, "23/tcp is closed")


def test_port_that_was_tried_and_stays_silent_is_resolved_in_other_words() -> None:
    change = telnet(report(camera(silent=5), day=2))
    assert (change.change, change.reason) == (Change.RESOLVED, "23/tcp does not answer")


def test_port_that_speaks_something_else_now_is_resolved() -> None:
    change = telnet(report(camera(Door(23, "http")), day=2))
    assert (change.change, change.reason) == (Change.RESOLVED, "23/tcp speaks http, not telnet")


def test_service_that_was_asked_again_and_shows_otherwise_is_resolved() -> None:
    mended = replace(TELNET, facts={"cleartext": False, "prompt": "login"})
    change = telnet(report(camera(mended), day=2))
    assert change.change is Change.RESOLVED
    assert change.reason == "seen otherwise: cleartext is False, was True"


def test_service_that_was_asked_again_and_shows_it_no_more_is_resolved() -> None:
    change = telnet(report(camera(Door(23, "telnet")), day=2))
    assert change.change is Change.RESOLVED
    assert change.reason == "telnet asked at 23/tcp, and it no longer shows"


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (lambda: report(day=2), "the device was not seen this time"),
        (lambda: report(camera(), day=2, ports="80-90"), "23/tcp was not looked at"),
        (lambda: report(camera(), day=2, ports=""), "23/tcp was not looked at"),
        (
            lambda: report(camera(unswept=3), day=2),
            "its ports were not all tried, so 23/tcp may still be open",
        ),
        (
            lambda: report(camera(swept=False), day=2),
            "its ports were not all tried, so 23/tcp may still be open",
        ),
        (
            lambda: report(camera(SILENT_TELNET), day=2),
            "telnet did not come to its end at 23/tcp: no answer in time (read)",
        ),
        (
            lambda: report(
                camera(replace(SILENT_TELNET, ending=Ending.BUDGET_SPENT, note="")), day=2
            ),
            "telnet did not come to its end at 23/tcp: a limit was reached",
        ),
        (
            lambda: report(camera(Door(23, "telnet", probe="recognise")), day=2),
            "23/tcp was not asked by telnet",
        ),
        (
            lambda: report(
                camera(Door(23, "telnet", probe="recognise")),
                day=2,
                gaps=(Gap("192.0.2.7:23/tcp", "telnet", Ending.TIMEOUT, "left alone", "", MAC),),
            ),
            "telnet could not look at 23/tcp: left alone",
        ),
        (
            lambda: report(camera(Door(23, "telnet")), day=2, impact=Impact.GREET),
            "allowed to do less",
        ),
        (
            lambda: report(camera(), day=2, source="capture"),
            "a capture shows only what happened to pass",
        ),
        (
            lambda: report(camera(replace(TELNET, facts={"prompt": "login"})), day=2),
            "what decides it was not established this time",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_was_not_looked_at_is_never_resolved(after: Callable[[], Report], reason: str) -> None:
    change = telnet(after())
    assert change.change is Change.UNKNOWN
    assert reason in change.reason


def test_password_is_resolved_only_if_the_same_login_was_tried_again() -> None:
    before, rule = report(camera(OPEN_LOGIN)), "default-credentials-telnet"
    refused = telnet(report(camera(REFUSED_LOGIN), day=2), before, rule)
    assert refused.change is Change.RESOLVED
    other = replace(REFUSED_LOGIN, logins=("another-1",))
    change = telnet(report(camera(other), day=2), before, rule)
    assert change.change is Change.UNKNOWN
    assert change.reason == "the same login was not tried at 23/tcp"


def test_silent_udp_is_never_resolved() -> None:
    door = Door(161, "snmp", "snmp.community", {"accepted": True, "write": True}, transport="udp")
    before = report(camera(door))
    before = replace(
        before,
        findings=tuple(
            replace(report(CAMERA).findings[0], rule="x", endpoint=before.observations[0].endpoint,
                    facts=door.facts, proofs=before.observations[0].proofs)
            for _ in "1"
        ),
    )  # fmt: skip
    change = telnet(report(camera(), day=2), before, "x")
    assert change.change is Change.UNKNOWN
    assert "silent UDP may be there or not" in change.reason


def test_what_only_many_ports_together_show_needs_all_of_them_again() -> None:
    doors = tuple(Door(8000 + number, "http") for number in range(12))
    book = load_rulebook()
    before, after = report(camera(*doors)), report(camera(doors[0]), day=2)
    rule = "many-open-services"
    counted = [("inventory.device", {"open_services": n}) for n in (12, 1)]
    made = []
    for scan, (kind, facts) in zip((before, after), counted, strict=True):
        device = scan.devices[0]
        seen = Observation(kind, facts, device.addresses[0], None, (Proof(scan.sweeps[0].id),))
        told = judge((seen,), scan.devices, book)
        made.append(replace(scan, observations=(seen,), findings=told))
    assert telnet(made[1], made[0], rule).change is Change.RESOLVED
    fewer = replace(made[1], ports="1-100")
    change = telnet(fewer, made[0], rule)
    assert (change.change, change.reason) == (Change.UNKNOWN, "not the same ports were tried")


def test_finding_that_a_stronger_one_tells_now_is_still_there() -> None:
    book = load_rulebook()
    stronger = next(r for r in book.rules.values() if TOLD in r.covers)
    after = report(CAMERA, day=2)
    after = replace(after, findings=(replace(after.findings[0], rule=stronger.id),))
    change = telnet(after)
    assert change.change is Change.STILL
    assert stronger.id in change.reason


def test_same_facts_under_other_rules_are_unknown() -> None:
    after = replace(report(CAMERA, day=2), findings=(), rules="other")
    change = telnet(after)
    assert change.change is Change.UNKNOWN
    assert "the same was seen again" in change.reason
    assert any("rules differ" in note for note in diff(report(CAMERA), after).notes)


def test_rule_that_is_not_at_hand_leaves_unknown_what_needs_judging() -> None:
    before = report(CAMERA)
    before = replace(before, findings=(replace(before.findings[0], rule="../telnet-exposed"),))
    mended = replace(TELNET, facts={"cleartext": False, "prompt": "login"})
    change = telnet(report(camera(mended), day=2), before, "../telnet-exposed")
    assert change.change is Change.UNKNOWN
    assert "is not among the rules at hand" in change.reason


def test_finding_that_a_policy_leaves_out_is_still_there() -> None:
    after = report(CAMERA, day=2)
    policy = PolicyNote("quiet", "Quiet", "0")
    after = replace(after, findings=(), outside=after.findings, policy=policy)
    change = telnet(after)
    assert change.change is Change.STILL
    assert change.reason == "still there, but the policy quiet leaves it out"


def test_severity_that_changed_is_told() -> None:
    after = report(CAMERA, day=2)
    after = replace(after, findings=(replace(after.findings[0], severity=Severity.INFO),))
    change = telnet(after)
    assert (change.change, change.severity, change.reason) == (
        Change.STILL, Severity.INFO, "was high"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (lambda: report(camera()), ""),
        (lambda: report(camera(Door(23, "telnet"))), ""),
        (lambda: report(), "the device is new"),
        (
            lambda: report(camera(), ports="80"),
            "the earlier scan had not looked there: 23/tcp was not",
        ),
        (
            lambda: report(camera(SILENT_TELNET)),
            "the earlier scan had not looked there: telnet did not",
        ),
        (lambda: report(camera(), impact=Impact.GREET), "the earlier scan was allowed to do less"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_new_finding_says_whether_the_earlier_scan_had_looked(
    before: Callable[[], Report], reason: str
) -> None:
    change = telnet(report(CAMERA, day=2), before())
    assert change.change is Change.NEW
    assert change.reason.startswith(reason)
    assert bool(change.reason) is bool(reason)


def test_new_and_gone_devices_and_why_one_was_not_taken_for_the_other() -> None:
    twin = replace(CAMERA, mac=OTHER_MAC, traits={"serial": "SN-12345"})
    was = replace(CAMERA, traits={"serial": "SN-12345"})
    found = diff(report(was), report(twin, day=2))
    new, gone = found.devices
    assert (new.change, new.after) == (Change.NEW, OTHER_MAC)
    assert new.doubt == "the same serial number, but another MAC"
    assert (gone.change, gone.before) == (Change.GONE, MAC)
    assert {(c.change, c.reason) for c in found.findings} == {
        (Change.NEW, "the device is new"),
        (Change.UNKNOWN, "the device was not seen this time"),
    }


def test_firmware_that_changed_is_told_and_one_not_known_is_no_change() -> None:
    old = replace(CAMERA, identity=Identity("Acme", "CX-1", "1.0", "camera"))
    new = replace(CAMERA, identity=Identity("Acme", "CX-1", "1.1", ""))
    (device,) = diff(report(old), report(new, day=2)).devices
    assert [(c.field, c.before, c.after) for c in device.changes] == [("firmware", "1.0", "1.1")]


def test_accepted_findings_say_so() -> None:
    after = report(CAMERA, day=2)
    risk = Acceptance(TOLD, "*", "known", "Jane", "2027-01-01")
    assert telnet(accept(after, [risk])).accepted
    assert not telnet(after).accepted


def test_notes_say_what_the_comparison_rests_on() -> None:
    before = report(CAMERA, day=2, complete=False, network="192.0.2.0/25")
    after = report(CAMERA, impact=Impact.GREET)
    notes = " ".join(diff(before, after).notes)
    for words in ("earlier scan is incomplete", "scope differs", "impact differs", "later one in"):
        assert words in notes


def test_snapshot_comes_back_equal_and_another_form_is_refused() -> None:
    taken = snapshot(report(CAMERA, Thing("192.0.2.9", name="Hall", traits={"serial": "SN-1234"})))
    assert unpack(pack(taken)) == taken
    assert unpack(b"\xff" + pack(taken)[1:]) is None
    assert unpack(b"") is None
