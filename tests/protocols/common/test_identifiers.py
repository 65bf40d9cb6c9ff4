"""Names of people and fixed identifiers, told apart from what only looks like them."""

from __future__ import annotations

import pytest

from iotscan.protocols.common.identifiers import holds_mac, holds_uuid, looks_personal


@pytest.mark.parametrize(
    "name",
    [
        "Anna's iPhone",
        "Anna’s iPhone",
        "Hans' TV",
        "Annas-iPad",
        "Chris-MacBook-Pro",
        "Küche von Peter",
        "TV de Luis",
        "iPhone von Anna Schmidt",
        "Özlem's Echo",
    ],
)
def test_names_of_people_are_seen(name: str) -> None:
    assert looks_personal(name)


@pytest.mark.parametrize(
    "name",
    [
        "HP LaserJet 400",
        "Drucker von Brother",
        "Men's room",
        "Today's weather",
        "Imprimante de bureau",
        "Class-PC",
        "Living Room",
        "shellyplus1-a8032abe54dc",
        "what's up",
        "IT's printer",
        "",
    ],
)
def test_other_names_are_not_taken_for_people(name: str) -> None:
    assert not looks_personal(name)


@pytest.mark.parametrize(
    "text",
    [
        "C4:5B:BE:6A:7B:2C",
        "host [c4-5b-be-6a-7b-2c]",
        "Shelly1-C45BBE6A7B2C",
        "uuid:2f402f80-da50-11e1-9b23-001788a1b2c3",
    ],
)
def test_a_mac_is_seen_in_any_spelling(text: str) -> None:
    assert holds_mac([text])


@pytest.mark.parametrize(
    "text",
    [
        "02:11:22:33:44:55",  # locally administered
        "01:00:5e:00:00:fb",  # a group
        "00:00:00:00:00:00",
        "201812312359",  # a date, or a serial number
        "c4:5b-be:6a-7b:2c",
        "c4:5b:be:6a:7b:2c:01",
        "uuid:2f402f80-da50-41e1-9b23-001788a1b2c3",  # version 4: random
        "deadbeefcafe0123",
    ],
)
def test_what_is_not_a_makers_mac_is_let_be(text: str) -> None:
    assert not holds_mac([text])


def test_the_devices_own_mac_counts_even_where_it_is_a_private_one() -> None:
    assert holds_mac(["light-021122334455"], "02:11:22:33:44:55")
    assert holds_mac(["uuid:2f402f80-da50-41e1-9b23-021122334455"], "02:11:22:33:44:55")


def test_a_uuid_is_seen() -> None:
    assert holds_uuid(["x", "uuid:2F402F80-da50-41e1-9b23-001788a1b2c3::upnp:rootdevice"])
    assert not holds_uuid(["uuid:not-one", "2f402f80da5041e19b23001788a1b2c3"])
