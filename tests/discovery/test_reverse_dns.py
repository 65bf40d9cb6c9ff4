"""Names from the network's own DNS server: asked only in scope, and believed as hearsay."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import UDP
from scapy.layers.l2 import Ether

from iotscan.assess.inventory import take_stock
from iotscan.assess.reading import Plugins, witness
from iotscan.discovery.reverse_dns import DISCOVERER
from iotscan.model import Packet, Sighting, Sweep
from iotscan.protocols.link import arp

SERVER = ip_address("192.168.1.1")
SCANNER = arp.mac_bytes("02:00:00:00:00:02")


def answer(about: str, *names: str, asked: str | None = None, response: bool = True) -> Packet:
    owner = f"{ip_address(about).reverse_pointer}."
    records = [DNSRR(rrname=owner, type="PTR", rdata=f"{name}.") for name in names]
    question = DNSQR(qname=asked or owner, qtype="PTR")
    data = bytes(DNS(id=7, qr=response, qd=[question], an=records))
    return Packet("p4", 0.2, "reverse_dns", data, SERVER, "a4:2b:b0:00:00:01")


def read(packet: Packet) -> list[tuple[str, tuple[str, ...]]]:
    found = list(DISCOVERER.read(packet))
    assert all(isinstance(item, Sighting) for item in found)
    return [(str(s.addresses[0]), s.names) for s in found if isinstance(s, Sighting)]


@pytest.mark.parametrize("about", ["192.168.1.9", "fd00::1:9"])
def test_an_answer_names_the_host_that_was_asked_for(about: str) -> None:
    assert read(answer(about, "lamp.home", "hall.home")) == [(about, ("lamp.home", "hall.home"))]


@pytest.mark.parametrize(
    "packet",
    [
        answer("192.168.1.9"),
        answer("192.168.1.9", "lamp.home", asked="8.1.168.192.in-addr.arpa."),
        answer("192.168.1.9", "lamp.home", response=False),
        answer("192.168.1.9", "x", asked="lamp.home."),
        Packet("p4", 0.2, "reverse_dns", b"\0" * 12, SERVER),
    ],
    ids=["no name", "another host", "a question", "no address", "empty"],
)
def test_other_messages_name_nobody(packet: Packet) -> None:
    assert read(packet) == []


@given(st.binary(max_size=80))
def test_garbage_names_nobody(data: bytes) -> None:
    list(DISCOVERER.read(Packet("p1", 0.0, "reverse_dns", data, SERVER)))


def test_a_server_names_devices_and_makes_none() -> None:
    """Not even two addresses that it calls alike become one device."""
    plugins = Plugins()
    packets = [
        answer("192.168.1.9", "lamp.home"),
        answer("fd00::9", "lamp.home"),
        answer("192.168.1.99", "ghost.home"),
    ]
    witnesses = [
        witness(said, packet, plugins)
        for packet in packets
        for said in DISCOVERER.read(packet)
        if isinstance(said, Sighting)
    ]
    there = [Sweep(f"s{i}", 0.0, ip_address(a), alive=True) for i, a in enumerate(
        ("192.168.1.9", "fd00::9")
    )]  # fmt: skip
    devices = take_stock(witnesses, there, ())
    assert [(d.addresses, d.names, d.mac) for d in devices] == [
        ((ip_address("192.168.1.9"),), ("lamp.home",), None),
        ((ip_address("fd00::9"),), ("lamp.home",), None),
    ]


@pytest.fixture(scope="module")
def served(home: Any) -> Any:
    """The home, with a DNS server that knows two of its hosts; for what lies outside it has another
    to ask.
    """
    router = home.lan.add("router", "10.77.0.1", "a4:2b:b0:00:00:01")
    router.start(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv",
        "--bogus-priv",
        "--interface=lan0", "--server=10.77.0.24", "--pid-file=", "--user=root",
        "--host-record=porch-lamp.home,10.77.0.20", "--host-record=porch-cam.home,10.77.0.21",
    )  # fmt: skip
    router.await_port(53, "udp")
    return home


def named(found: dict[str, Any]) -> dict[str, list[str]]:
    return {
        s["addresses"][0]: s["names"] for s in found["sightings"] if s["source"] == "reverse_dns"
    }


def dns_frames(frames: list[bytes]) -> list[Any]:
    datagrams = [frame[UDP] for frame in map(Ether, frames) if UDP in frame]
    return [datagram for datagram in datagrams if 53 in (datagram.sport, datagram.dport)]


@pytest.mark.lab
def test_the_networks_server_is_asked_for_what_it_knows_itself(served: Any, tmp_path: Path) -> None:
    with served.frames(tmp_path / "dns.pcap") as frames:
        found = served.discover("arp", "reverse_dns", resolvers=["10.77.0.1"], patience=1.5)
    assert named(found) == {"10.77.0.20": ["porch-lamp.home"], "10.77.0.21": ["porch-cam.home"]}
    said = dns_frames(frames())
    questions = [datagram for datagram in said if datagram[DNS].qr == 0]
    assert len(questions) >= 5
    assert {datagram[DNS].rd for datagram in questions} == {0}
    # It asked nobody else: what it does not know stays between the two of us.
    assert {struct.unpack("!HH", bytes(d)[:4])[1] for d in questions} == {53}
    assert {frame[30:34] for frame in frames() if Ether(frame).haslayer(DNS)} <= {
        ip_address("10.77.0.1").packed,
        ip_address("10.77.0.2").packed,
    }


@pytest.mark.lab
@pytest.mark.parametrize("server", ["10.77.0.1", "192.0.2.53", "127.0.0.53"])
def test_a_server_that_is_not_in_scope_is_not_asked(
    served: Any, tmp_path: Path, server: str
) -> None:
    with served.frames(tmp_path / "dns.pcap") as frames:
        found = served.discover(
            "arp", "reverse_dns", resolvers=[server], deny=["10.77.0.1/32"], patience=0.2
        )
    assert named(found) == {}
    assert dns_frames(frames()) == []
    assert any(f"The DNS server {server} was not asked" in note for note in found["blind"])


@pytest.mark.lab
def test_listening_asks_no_server(served: Any) -> None:
    found = served.discover("reverse_dns", resolvers=["10.77.0.1"], impact="LISTEN", patience=0.1)
    assert named(found) == {}
