"""Groups that end within the site, and sockets that keep to their interface."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from iotscan.net import multicast
from iotscan.probe_api import Attachment


@pytest.mark.parametrize(
    ("group", "hops"),
    [
        ("224.0.0.251", 1),
        ("239.255.255.250", 2),
        ("224.0.1.187", 2),
        ("ff02::fb", 1),
        ("ff02::c", 1),
        ("ff05::c", 2),
    ],
)
def test_groups_of_the_site_go_as_far_as_they_are_wide(group: str, hops: int) -> None:
    assert multicast.is_local_group(ip_address(group))
    assert multicast.hops(ip_address(group)) == hops


@pytest.mark.parametrize(
    "group", ["232.1.1.1", "239.1.2.3", "225.0.0.1", "ff0e::1", "ff08::1", "10.0.0.1", "fd00::1"]
)
def test_groups_that_reach_further_are_not_asked(group: str) -> None:
    assert not multicast.is_local_group(ip_address(group))


def test_an_asker_of_an_interface_is_bound_to_its_address() -> None:
    loop = Attachment("lo", None, (ip_address("127.0.0.1"),), (8,))
    with multicast.open_asker(4, loop) as sock:
        assert sock.getsockname()[0] == "127.0.0.1"
        chosen = sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, 4)
        assert chosen == ip_address("127.0.0.1").packed
        multicast.set_hops(sock, ip_address("239.255.255.250"))
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 2


def test_an_interface_without_the_ip_version_is_an_os_error_and_leaves_no_socket() -> None:
    bare = Attachment("lo", None, (), ())
    for version in (4, 6):
        with pytest.raises(OSError, match="has no"):
            multicast.open_asker(version, bare)
    with pytest.raises(OSError, match="has no IPv4 address"):
        multicast.open_listener(ip_address("224.0.0.251"), 5353, bare)
