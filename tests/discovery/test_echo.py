"""Echo to all nodes: hosts that have IPv6 alone and announce nothing are found."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from lan import ip

from iotscan.discovery.echo import DISCOVERER
from iotscan.model import Packet, Proof, Sighting
from iotscan.protocols.link import arp

REPLY = b"\x81\0\0\0\0\0\0\0iotscan"
MAC = "a4:2b:b0:00:00:{:02x}"


def test_the_sender_of_a_reply_is_there() -> None:
    source = ip_address("fe80::9%eth0")
    packet = Packet("p2", 0.1, "echo", REPLY, source, "a4:2b:b0:00:00:09")
    assert list(DISCOVERER.read(packet)) == [
        Sighting("echo", (source,), "a4:2b:b0:00:00:09", proof=Proof("p2"))
    ]


@pytest.mark.parametrize(
    ("data", "source"),
    [(b"\x80" + REPLY[1:], "fe80::9"), (REPLY, "192.0.2.1"), (REPLY, None), (b"", "fe80::9")],
)
def test_anything_else_says_nothing(data: bytes, source: str | None) -> None:
    packet = Packet("p2", 0.1, "echo", data, ip_address(source) if source else None)
    assert list(DISCOVERER.read(packet)) == []


@pytest.fixture
def only_ipv6(home: Any) -> Any:
    """The home with a host of link-local addresses alone, and one with an address of its own."""
    if "bare" not in home.lan.hosts:
        for name, last in (("bare", 31), ("routed", 32)):
            host = home.lan.add(name, f"10.77.0.{last}", MAC.format(last))
            ip("-n", host.namespace, "addr", "del", f"10.77.0.{last}/24", "dev", "lan0")
        ip("-n", host.namespace, "addr", "add", "fd77::32/64", "dev", "lan0")
        ip("-n", home.scanner.namespace, "addr", "add", "fd77::2/64", "dev", "lan0")
    return home


def found_by(found: dict[str, Any], source: str) -> dict[str, str | None]:
    return {s["addresses"][0]: s["mac"] for s in found["sightings"] if s["source"] == source}


@pytest.mark.lab
@pytest.mark.parametrize("privileged", [True, False])
def test_hosts_with_ipv6_alone_answer(only_ipv6: Any, privileged: bool) -> None:
    only_ipv6.scanner.run("sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")
    found = only_ipv6.discover(
        "echo", "neighbours", privileged=privileged, allow=["fe80::/64", "fd77::/64"], targets=[]
    )
    assert found["stopped"] == []
    answered = found_by(found, "echo")
    assert "fe80::a62b:b0ff:fe00:31%lan0" not in answered  # 31 and 0x1f are not the same
    assert "fe80::a62b:b0ff:fe00:1f%lan0" in answered
    assert "fd77::32" in answered
    # The table tells their MACs, for they had to ask for ours.
    assert found_by(found, "neighbours")["fd77::32"] == MAC.format(32)


@pytest.mark.lab
def test_nothing_is_asked_of_a_link_that_is_not_in_scope(only_ipv6: Any, tmp_path: Path) -> None:
    with only_ipv6.frames(tmp_path / "echo.pcap") as frames:
        found = only_ipv6.discover("echo", allow=["10.77.0.0/24", "fd77::32/128"], targets=[])
    assert found_by(found, "echo") == {}
    scanner = arp.mac_bytes("02:00:00:00:00:02")
    assert [f for f in frames() if f[6:12] == scanner and f[54:55] == b"\x80"] == []


@pytest.mark.lab
def test_where_it_is_not_allowed_the_report_says_so(only_ipv6: Any) -> None:
    only_ipv6.scanner.run("sysctl", "-qw", "net.ipv4.ping_group_range=1 0")
    found = only_ipv6.discover("echo", privileged=False, allow=["fe80::/64"], targets=[])
    assert found_by(found, "echo") == {}
    assert any("All IPv6 nodes on lan0 could not be asked" in note for note in found["blind"])
