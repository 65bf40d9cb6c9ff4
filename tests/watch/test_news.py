"""What is worth telling of a scan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from paper import SILENT_TELNET, TELNET, Thing, report

from iotscan.model import Acceptance, Identity
from iotscan.store import Store
from iotscan.watch.news import news

CAMERA = Thing(
    "192.0.2.7",
    "00:00:5e:00:53:01",
    "hallway",
    identity=Identity("Acme", "Cam 1", "1.0", "camera"),
    doors=(TELNET,),
)
LAMP = Thing("192.0.2.8", "00:00:5e:00:53:02", "lamp")


def test_nothing_is_told_when_nothing_changed(store: Store) -> None:
    found = news(store, store.add(report(CAMERA, LAMP)), store.add(report(CAMERA, LAMP, day=2)))
    assert not found
    assert list(found.lines()) == []
    assert found.headline() == "nothing changed"


def test_new_device_and_its_findings(store: Store) -> None:
    found = news(store, store.add(report(LAMP)), store.add(report(LAMP, CAMERA, day=2)))
    assert list(found.lines()) == [
        "New finding: Old remote control is open (telnet) (high): hallway (192.0.2.7), 23/tcp",
        "New device: hallway (192.0.2.7)",
    ]
    assert found.headline() == "1 new finding, 1 new device"
    assert found.alarming


def test_resolved_is_told_only_of_what_was_looked_at(store: Store) -> None:
    first = store.add(report(CAMERA))
    shut = store.add(report(replace(CAMERA, doors=()), day=2))
    found = news(store, first, shut)
    assert list(found.lines()) == [
        "Resolved: Old remote control is open (telnet) (high): hallway (192.0.2.7), 23/tcp"
    ]
    assert not found.alarming
    silent = replace(CAMERA, doors=(SILENT_TELNET,))
    assert not news(store, first, store.add(report(silent, day=3)))
    unswept = replace(CAMERA, doors=(), swept=False)
    assert not news(store, first, store.add(report(unswept, day=4)))


def test_device_that_is_gone_is_told_and_its_findings_are_not_resolved(store: Store) -> None:
    found = news(store, store.add(report(CAMERA, LAMP)), store.add(report(LAMP, day=2)))
    assert list(found.lines()) == ["Not seen any more: hallway (192.0.2.7)"]


def test_incomplete_scan_is_named_beside_its_news_and_is_none_itself(store: Store) -> None:
    first = store.add(report(CAMERA, LAMP))
    found = news(store, first, store.add(report(LAMP, day=2, complete=False)))
    assert "incomplete" in list(found.lines())[-1]
    assert not news(store, first, store.add(report(CAMERA, LAMP, day=3, complete=False)))


def test_device_that_was_away_is_back_and_not_new(store: Store) -> None:
    for day, things in enumerate([(CAMERA, LAMP), (LAMP,), (LAMP,), (CAMERA, LAMP)], 1):
        last = store.add(report(*things, day=day))
    found = news(store, last - 1, last)
    assert list(found.lines()) == ["Back again: hallway (192.0.2.7)"]
    assert found.headline() == "1 back"
    assert not found.alarming


def test_device_that_is_back_is_compared_with_when_it_was_last_seen(store: Store) -> None:
    store.add(report(replace(CAMERA, doors=()), LAMP))
    store.add(report(LAMP, day=2))
    identity = replace(CAMERA.identity, firmware="2.0")
    last = store.add(report(replace(CAMERA, identity=identity), LAMP, day=3))
    assert list(news(store, last - 1, last).lines()) == [
        "New finding: Old remote control is open (telnet) (high): hallway (192.0.2.7), 23/tcp",
        "Other firmware: hallway (192.0.2.7), 1.0 → 2.0",
        "Back again: hallway (192.0.2.7)",
    ]


def test_resolved_while_it_was_away(store: Store) -> None:
    for day, things in enumerate([(CAMERA, LAMP), (LAMP,), (replace(CAMERA, doors=()), LAMP)], 1):
        last = store.add(report(*things, day=day))
    assert [change.rule for change in news(store, last - 1, last).resolved] == ["telnet-exposed"]


def test_device_that_only_its_address_tells_from_others_is_new_again(store: Store) -> None:
    """Another device may have been given the address meanwhile."""
    bare = Thing("192.0.2.9")
    for day, things in enumerate([(bare, LAMP), (LAMP,), (bare, LAMP)], 1):
        last = store.add(report(*things, day=day))
    assert list(news(store, last - 1, last).lines()) == ["New device: Device at 192.0.2.9"]


def test_other_firmware_is_told_and_another_address_is_not(store: Store) -> None:
    first = store.add(report(CAMERA))
    moved = replace(CAMERA, address="192.0.2.77")
    assert not news(store, first, store.add(report(moved, day=2)))
    updated = replace(CAMERA, identity=replace(CAMERA.identity, firmware="1.1"))
    found = news(store, first, store.add(report(updated, day=3)))
    assert list(found.lines()) == ["Other firmware: hallway (192.0.2.7), 1.0 → 1.1"]
    assert not found.alarming


def test_accepted_finding_is_no_news(store: Store) -> None:
    first = store.add(report(LAMP))
    risk = Acceptance("telnet-exposed", "*", "until spring", "Jane", "2027-01-31")
    last = store.add(store.judged(report(LAMP, CAMERA, day=2), [risk]))
    assert list(news(store, first, last).lines()) == ["New device: hallway (192.0.2.7)"]


def test_names_of_the_user_are_used(store: Store) -> None:
    first = store.add(report(LAMP))
    store.name_device(store.devices()[0].id, "Lamp in the hall")
    found = news(store, first, store.add(report(replace(LAMP, doors=(TELNET,)), day=2)))
    (line,) = found.lines()
    assert line.endswith("Lamp in the hall, 23/tcp")


@pytest.mark.parametrize("name", ["a\x1b[31mb", "x\ny", "safe\u202egnp.exe", "A" * 10_240])
def test_names_are_one_clean_line(name: str, store: Store) -> None:
    hostile = replace(CAMERA, name=name)
    lines = list(news(store, store.add(report(LAMP)), store.add(report(hostile, day=2))).lines())
    assert len(lines) == 3
    for line in lines:
        assert line.isprintable()
        assert len(line) < 400
