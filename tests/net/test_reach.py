"""Which interfaces a scope touches, and which it covers whole."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from iotscan.model import Scope
from iotscan.net.reach import Reach
from iotscan.probe_api import Attachment

HOME = Attachment(
    "eth0",
    "a4:2b:b0:00:00:01",
    (ip_address("192.168.1.5"), ip_address("fd00::5"), ip_address("fe80::5%eth0")),
    (24, 64, 64),
)
OTHER = Attachment("eth1", "a4:2b:b0:00:00:02", (ip_address("10.9.0.5"),), (16,))


def reach(*allow: str) -> Reach:
    return Reach(Scope(tuple(ip_network(text) for text in allow)), [HOME, OTHER])


@pytest.mark.parametrize(
    ("allow", "names", "covered", "wholly"),
    [
        (("192.168.1.0/24",), ["eth0"], [4], True),
        (("192.168.0.0/16",), ["eth0"], [4], True),
        (("192.168.1.7/32",), ["eth0"], [], False),
        (("192.168.1.7/32", "fd00::/64"), ["eth0"], [6], False),
        (("fd00::/64",), ["eth0"], [6], True),
        (("fe80::/10",), ["eth0"], [6], True),
        (("fe80::7/128",), ["eth0"], [], False),
        (("127.20.0.0/24",), [], [], False),
        (("172.16.0.0/12",), [], [], False),
        (("192.168.1.0/24", "10.0.0.0/8"), ["eth0", "eth1"], [4], True),
    ],
)
def test_a_scope_takes_the_interfaces_that_it_touches(
    allow: tuple[str, ...], names: list[str], covered: list[int], wholly: bool
) -> None:
    found = reach(*allow)
    assert [one.name for one in found.interfaces] == names
    assert [version for version in (4, 6) if found.covers(HOME, version)] == covered
    assert found.covers_all(HOME) is wholly


@pytest.mark.parametrize(
    ("allow", "addresses"),
    [
        (("192.168.1.0/24",), ["192.168.1.255"]),
        (("192.168.0.0/16", "fd00::/64"), ["192.168.1.255"]),
        (("192.168.1.0/25",), []),
        (("192.168.1.7/32",), []),
        (("fd00::/64",), []),
    ],
)
def test_everybody_may_be_asked_where_everybody_is_in_scope(
    allow: tuple[str, ...], addresses: list[str]
) -> None:
    assert reach(*allow).broadcasts(HOME) == [ip_address(text) for text in addresses]


def test_an_excluded_broadcast_address_is_not_asked_nor_one_of_a_line_of_two() -> None:
    scope = Scope((ip_network("192.168.1.0/24"),), (ip_network("192.168.1.255/32"),))
    assert Reach(scope, [HOME]).broadcasts(HOME) == []
    line = Attachment("ppp0", None, (ip_address("192.168.1.4"),), (31,))
    assert Reach(Scope((ip_network("192.168.1.0/24"),)), [line]).broadcasts(line) == []


def test_of_its_own_addresses_those_in_a_whole_network_are_told() -> None:
    assert reach("192.168.1.0/24", "fe80::/64").whole(HOME) == [
        HOME.addresses[0],
        HOME.addresses[2],
    ]
    assert reach("192.168.1.5/32").whole(HOME) == []


def test_only_networks_wholly_on_a_link_are_attached() -> None:
    found = reach("192.168.1.0/24", "10.9.0.0/24")
    assert found.attached(ip_network("192.168.1.64/26"))
    assert found.attached(ip_network("10.9.3.0/24"))
    assert not found.attached(ip_network("192.168.0.0/16"))
    assert not found.attached(ip_network("127.20.0.0/24"))


def test_near_is_on_a_link_and_not_oneself() -> None:
    found = reach("192.168.1.0/24")
    assert found.near(ip_address("192.168.1.9"))
    assert found.near(ip_address("fe80::9%eth0"))
    assert not found.near(ip_address("192.168.1.5"))
    assert not found.near(ip_address("192.168.2.9"))
    assert not found.near(ip_address("127.0.0.1"))
