"""ARP: what a message says, and sweeps of a real LAN with and without privilege."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.discovery.arp import DISCOVERER
from iotscan.errors import Malformed
from iotscan.model import Packet, Proof, Sighting
from iotscan.protocols.link import arp

BULB, SCANNER = IPv4Address("10.0.0.9"), IPv4Address("10.0.0.2")
SCANNER_MAC = "02:00:00:00:00:02"


def packet(data: bytes) -> Packet:
    return Packet("p5", 0.1, "arp", data, mac="a4:2b:b0:00:00:09", frame=7)


def test_the_sender_of_a_reply_is_there_with_its_mac() -> None:
    reply = arp.Arp(arp.REPLY, "a4:2b:b0:00:00:09", BULB, SCANNER_MAC, SCANNER).encode()
    assert list(DISCOVERER.read(packet(reply))) == [
        Sighting("arp", (BULB,), "a4:2b:b0:00:00:09", proof=Proof("p5", frames=(7,)))
    ]


def test_who_is_asked_for_is_not_thereby_there() -> None:
    request = arp.Arp(arp.REQUEST, "a4:2b:b0:00:00:09", BULB, arp.UNKNOWN, SCANNER).encode()
    assert [s.addresses for s in DISCOVERER.read(packet(request)) if isinstance(s, Sighting)] == [
        (BULB,)
    ]


@pytest.mark.parametrize(
    ("mac", "sender"),
    [
        ("a4:2b:b0:00:00:09", "0.0.0.0"),  # a probe, RFC 5227: nobody's address yet
        ("01:00:5e:00:00:09", "10.0.0.9"),
        ("00:00:00:00:00:00", "10.0.0.9"),
        ("a4:2b:b0:00:00:09", "224.0.0.9"),
    ],
)
def test_senders_that_cannot_be_are_passed_over(mac: str, sender: str) -> None:
    data = arp.Arp(arp.REPLY, mac, IPv4Address(sender), SCANNER_MAC, SCANNER).encode()
    assert list(DISCOVERER.read(packet(data))) == []


@given(st.binary(max_size=40))
def test_garbage_yields_nothing(data: bytes) -> None:
    list(DISCOVERER.read(packet(data)))
    assert list(DISCOVERER.read(packet(data[:27]))) == []


def sighted(found: dict[str, Any], source: str) -> dict[str, str]:
    """Address → MAC of the IPv4 hosts that this source told of."""
    return {
        sighting["addresses"][0]: sighting["mac"]
        for sighting in found["sightings"]
        if sighting["source"] == source and ":" not in sighting["addresses"][0]
    }


HOSTS = {f"10.77.0.{20 + i}": f"a4:2b:b0:00:00:{20 + i:02x}" for i in range(5)}


@pytest.mark.lab
def test_a_sweep_finds_every_host_and_asks_no_other(home: Any, tmp_path: Path) -> None:
    with home.frames(tmp_path / "arp.pcap") as frames:
        found = home.discover("arp", deny=["10.77.0.24/32"])
    excluded = {a: mac for a, mac in HOSTS.items() if a != "10.77.0.24"}
    assert sighted(found, "arp") == excluded
    assert found["blind"] == []
    asked: Counter[str] = Counter()
    for frame in frames():
        try:
            message = arp.parse(arp.message_in(frame))
        except Malformed:
            continue
        if message.operation == arp.REQUEST and message.sender_mac == SCANNER_MAC:
            assert message.sender == ip_address("10.77.0.2")
            asked[str(message.target)] += 1
    assert "10.77.0.24" not in asked
    assert "10.77.0.2" not in asked
    assert {asked[address] for address in excluded} == {1}
    silent = {f"10.77.0.{i}" for i in range(1, 255)} - HOSTS.keys() - {"10.77.0.2"}
    assert {a: asked[a] for a in silent if asked[a] != 2} == {}
    assert set(asked) == silent | set(excluded)


@pytest.mark.lab
def test_without_privilege_the_kernel_asks_and_the_report_says_so(home: Any) -> None:
    home.scanner.run("ip", "neigh", "flush", "all")
    found = home.discover("arp", privileged=False)
    assert sighted(found, "neighbours") == HOSTS
    assert sighted(found, "arp") == {}
    assert any("No permission for raw frames on lan0" in note for note in found["blind"])


@pytest.mark.lab
def test_listening_sends_nothing(home: Any, tmp_path: Path) -> None:
    # Kernels go on asking for what another test made them ask for, and five seconds after a host
    # answered us, its kernel asks whether we are still there (RFC 4861 section 7.3.2), for ARP too.
    for host in home.lan.hosts.values():
        host.run("ip", "neigh", "flush", "nud", "all")
    with home.frames(tmp_path / "listen.pcap") as frames:
        found = home.discover("arp", "mdns", "ssdp", "neighbours", impact="LISTEN", patience=0.3)
    assert found["stopped"] == []
    # IGMP and MLD reports, by which the kernel joins a group, are the only thing said.
    said = [f for f in frames() if arp.mac_text(f[6:12]) == SCANNER_MAC and not joins_group(f)]
    assert said == []


def joins_group(frame: bytes) -> bool:
    igmp = frame[12:14] == b"\x08\x00" and frame[23] == 2
    mld = frame[12:14] == b"\x86\xdd" and frame[20] == 0
    return igmp or mld
