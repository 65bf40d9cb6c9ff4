"""What the user names becomes what may be touched; the rest is refused with what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import AuthorisationError, UsageError
from iotscan.model import Address, Impact
from iotscan.net.scope import Targets, resolve_targets
from iotscan.probe_api import Attachment
from iotscan.settings import Settings


def today() -> date:
    return date(2026, 6, 1)


def attachment(name: str, *interfaces: str) -> Attachment:
    addresses = tuple(ip_address(text.partition("/")[0]) for text in interfaces)
    prefixes = tuple(int(text.partition("/")[2]) for text in interfaces)
    return Attachment(name, None, addresses, prefixes)


HOME = (attachment("eth0", "192.168.1.5/24", "fe80::5%eth0/64", "2001:db8::5/64"),)


def no_names(name: str) -> Sequence[Address]:
    raise AssertionError(f"{name} must not be looked up")


def resolve(
    *targets: str,
    attached: Sequence[Attachment] = HOME,
    names: Callable[[str], Sequence[Address]] = no_names,
    **settings: Any,
) -> Targets:
    return resolve_targets(Settings(targets=targets, **settings), attached, names, today=today)


def texts(targets: Targets) -> list[str]:
    return [str(address) for address in targets.addresses()]


def test_without_targets_the_attached_private_networks_are_taken() -> None:
    targets = resolve()
    assert targets.scope.allow == (ip_network("192.168.1.0/24"), ip_network("fe80::/64"))
    assert targets.scope.interfaces == ("eth0",)
    assert not targets.scope.admits(ip_address("2001:db8::7"))
    found = texts(targets)
    assert len(found) == 254
    assert "192.168.1.0" not in found
    assert "192.168.1.255" not in found


def test_loopback_is_no_attached_network() -> None:
    with pytest.raises(UsageError, match="name what to scan"):
        resolve(attached=[attachment("lo", "127.0.0.1/8", "::1/128")])


def test_an_attached_public_network_is_not_taken_unasked() -> None:
    with pytest.raises(UsageError, match="no private network"):
        resolve(attached=[attachment("eth0", "203.0.113.5/24")])


def test_an_attached_network_larger_than_a_22_is_refused_with_its_size() -> None:
    with pytest.raises(UsageError, match=r"172\.16\.0\.0/16 on eth0 has 65,536 .*smaller"):
        resolve(attached=[attachment("eth0", "172.16.0.5/16")])
    assert len(texts(resolve(attached=[attachment("eth0", "172.16.0.5/22")]))) == 1022


def test_only_the_interfaces_asked_for_are_taken() -> None:
    two = [*HOME, attachment("wlan0", "10.0.0.2/24")]
    targets = resolve(attached=two, interfaces=("wlan0",))
    assert targets.scope.allow == (ip_network("10.0.0.0/24"),)
    assert targets.scope.interfaces == ("wlan0",)
    with pytest.raises(UsageError, match=r"no interface eth7 .*eth0, wlan0"):
        resolve(attached=two, interfaces=("eth7",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.1.7", ["192.168.1.7"]),
        (" 192.168.1.7 ", ["192.168.1.7"]),
        ("192.168.1.7/32", ["192.168.1.7"]),
        ("192.168.7.9/30", ["192.168.7.9", "192.168.7.10"]),
        ("192.168.7.8/31", ["192.168.7.8", "192.168.7.9"]),
        ("192.168.7.255-192.168.8.1", ["192.168.7.255", "192.168.8.0", "192.168.8.1"]),
        ("192.168.7.254-255", ["192.168.7.254", "192.168.7.255"]),
        ("::ffff:192.168.7.9", ["192.168.7.9"]),
        ("fe80::9%eth0", ["fe80::9%eth0"]),
        ("fd00::1-fd00::3", ["fd00::1", "fd00::2", "fd00::3"]),
        ("127.0.0.5", ["127.0.0.5"]),
    ],
)
def test_every_way_of_writing_a_target(text: str, expected: list[str]) -> None:
    targets = resolve(text)
    assert sorted(texts(targets)) == sorted(expected)
    assert all(targets.scope.admits(address) for address in targets.addresses())


@given(first=st.integers(0, 2**16 - 1), length=st.integers(0, 300))
def test_a_range_is_exactly_its_addresses(first: int, length: int) -> None:
    start = IPv4Address("10.0.0.0") + first
    expected = [start + offset for offset in range(length + 1)]
    targets = resolve(f"{start}-{start + length}")
    assert sorted(map(int, targets.addresses())) == list(map(int, expected))
    assert not targets.scope.admits(start - 1)
    assert not targets.scope.admits(start + length + 1)


@pytest.mark.parametrize(
    "text",
    [
        "192.168.1.0/33",
        "192.168.1",
        "192.168.1-3.7",
        "192.168.1.40-10",
        "192.168.1.1-fd00::1",
        "192.168.1.1-x",
        "192.168.1.256",
        "-oN file",
        "",
        "a b",
        "http://192.168.1.1",
    ],
)
def test_what_is_no_target_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"192\.168\.1\."):
        resolve(text)


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8",
        "::ffff:8.8.8.8",
        "0.0.0.0/0",
        "::/0",
        "192.168.0.0/15",
        "172.15.255.255-172.16.0.1",
        "2001:db8::1",
        "224.0.0.251",
        "255.255.255.255",
        "0.0.0.0",
        "100.64.0.1",
        "2002:c0a8:101::1",
        "64:ff9b::192.168.1.1",
        "::192.168.1.1",
    ],
)
def test_what_is_not_private_is_refused_with_the_file_to_write(text: str) -> None:
    with pytest.raises(AuthorisationError) as raised:
        resolve(text)
    said = str(raised.value)
    assert "[authorisation]" in said
    assert "networks = [" in said
    assert "--authorisation FILE" in said


def test_a_link_local_address_needs_its_interface() -> None:
    with pytest.raises(UsageError, match="fe80::9%eth0"):
        resolve("fe80::9")


def test_a_name_is_looked_up_once_and_its_private_addresses_taken() -> None:
    asked: list[str] = []

    def names(name: str) -> Sequence[Address]:
        asked.append(name)
        return [ip_address("192.168.1.7"), ip_address("2001:db8::7")]

    targets = resolve("cam.local", names=names)
    assert asked == ["cam.local"]
    assert texts(targets) == ["192.168.1.7"]
    assert not targets.scope.admits(ip_address("2001:db8::7"))


def test_a_name_that_leads_outside_is_refused_and_the_address_named() -> None:
    with pytest.raises(AuthorisationError, match=r"cam\.example \(203\.0\.113\.9/32\)"):
        resolve("cam.example", names=lambda _: [ip_address("203.0.113.9")])


def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(UsageError, match="has no address"):
        resolve("nobody", names=lambda _: [])


def test_exclusions_win_over_everything() -> None:
    targets = resolve(
        "192.168.1.0/29", "192.168.1.3", exclude=("192.168.1.3-4", "::ffff:192.168.1.5")
    )
    assert texts(targets) == ["192.168.1.1", "192.168.1.2", "192.168.1.6", "192.168.1.7"]
    assert not targets.scope.admits(ip_address("192.168.1.3"))
    assert not targets.scope.admits(ip_address("::ffff:192.168.1.4"))


def test_excluding_all_of_it_is_an_error() -> None:
    with pytest.raises(UsageError, match="nothing is left"):
        resolve("192.168.1.7", exclude=("192.168.0.0/16",))


def test_a_part_of_an_attached_network_has_no_edges_of_its_own() -> None:
    found = texts(resolve("192.168.1.0/25"))
    assert found[0] == "192.168.1.1"
    assert found[-1] == "192.168.1.127"
    wide = texts(resolve("192.168.0.0/23"))
    assert "192.168.1.255" not in wide
    assert "192.168.1.0" not in wide
    assert "192.168.0.255" in wide


def test_overlapping_targets_give_every_address_once() -> None:
    found = texts(resolve("10.0.0.0/28", "10.0.0.0/29", "10.0.0.2", "10.0.0.1-3"))
    assert len(found) == len(set(found)) == 14


def test_more_addresses_than_one_scan_takes_are_refused() -> None:
    with pytest.raises(UsageError, match="131,072"):
        resolve("10.0.0.0/15")
    assert len(texts(resolve("10.0.0.0/16"))) == 65_534


def test_addresses_are_lazy_and_limited() -> None:
    targets = resolve("10.0.0.0/16", "fd00::/64")
    assert [str(a) for a in targets.addresses(3)] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert targets.scope.admits(ip_address("fd00::7"))
    assert all(address.version == 4 for address in targets.addresses())


def test_the_impact_is_part_of_the_scope() -> None:
    assert resolve("10.0.0.1", impact=Impact.LISTEN).scope.impact is Impact.LISTEN


GRANT = """
[authorisation]
granted_by = "Jane Doe"
purpose = "yearly check"
valid_until = {until}
networks = ["203.0.113.0/28"]
"""


def test_an_authorisation_opens_what_it_names_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "grant.toml"
    file.write_text(GRANT.format(until="2026-06-01"))
    grant = str(file)
    assert len(texts(resolve("203.0.113.0/28", authorisation=grant))) == 14
    with pytest.raises(AuthorisationError):
        resolve("203.0.113.0/27", authorisation=grant)
    with pytest.raises(AuthorisationError):
        resolve("203.0.113.16", authorisation=grant)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GRANT.format(until="2026-05-31"), "expired on 2026-05-31"),
        (GRANT.format(until='"2027-01-01"'), "without quotes"),
        (GRANT.format(until="2027-01-01").replace('"yearly check"', '""'), "purpose must say"),
        (GRANT.format(until="2027-01-01").replace("0/28", "7/28"), "host bits"),
        (GRANT.format(until="2027-01-01").replace('["203.0.113.0/28"]', "[]"), "not an empty"),
        (GRANT.format(until="2027-01-01").replace('["203.0.113.0/28"]', "[16]"), "not a text"),
        (GRANT.format(until="2027-01-01").replace("granted_by", "granted"), "granted_by"),
        ("networks = []", "no section"),
        ("= broken", "not TOML"),
    ],
)
def test_a_faulty_authorisation_is_refused_with_the_fault(
    tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "grant.toml"
    file.write_text(content)
    with pytest.raises(AuthorisationError, match=said):
        resolve("203.0.113.1", authorisation=str(file))


def test_an_authorisation_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuthorisationError, match="cannot be read"):
        resolve("203.0.113.1", authorisation=str(tmp_path / "nowhere"))
