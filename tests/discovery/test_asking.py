"""Whom to ask one by one."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address
from types import SimpleNamespace
from typing import Any

from iotscan.discovery.asking import FEW, MOST_LOOPBACK, known_hosts, without_multicast, zoned
from iotscan.model import Packet
from iotscan.protocols.link import arp

MAC = "a4:2b:b0:00:00:09"


def test_a_few_targets_are_asked_directly_and_a_network_is_not() -> None:
    network = [IPv4Address("10.0.0.0") + i for i in range(256)]
    assert without_multicast(network[:FEW]) == network[:FEW]
    assert without_multicast(network) == []


def test_loopback_targets_are_asked_directly_within_a_bound() -> None:
    network = [IPv4Address("127.20.0.0") + i for i in range(2000)]
    assert without_multicast(network) == network[:MOST_LOOPBACK]


def test_hosts_found_otherwise_are_asked_unless_they_spoke() -> None:
    def told(address: str) -> bytes:
        return arp.Arp(arp.REPLY, MAC, IPv4Address(address), MAC, IPv4Address("10.0.0.2")).encode()

    heard = [
        Packet("p1", 0.0, "arp", told("10.0.0.7")),
        Packet("p2", 0.0, "arp", told("10.0.0.8")),
        Packet("p3", 0.0, "arp", b"junk"),
        Packet("p4", 0.0, "mdns", b"x", ip_address("10.0.0.8")),
        Packet("p5", 0.0, "ssdp", b"x", ip_address("10.0.0.7")),
    ]
    air: Any = SimpleNamespace(
        heard=heard, neighbours=lambda: [(ip_address("10.0.0.9"), MAC, "eth0")]
    )
    assert known_hosts(air, "mdns") == [ip_address("10.0.0.9"), ip_address("10.0.0.7")]


def test_an_announced_link_local_address_gets_the_interface_it_came_by() -> None:
    bare = ip_address("fe80::7")
    on_eth0 = Packet("p1", 0.0, "mdns", b"", ip_address("10.0.0.7"), interface="eth0")
    assert zoned(bare, on_eth0) == ip_address("fe80::7%eth0")
    from_wlan0 = Packet("p1", 0.0, "mdns", b"", ip_address("fe80::7%wlan0"), interface="eth0")
    assert zoned(bare, from_wlan0) == ip_address("fe80::7%wlan0")
    assert zoned(bare, Packet("p1", 0.0, "mdns", b"")) == bare
    assert zoned(ip_address("fd00::7"), on_eth0) == ip_address("fd00::7")
