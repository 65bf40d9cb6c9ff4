"""Interfaces as psutil tells of them on Linux, macOS and Windows."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from iotscan.net import interfaces

LINK = psutil.AF_LINK


def entry(family: int, address: str, netmask: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(family=family, address=address, netmask=netmask)


def ipv4(address: str, netmask: str | None = "255.255.255.0") -> SimpleNamespace:
    return entry(socket.AF_INET, address, netmask)


def ipv6(address: str, netmask: str | None = "ffff:ffff:ffff:ffff::") -> SimpleNamespace:
    return entry(socket.AF_INET6, address, netmask)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that gives this machine other interfaces: name → (flags, is up, entries)."""

    def put(found: dict[str, tuple[str, bool, list[SimpleNamespace]]]) -> None:
        stats = {
            name: SimpleNamespace(isup=up, flags=flags) for name, (flags, up, _) in found.items()
        }
        addresses = {name: entries for name, (_, _, entries) in found.items()}
        monkeypatch.setattr(psutil, "net_if_stats", lambda: stats)
        monkeypatch.setattr(psutil, "net_if_addrs", lambda: addresses)

    return put


FLAGS = "up,broadcast,running,multicast"


def test_an_interface_gives_its_networks_mac_and_zone(machine: Any) -> None:
    machine(
        {
            "eth0": (
                FLAGS,
                True,
                [
                    entry(LINK, "A4-2B-B0-00-00-01"),
                    ipv4("192.168.1.5", "255.255.254.0"),
                    ipv6("fd00::5"),
                    ipv6("fe80::1%eth0"),
                ],
            ),
            "wlan0": (FLAGS, True, [entry(LINK, "a4:2b:b0:00:00:02"), ipv6("fe80::2")]),
        }
    )
    first, second = interfaces.attachments()
    assert (first.name, first.mac, first.multicast) == ("eth0", "a4:2b:b0:00:00:01", True)
    assert first.addresses == (
        ip_address("192.168.1.5"),
        ip_address("fd00::5"),
        ip_address("fe80::1%eth0"),
    )
    assert first.prefixes == (23, 64, 64)
    assert second.addresses == (ip_address("fe80::2%wlan0"),)


@pytest.mark.parametrize(
    ("name", "flags", "up", "entries", "reason"),
    [
        ("eth1", FLAGS, False, [ipv4("10.0.0.1")], "down"),
        ("eth2", FLAGS, True, [entry(LINK, "a4:2b:b0:00:00:01")], "no address"),
        ("docker0", FLAGS, True, [ipv4("172.17.0.1")], "containers"),
        ("br-0123456789ab", FLAGS, True, [ipv4("172.18.0.1")], "containers"),
        ("virbr0", FLAGS, True, [ipv4("192.168.122.1")], "virtual machines"),
        ("vEthernet (WSL)", "", True, [ipv4("172.20.0.1")], "virtual machines"),
        ("veth12ab", FLAGS, True, [ipv6("fe80::1")], "container"),
        ("wg0", "up,pointopoint", True, [ipv4("10.8.0.2")], "tunnel"),
        ("tailscale0", FLAGS, True, [ipv4("100.64.0.2")], "tunnel"),
        ("awdl0", FLAGS, True, [ipv6("fe80::1")], "itself"),
    ],
)
def test_what_leads_to_no_home_network_is_left_out_with_its_reason(
    machine: Any, name: str, flags: str, up: bool, entries: list[SimpleNamespace], reason: str
) -> None:
    machine({name: (flags, up, entries)})
    (note,) = interfaces.describe_interfaces()
    assert not note.default
    assert reason in note.reason
    assert interfaces.attachments() == []


@pytest.mark.parametrize("name", ["br0", "veth9", "bridge0", "en0", "Ethernet", "WLAN 2"])
def test_ordinary_interfaces_are_taken(machine: Any, name: str) -> None:
    machine({name: (FLAGS, True, [entry(LINK, "a4:2b:b0:00:00:01"), ipv4("10.0.0.1")])})
    assert [one.name for one in interfaces.attachments()] == [name]


def test_loopback_is_never_an_attached_network(machine: Any) -> None:
    machine(
        {
            "lo": ("up,loopback,running", True, [ipv4("127.0.0.1", "255.0.0.0")]),
            "Loopback Pseudo-Interface 1": ("", True, [ipv4("127.0.0.1", "255.0.0.0")]),
        }
    )
    assert interfaces.describe_interfaces() == []


def test_windows_without_flags_and_masks_gets_the_usual_ones(machine: Any) -> None:
    machine({"Ethernet": ("", True, [ipv4("10.0.0.1", None), ipv6("fd00::1", None)])})
    (found,) = interfaces.attachments()
    assert found.prefixes == (24, 64)
    assert found.multicast
    assert found.mac is None


def test_this_machine_is_described_without_failing() -> None:
    names = [note.attachment.name for note in interfaces.describe_interfaces()]
    assert "lo" not in names
    assert names == sorted(names)
