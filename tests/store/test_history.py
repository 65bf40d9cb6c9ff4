"""Scans and devices over time, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from paper import TELNET, Thing, report

from iotscan.errors import UsageError
from iotscan.model import Acceptance, Severity
from iotscan.model.difference import Change
from iotscan.report.json import dumps
from iotscan.store import Store

MAC, OTHER_MAC = "00:00:5e:00:53:01", "00:00:5e:00:53:02"
CAMERA = Thing("192.0.2.7", MAC, "hallway", {"serial": "SN-12345"}, doors=(TELNET,))
LAMP = Thing("192.0.2.8", name="Küchenlampe 名前", traits={})
UNTIL = "2027-01-31"


def test_report_comes_back_as_it_was_to_the_byte(store: Store) -> None:
    added = report(CAMERA, LAMP)
    found = store.report(store.add(added))
    assert found == added
    assert dumps(found) == dumps(added)


def test_scans_are_listed_newest_first_whenever_they_were_added(store: Store) -> None:
    late, early = store.add(report(CAMERA, LAMP, day=9)), store.add(report(day=3, complete=False))
    first, second = store.scans()
    assert (first.id, first.devices, first.findings[Severity.HIGH]) == (late, 2, 1)
    assert (second.id, second.complete, sum(second.findings.values())) == (early, False, 0)
    assert first.scope == "192.0.2.0/24"
    assert store.scans(1) == [first]


def test_latest_and_previous_and_ids(store: Store) -> None:
    ids = [store.add(report(CAMERA, day=day)) for day in (1, 2)]
    elsewhere = store.add(report(day=1, network="198.51.100.0/24"))
    assert store.find("latest").id == ids[1]
    assert store.find("previous").id == ids[0]
    assert store.find(str(elsewhere)).id == elsewhere
    assert [scan.id for scan in filter(None, [store.before(report(day=2))])] == [ids[1]]
    assert store.before(report(day=1, network="203.0.113.0/24")) is None
    assert store.before(report(day=5, source="capture")) is None


@pytest.mark.parametrize("name", ["latest", "previous", "1", "x", "", "99999999999999999999", "-1"])
def test_scan_that_is_not_there_is_told(name: str, store: Store) -> None:
    with pytest.raises(UsageError, match=r"`iotscan (history|scan)`"):
        store.find(name)


def test_report_that_is_not_there_is_told(store: Store) -> None:
    asks: tuple[Callable[[], object], ...] = (
        lambda: store.report(7),
        lambda: store.scanned(7),
        lambda: store.diff(7, 8),
    )
    for ask in asks:
        with pytest.raises(UsageError, match="holds no scan 7"):
            ask()


def test_device_keeps_its_name_over_address_and_random_mac(store: Store) -> None:
    one = replace(CAMERA, mac="02:00:00:00:00:01", random=True)
    other = replace(CAMERA, mac="02:00:00:00:00:02", random=True, address="192.0.2.77")
    store.add(report(one))
    (device,) = store.devices()
    store.name_device(device.id, "Front door")
    store.mark_known(device.id)
    store.add(report(other, day=2))
    (again,) = store.devices()
    assert (again.id, again.title, again.known) == (device.id, "Front door", True)
    assert (again.addresses, again.mac, again.scans) == (("192.0.2.77",), other.mac, 2)
    assert (again.first_seen[:10], again.last_seen[:10]) == ("2026-01-02", "2026-01-03")
    assert again.sure
    assert "serial number sn-12345" in again.because
    assert ("random MAC", "02:00:00:00:00:01") not in again.marks
    store.mark_known(device.id, False)
    assert not store.devices()[0].known


def test_device_without_marks_is_recognised_by_its_address_and_said_to_be_unsure(
    store: Store,
) -> None:
    bare = Thing("192.0.2.9")
    store.add(report(bare))
    store.add(report(bare, day=2))
    (device,) = store.devices()
    assert (device.scans, device.sure, device.because) == (2, False, ("address 192.0.2.9",))


def test_same_address_in_another_network_is_another_device(store: Store) -> None:
    store.add(report(Thing("192.0.2.9")))
    store.add(report(Thing("192.0.2.9"), day=2, network="192.0.2.0/28"))
    assert len(store.devices()) == 2


def test_older_scan_that_is_added_later_moves_the_first_day_alone(store: Store) -> None:
    store.add(report(replace(CAMERA, address="192.0.2.50"), day=9))
    store.add(report(CAMERA, day=2))
    (device,) = store.devices()
    assert (device.first_seen[:10], device.last_seen[:10]) == ("2026-01-03", "2026-01-10")
    assert device.addresses == ("192.0.2.50",)


def test_device_that_is_not_there_cannot_be_named(store: Store) -> None:
    with pytest.raises(UsageError, match="no device 7"):
        store.name_device(7, "x")
    with pytest.raises(UsageError, match="no device 7"):
        store.mark_known(7)


def test_difference_of_two_scans_uses_the_names_of_the_user(store: Store) -> None:
    a = store.add(report(CAMERA))
    store.name_device(store.devices()[0].id, "Front door")
    b = store.add(report(replace(CAMERA, doors=()), LAMP, day=2))
    found = store.diff(a, b)
    assert (found.before.id, found.after.id) == (a, b)
    assert [(c.change, c.label) for c in found.findings] == [(Change.RESOLVED, "Front door")]
    assert {(d.change, d.label) for d in found.devices} == {
        (Change.STILL, "Front door"), (Change.NEW, "Küchenlampe 名前 (192.0.2.8)"),
    }  # fmt: skip


def test_what_the_scans_in_between_knew_counts_as_evidence(store: Store) -> None:
    """First by MAC and serial, then the serial alone, then by a MAC of its own again."""
    a = store.add(report(CAMERA))
    store.add(report(replace(CAMERA, mac=OTHER_MAC, random=True, address="192.0.2.20"), day=2))
    last = Thing("192.0.2.30", OTHER_MAC, random=True, doors=(TELNET,))
    found = store.diff(a, store.add(report(last, day=3)))
    (device,) = found.devices
    assert device.change is Change.STILL
    assert device.because == ("known as one device from scans in between",)


def test_accepted_risk_is_marked_on_its_device_wherever_it_moved(store: Store) -> None:
    store.add(report(CAMERA))
    risk = store.accept("telnet-exposed", 1, reason="spring", owner="Jane", expires=UNTIL)
    moved = report(replace(CAMERA, address="192.0.2.66"), replace(CAMERA, mac=OTHER_MAC), day=2)
    judged = store.judged(moved)
    assert [f.accepted is not None for f in sorted(judged.findings, key=lambda f: f.device)] == [
        True, False,
    ]  # fmt: skip
    assert store.scans()[0].accepted == 0
    store.add(judged)
    assert (store.scans()[0].accepted, store.scans()[0].findings[Severity.HIGH]) == (1, 1)
    store.revoke(risk)
    assert store.judged(moved) == moved
    with pytest.raises(UsageError, match="no accepted risk"):
        store.revoke(risk)


def test_accepted_risk_ends_and_is_told(store: Store) -> None:
    store.add(report(CAMERA))
    store.accept("telnet-exposed", None, reason="r", owner="o", expires="2026-01-02")
    assert store.judged(report(CAMERA, day=1)).findings[0].accepted is not None
    late = store.judged(report(CAMERA, day=2))
    assert late.findings[0].accepted is None
    assert [risk.expires for risk in late.expired] == ["2026-01-02"]


def test_file_may_call_a_device_by_the_name_the_user_gave_it(store: Store) -> None:
    store.add(report(CAMERA))
    store.name_device(1, "Front door")
    risk = Acceptance("telnet-exposed", "front DOOR", "r", "o", UNTIL)
    assert store.judged(report(CAMERA, day=2), [risk]).findings[0].accepted == risk


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expires": "soon"}, "expires is a day"),
        ({"reason": " "}, "reason is missing"),
        ({"owner": ""}, "owner is missing"),
        ({"port": "23"}, "port is as in 23/tcp"),
        ({"device": 99}, "no device 99"),
    ],
)
def test_risk_that_is_not_complete_is_refused(
    change: dict[str, str], said: str, store: Store
) -> None:
    store.add(report(CAMERA))
    given: dict[str, Any] = {
        "rule": "x",
        "device": 1,
        "reason": "r",
        "owner": "o",
        "expires": UNTIL,
    } | change
    with pytest.raises(UsageError, match=said):
        store.accept(**given)
    assert store.acceptances() == []


def test_forgetting_keeps_the_newest_of_each_scope_and_all_devices(store: Store) -> None:
    ids = [store.add(report(CAMERA, day=day)) for day in (1, 5, 20)]
    old = store.add(report(LAMP, day=1, network="198.51.100.0/24"))
    assert store.prune() == []
    assert store.prune(keep_days=15) == ids[:1]
    assert store.prune(keep_scans=1) == ids[1:2]
    assert [scan.id for scan in store.scans()] == [ids[2], old]
    assert len(store.devices()) == 2
    with pytest.raises(UsageError):
        store.report(ids[0])


def test_id_is_never_used_again(store: Store) -> None:
    first = store.add(report(CAMERA))
    second = store.add(report(CAMERA, day=2))
    store.prune(keep_scans=1)
    assert store.add(report(CAMERA, day=3)) > second > first


def test_snapshot_of_another_form_is_made_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("iotscan.compare.snapshot.FORMAT", 200)
        a, b = store.add(report(CAMERA)), store.add(report(CAMERA, day=2))
    assert [c.change for c in store.diff(a, b).findings] == [Change.STILL]
    assert store.scanned(a).snapshot == store.scanned(a).snapshot


def test_failure_in_the_middle_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of luck")

    with monkeypatch.context() as patch:
        patch.setattr("iotscan.store.registry.Registry._keep_marks", broken)
        with pytest.raises(RuntimeError):
            store.add(report(CAMERA))
    assert store.scans() == []
    assert store.devices() == []
    assert store.report(store.add(report(CAMERA))) == report(CAMERA)
