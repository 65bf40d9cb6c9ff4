"""How far receivers were told, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

from paper import Thing, report

from iotscan.store import Store

LAMP = Thing("192.0.2.8", "00:00:5e:00:53:02", "lamp")
CAMERA = Thing("192.0.2.7", "00:00:5e:00:53:01", "hallway")


def test_receiver_is_told_up_to_a_scan_that_may_be_forgotten(store: Store) -> None:
    assert store.told("a") == 0
    store.note_told("a", 3)
    store.note_told("b", 4)
    store.note_told("a", 7)
    assert (store.told("a"), store.told("b")) == (7, 4)


def test_series_is_of_one_scope_and_source_up_to_the_scan(store: Store) -> None:
    first = store.add(report(LAMP))
    store.add(report(LAMP, network="198.51.100.0/24"))
    store.add(report(LAMP, source="capture"))
    second = store.add(report(LAMP, day=2))
    third = store.add(report(LAMP, day=3))
    assert store.series(second) == [first, second]
    assert store.series(third) == [first, second, third]
    assert store.series(99) == []


def test_last_scan_in_which_a_device_was_met(store: Store) -> None:
    early, middle = store.add(report(CAMERA, day=1)), store.add(report(CAMERA, LAMP, day=2))
    last = store.add(report(LAMP, day=3))
    again = store.add(report(CAMERA, LAMP, day=4))
    ids = {device.label.split()[0]: device.id for device in store.devices()}
    camera, lamp = ids["hallway"], ids["lamp"]
    assert store.met_before(again, [camera, lamp]) == {camera: middle, lamp: last}
    assert store.met_before(middle, [camera, lamp]) == {camera: early}
    assert store.met_before(again, []) == {}


def test_scan_that_was_added_later_but_began_earlier_was_before(store: Store) -> None:
    last = store.add(report(CAMERA, day=9))
    early = store.add(report(CAMERA, day=1))
    (device,) = store.devices()
    assert store.met_before(last, [device.id]) == {device.id: early}
    assert store.met_before(early, [device.id]) == {}
