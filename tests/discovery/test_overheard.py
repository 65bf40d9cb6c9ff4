"""What devices tell everybody is heard live, by the readers of captures, and without a word."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lan import ip
from scapy.contrib.lldp import (
    LLDPDU,
    LLDPDUChassisID,
    LLDPDUEndOfLLDPDU,
    LLDPDUGenericOrganisationSpecific,
    LLDPDUPortID,
    LLDPDUSystemName,
    LLDPDUTimeToLive,
)
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (
    ICMPv6MLDMultAddrRec,
    ICMPv6MLReport2,
    ICMPv6ND_NA,
    ICMPv6NDOptDstLLAddr,
    IPv6,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.layers.llmnr import LLMNRQuery
from scapy.layers.netbios import NBNSHeader, NBNSRegistrationRequest
from scapy.packet import Raw

from iotscan.capture.overheard import Dissector
from iotscan.plugins import discoverers
from iotscan.protocols.link import arp

MAC, ADDRESS = "a4:2b:b0:00:00:14", "10.77.0.20"
LINK_LOCAL = "fe80::a62b:b0ff:fe00:14"
# Of a record in a membership report: the group is listened to no longer.
LEAVING = 3
IGMP = 2
MUD = b"https://maker.example/lamp.json"
HEARS = {place: one.name for one in discoverers() for place in one.hears}
SCANNER = arp.mac_bytes("02:00:00:00:00:02")
SENDER = """
import socket, sys, time
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("lan0", 0))
while True:
    for text in sys.argv[2:]:
        link.send(bytes.fromhex(text))
    print(sys.argv[1], flush=True)
    time.sleep(0.05)
"""


def dhcp() -> Any:
    options = [("message-type", "request"), ("hostname", "hall-lamp"), (161, MUD), "end"]
    return (
        Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff")
        / IP(src="0.0.0.0", dst="255.255.255.255")
        / UDP(sport=68, dport=67)
        / BOOTP(chaddr=arp.mac_bytes(MAC))
        / DHCP(options=options)
    )


def netbios() -> Any:
    return (
        Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff")
        / IP(src=ADDRESS, dst="10.77.0.255")
        / UDP(sport=137, dport=137)
        / NBNSHeader(OPCODE=5, NM_FLAGS=0x11, QDCOUNT=1, ARCOUNT=1)
        / NBNSRegistrationRequest(QUESTION_NAME=b"HALL-PC", NB_ADDRESS=ADDRESS)
    )


def llmnr(kind: str = "ALL") -> Any:
    from scapy.layers.dns import DNSQR

    return (
        Ether(src=MAC, dst="01:00:5e:00:00:fc")
        / IP(src=ADDRESS, dst="224.0.0.252", ttl=1)
        / UDP(sport=50000, dport=5355)
        / LLMNRQuery(qd=DNSQR(qname="hall-window", qtype=kind))
    )


def lldp() -> Any:
    return (
        Ether(src=MAC, dst="01:80:c2:00:00:0e", type=0x88CC)
        / LLDPDU()
        / LLDPDUChassisID(subtype=4, id=MAC)
        / LLDPDUPortID(subtype=7, id="1")
        / LLDPDUTimeToLive(ttl=120)
        / LLDPDUSystemName(system_name="hall-switch")
        / LLDPDUGenericOrganisationSpecific(org_code=0x00005E, subtype=1, data=MUD)
        / LLDPDUEndOfLLDPDU()
    )


def ndp() -> Any:
    return (
        Ether(src=MAC, dst="33:33:00:00:00:01")
        / IPv6(src=LINK_LOCAL, dst="ff02::1", hlim=255)
        / ICMPv6ND_NA(tgt=LINK_LOCAL, R=0, S=0)
        / ICMPv6NDOptDstLLAddr(lladdr=MAC)
    )


def mdns() -> Any:
    data = bytes.fromhex("000084000000000100000000") + b"\4lamp\5local\0\0\1\x80\1\0\0\0\x78\0\4"
    return (
        Ether(src=MAC, dst="01:00:5e:00:00:fb")
        / IP(src=ADDRESS, dst="224.0.0.251", ttl=255)
        / UDP(sport=5353, dport=5353)
        / Raw(data + ip_address(ADDRESS).packed)
    )


FRAMES = {"dhcp": dhcp, "netbios": netbios, "llmnr": llmnr, "lldp": lldp, "ndp": ndp, "mdns": mdns}


@pytest.mark.parametrize("protocol", FRAMES)
@pytest.mark.parametrize("tagged", [False, True])
def test_a_frame_goes_to_the_reader_of_its_protocol(protocol: str, tagged: bool) -> None:
    frame = FRAMES[protocol]()
    if tagged:
        kind = frame.type
        frame = Ether(src=frame.src, dst=frame.dst) / Dot1Q(vlan=7, type=kind) / frame.payload
    said = Dissector(HEARS)(bytes(frame))
    assert said is not None
    name, source, mac, data = said
    assert (name, mac) == (protocol, MAC)
    told = {"dhcp": None, "lldp": None, "ndp": LINK_LOCAL}.get(protocol, ADDRESS)
    assert source == (ip_address(told) if told else None)
    layer = frame.getlayer(UDP) or frame.getlayer(IPv6) or frame.getlayer(LLDPDUChassisID)
    assert data == bytes(layer if protocol == "lldp" else layer.payload)


def test_the_padding_of_a_short_frame_is_no_part_of_the_datagram() -> None:
    said = Dissector(HEARS)(bytes(llmnr()) + bytes(20))
    assert said is not None
    assert said[3] == bytes(llmnr()[UDP].payload)


@pytest.mark.parametrize(
    "frame",
    [
        Ether(src=MAC) / IP(src=ADDRESS) / UDP(sport=40000, dport=40001) / Raw(b"x"),
        Ether(src=MAC, type=0x9999) / Raw(b"x"),
        Ether(src=MAC) / IP(src=ADDRESS, proto=6) / Raw(b"x" * 20),
    ],
)
def test_what_nobody_reads_is_passed_over(frame: Any) -> None:
    assert Dissector(HEARS)(bytes(frame)) is None


@given(st.binary(max_size=200))
def test_garbage_is_passed_over(data: bytes) -> None:
    dissect = Dissector(HEARS)
    dissect(data)
    dissect(bytes(ndp())[:54] + data)


@contextmanager
def saying(home: Any, *frames: Any, host: str = "host0") -> Iterator[None]:
    """A host repeats these frames while the context lasts."""
    # A switch keeps LLDP to each link of its own; here the hosts are the other ends of one.
    ip("-n", home.lan.switch, "link", "set", "br0", "type", "bridge", "group_fwd_mask", "0x4000")
    there, said = home.lan.hosts[host], f"said {secrets.token_hex(8)}"
    script = there.start(
        sys.executable, "-c", SENDER, said, *(bytes(frame).hex() for frame in frames)
    )
    try:
        there.await_words(said)
        yield
    finally:
        script.kill()
        script.wait()


def kernels_own(frame: bytes) -> bool:
    """Whether the kernel tells of memberships by itself: of the group of the interface's address,
    when that comes up (RFC 4861 section 7.2.1), or that a group which an earlier scan had joined
    was left, a second later and once more (RFC 9777 and RFC 9776, section 6.1). Joining is neither.
    """
    layer, packet = Ether(frame).getlayer(ICMPv6MLReport2), Ether(frame).getlayer(IP)
    if layer is not None:
        return all(r.dst.startswith("ff02::1:ff") or r.rtype == LEAVING for r in layer.records)
    if packet is None or packet.proto != IGMP or bytes(packet.payload)[:1] != b"\x22":
        return False
    data, at, kinds = bytes(packet.payload), 8, []
    for _ in range(int.from_bytes(data[6:8], "big")):
        kinds.append(data[at])
        auxiliary, sources = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        at += 8 + 4 * (auxiliary + sources)
    return set(kinds) == {LEAVING}


def test_only_what_the_kernel_does_by_itself_is_its_own() -> None:
    def reports(rtype: int, group: str) -> list[bytes]:
        six = ICMPv6MLDMultAddrRec(rtype=rtype, dst=group)
        left = bytes([LEAVING, 0, 0, 0, 224, 0, 0, 252])
        four = (
            bytes([0x22, 0, 0, 0, 0, 0, 0, 2]) + left + bytes([rtype, 0, 0, 0, 239, 255, 255, 250])
        )
        return [
            bytes(Ether() / IPv6(dst="ff02::16") / ICMPv6MLReport2(records=[six])),
            bytes(Ether() / IP(dst="224.0.0.22", proto=IGMP) / Raw(four)),
        ]

    assert [kernels_own(frame) for frame in reports(LEAVING, "ff05::c")] == [True, True]
    assert [kernels_own(frame) for frame in reports(4, "ff05::c")] == [False, False]
    assert kernels_own(reports(4, "ff02::1:ff00:2")[0])
    assert not kernels_own(bytes(mdns()))


READERS = ("arp", "dhcp", "lldp", "llmnr", "mdns", "ndp", "netbios", "neighbours", "ssdp", "echo")


@pytest.mark.lab
def test_listening_hears_all_of_it_and_sends_nothing_at_all(home: Any, tmp_path: Path) -> None:
    gratuitous = Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(
        op=1, hwsrc=MAC, psrc=ADDRESS, pdst=ADDRESS
    )
    everything = [make() for make in FRAMES.values()]
    with saying(home, gratuitous, *everything), home.frames(tmp_path / "said.pcap") as frames:
        found = home.discover(*READERS, impact="LISTEN", patience=0.5)
    assert [f for f in frames() if f[6:12] == SCANNER and not kernels_own(f)] == []
    assert found["stopped"] == []
    heard = {s["source"]: s for s in found["sightings"] if s["mac"] == MAC}
    assert heard.keys() >= {"arp", "dhcp", "lldp", "llmnr", "mdns", "ndp", "netbios"}
    names = {source: s["names"] for source, s in heard.items() if s["names"]}
    assert names == {
        "dhcp": ["hall-lamp"],
        "lldp": ["hall-switch"],
        "llmnr": ["hall-window"],
        "mdns": ["lamp"],
        "netbios": ["HALL-PC"],
    }
    assert heard["dhcp"]["traits"]["mud_url"] == heard["lldp"]["traits"]["mud_url"] == MUD.decode()
    assert heard["ndp"]["addresses"] == [f"{LINK_LOCAL}%lan0"]
    assert any("no multicast group was joined" in note for note in found["blind"])


@pytest.mark.lab
def test_a_scan_that_asks_hears_it_as_well(home: Any) -> None:
    with saying(home, dhcp(), lldp()):
        found = home.discover("dhcp", "lldp", "neighbours", patience=0.5)
    assert {s["source"] for s in found["sightings"]} >= {"dhcp", "lldp"}


@pytest.mark.lab
def test_without_privilege_it_says_what_was_missed(home: Any) -> None:
    with saying(home, dhcp(), mdns()):
        found = home.discover(*READERS, impact="LISTEN", patience=0.5, privileged=False)
    sources = {s["source"] for s in found["sightings"]}
    assert "mdns" in sources  # a group that anybody may join
    assert "dhcp" not in sources
    assert any("Frames on lan0 could not be overheard (no permission)" in n for n in found["blind"])


@pytest.mark.lab
def test_what_is_not_in_scope_is_not_kept(home: Any) -> None:
    with saying(home, netbios(), ndp(), lldp()):
        found = home.discover(
            *READERS, impact="LISTEN", patience=0.4, allow=["10.77.0.21/32"], targets=[]
        )
    assert found["sightings"] == []
    # The network's own chatter over an IP version that nobody asked for is not worth a word.
    assert any("announcements from outside the scope" in note for note in found["blind"])
    assert not any("fe80" in note for note in found["blind"])


@pytest.mark.lab
def test_a_scan_that_only_listens_makes_its_report_without_a_packet(
    home: Any, tmp_path: Path
) -> None:
    told, report = [dhcp(), mdns(), netbios()], tmp_path / "report.json"
    with saying(home, *told), home.frames(tmp_path / "said.pcap") as frames:
        done = home.scanner.run(
            sys.executable, "-m", "iotscan", "scan", "10.77.0.0/24", "--listen", "1", "--quiet",
            "--no-store", "--record", str(tmp_path / "record.jsonl"), "--output", f"json:{report}",
        )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert [f for f in frames() if f[6:12] == SCANNER and not kernels_own(f)] == []
    found = json.loads(report.read_bytes())
    (device,) = [device for device in found["devices"] if device["mac"] == MAC]
    assert (device["addresses"], device["names"]) == ([ADDRESS], ["HALL-PC", "hall-lamp", "lamp"])
    assert found["scope"]["impact"] == "listen"
    assert any("Nothing was asked" in spot for spot in found["blind_spots"])
    again = tmp_path / "again.json"
    home.scanner.run(
        sys.executable, "-m", "iotscan", "replay", str(tmp_path / "record.jsonl"), "--quiet",
        "--no-store", "--output", f"json:{again}",
    )  # fmt: skip
    assert again.read_bytes() == report.read_bytes()
