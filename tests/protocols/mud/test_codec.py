"""MUD files: what is read, what is written, and what a profile admits."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.mud.codec import build, parse
from iotscan.protocols.mud.profile import DNS_CLASS, Entry, Party, Profile

CLOUD = Party(ip_address("52.1.2.3"), ("api.vendor.example",))
UNNAMED = Party(ip_address("52.1.2.3"))
HUB = Party(ip_address("192.168.1.9"), local=True)
NAMED = Entry(4, "tcp", name="api.vendor.example", ports=(443, 443), began="device")
PINNED = Entry(4, "udp", ip_network("52.1.2.3/32"), ports=(5683, 5683))
HOME = Entry(4, "tcp", local=True, own_ports=(80, 80), began="other")
LISTED = Entry(6, "tcp", ip_network("2001:db8::/32"), ports=(443, 443), began="device")
RESOLVER = Entry(4, "udp", classes=(DNS_CLASS,), ports=(53, 53))
PROFILE = Profile(
    "https://vendor.example/lamp.json",
    "2026-01-02T03:04:05+00:00",
    "Lamp",
    (NAMED, PINNED, HOME, RESOLVER, LISTED),
    (NAMED, PINNED, HOME, RESOLVER, LISTED),
)


def test_what_is_written_is_read_back() -> None:
    assert parse(build(PROFILE)) == PROFILE


def test_the_shape_is_that_of_the_standard() -> None:
    tree = json.loads(build(PROFILE))
    mud = tree["ietf-mud:mud"]
    assert (mud["mud-version"], mud["is-supported"], mud["cache-validity"]) == (1, True, 48)
    assert mud["mud-url"] == PROFILE.url
    lists = {entry["name"]: entry for entry in tree["ietf-access-control-list:acls"]["acl"]}
    for policy in ("from-device-policy", "to-device-policy"):
        for named in mud[policy]["access-lists"]["access-list"]:
            assert lists.pop(named["name"])["type"] in ("ipv4-acl-type", "ipv6-acl-type")
    assert lists == {}
    first = tree["ietf-access-control-list:acls"]["acl"][0]["aces"]["ace"]
    assert first[0] == {
        "name": "mud-v4-from-device-0",
        "matches": {
            "ipv4": {"ietf-acldns:dst-dnsname": "api.vendor.example", "protocol": 6},
            "tcp": {
                "ietf-mud:direction-initiated": "from-device",
                "destination-port": {"operator": "eq", "port": 443},
            },
        },
        "actions": {"forwarding": "accept"},
    }
    assert first[1]["matches"]["ipv4"] == {
        "protocol": 17,
        "destination-ipv4-network": "52.1.2.3/32",
    }
    assert first[2]["matches"]["ietf-mud:mud"] == {"local-networks": [None]}
    assert first[3]["matches"]["ietf-mud:mud"] == {"controller": DNS_CLASS}


def test_the_description_is_as_long_as_it_may_be() -> None:
    tree = json.loads(build(replace(PROFILE, about="x" * 100)))
    assert tree["ietf-mud:mud"]["systeminfo"] == "x" * 60


def with_match(matches: dict[str, Any], **ace: Any) -> bytes:
    """A file with one entry from the device."""
    entry = {"name": "a", "matches": matches, "actions": {"forwarding": "accept"}} | ace
    lists = {"name": "l", "type": "ipv4-acl-type", "aces": {"ace": [entry]}}
    policy = {"access-lists": {"access-list": [{"name": "l"}]}}
    mud = {"mud-url": "https://x", "last-update": "y", "from-device-policy": policy}
    return json.dumps(
        {"ietf-mud:mud": mud, "ietf-access-control-list:acls": {"acl": [lists]}}
    ).encode()


@pytest.mark.parametrize(
    ("matches", "entry"),
    [
        ({}, Entry()),
        ({"ipv4": {"protocol": 6}}, Entry(4, "tcp")),
        ({"ipv6": {"protocol": 58}}, Entry(6, "protocol 58")),
        (
            {"udp": {"destination-port": {"operator": "gte", "port": 1024}}},
            Entry(0, "udp", ports=(1024, 65535)),
        ),
        (
            {"udp": {"destination-port": {"lower-port": 5, "upper-port": 9}}},
            Entry(0, "udp", ports=(5, 9)),
        ),
        (
            {"tcp": {"source-port": {"operator": "eq", "port": 80}}},
            Entry(0, "tcp", own_ports=(80, 80)),
        ),
        ({"ietf-mud:mud": {"controller": "https://c"}}, Entry(classes=("https://c",))),
        ({"ietf-mud:mud": {"my-controller": [None]}}, Entry(classes=("my-controller",))),
        ({"ietf-mud:mud": {"same-manufacturer": [None]}}, Entry(classes=("same-manufacturer",))),
        (
            {"ipv4": {"ietf-acldns:dst-dnsname": "A.Vendor.example."}},
            Entry(4, name="a.vendor.example"),
        ),
    ],
)
def test_matches_of_others(matches: dict[str, Any], entry: Entry) -> None:
    assert parse(with_match(matches)).outbound == (entry,)


def test_what_is_dropped_is_not_accepted() -> None:
    assert parse(with_match({}, actions={"forwarding": "drop"})).outbound == ()


def test_files_of_the_old_name_of_the_lists_are_read() -> None:
    data = build(PROFILE).replace(
        b"ietf-access-control-list:acls", b"ietf-access-control-list:access-lists"
    )
    assert parse(data) == PROFILE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"ietf-mud:mud": {}}',
        b"\xff",
        b'{"ietf-mud:mud": []}',
        with_match({"ipv4": {"destination-ipv4-network": "x"}}),
        with_match({"tcp": {"destination-port": {"operator": "neq", "port": 1}}}),
        with_match({}, actions={}),
        b"[" * 100_000,
    ],
)
def test_what_is_no_mud_file(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["ietf-mud:mud", "mud-url", "acl", "aces"]) | st.text(), inner
            )
        ),
    )
)
def test_any_json_is_a_profile_or_malformed(tree: Any) -> None:
    with contextlib.suppress(Malformed):
        parse(json.dumps(tree).encode())


@pytest.mark.parametrize(
    ("other", "transport", "port", "admitted"),
    [
        (CLOUD, "tcp", 443, True),
        (CLOUD, "tcp", 80, False),
        (CLOUD, "udp", 443, False),
        (UNNAMED, "tcp", 443, None),
        (Party(ip_address("52.1.2.3"), ("other.example",)), "tcp", 443, False),
        (UNNAMED, "udp", 5683, True),
        (Party(ip_address("52.1.2.4")), "udp", 5683, False),
        (HUB, "tcp", 8080, False),
        (HUB, "udp", 53, True),
        (HUB, "udp", 123, True),
        (Party(ip_address("8.8.8.8")), "udp", 53, False),
        (Party(ip_address("2001:db8::1")), "tcp", 443, True),
        (Party(ip_address("2001:db9::1")), "tcp", 443, False),
    ],
)
def test_what_a_device_may_reach(
    other: Party, transport: str, port: int, admitted: bool | None
) -> None:
    assert PROFILE.admits(other, transport, port, "device") is admitted


@pytest.mark.parametrize(
    ("other", "port", "admitted"), [(HUB, 80, True), (HUB, 23, False), (UNNAMED, 80, False)]
)
def test_who_may_reach_a_device(other: Party, port: int, admitted: bool) -> None:
    assert PROFILE.admits(other, "tcp", port, "other") is admitted


def test_classes_that_only_the_network_knows_leave_it_open() -> None:
    profile = replace(PROFILE, outbound=(Entry(4, "tcp", classes=("my-controller",)),))
    assert profile.admits(HUB, "tcp", 8883, "device") is None
    assert profile.admits(CLOUD, "tcp", 8883, "device") is False


def test_whom_a_file_names() -> None:
    assert PROFILE.names(CLOUD) is True
    assert PROFILE.names(Party(ip_address("52.9.9.9"))) is None
    assert PROFILE.names(Party(ip_address("52.9.9.9"), ("ads.example",))) is False
