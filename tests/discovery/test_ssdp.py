"""SSDP: what answers and notices say, where they may lead, and what is asked."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.discovery.ssdp import DISCOVERER
from iotscan.model import Endpoint, Impact, Packet, Proof, Scope, Service, Sighting
from iotscan.net.airwaves import Air
from iotscan.net.limits import Governor
from iotscan.protocols.upnp import ssdp
from iotscan.settings import Limits, Settings
from iotscan.testing import Reply, serve_udp

HERE = ip_address("192.168.1.1")
IGD = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
UUID = "0a1b2c3d-1111-4222-8333-001122334455"


def answer(location: str = "http://192.168.1.1:5000/root.xml", **fields: str) -> bytes:
    said = {"ST": IGD, "USN": f"uuid:{UUID}::{IGD}", "SERVER": "Linux UPnP/1.0 x/2"} | fields
    said |= {"LOCATION": location} if location else {}
    lines = ["HTTP/1.1 200 OK", *(f"{name}: {text}" for name, text in said.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def heard(data: bytes, source: str = "192.168.1.1", **fields: Any) -> list[Any]:
    return list(DISCOVERER.read(Packet("p5", 0.1, "ssdp", data, ip_address(source), **fields)))


def test_an_answer_tells_who_it_is_and_leads_to_its_description() -> None:
    found, said, given_away = heard(answer(), mac="a4:2b:b0:00:00:01")
    assert found == Sighting(
        "ssdp",
        (HERE,),
        "a4:2b:b0:00:00:01",
        traits={"server": "Linux UPnP/1.0 x/2", "udn": UUID, "kind": "InternetGatewayDevice"},
        leads=(Service(Endpoint(HERE, "tcp", 5000), "upnp", False, "/root.xml"),),
        proof=Proof("p5"),
    )
    assert said.kind == "ssdp.announcement"
    assert said.facts == {
        "said": "answer",
        "target": IGD,
        "server": "Linux UPnP/1.0 x/2",
        "location_elsewhere": False,
        "over_tls": False,
    }
    assert given_away.facts == {"via": "ssdp", "serial": False, "mac": False, "uuid": True}


@pytest.mark.parametrize(
    ("location", "elsewhere"),
    [
        ("http://192.168.1.66:5000/x", True),
        ("http://8.8.8.8/x", True),
        ("http://127.0.0.1/x", True),
        ("http://router.lan/x", None),
        ("http://[fe80::1]/x", None),
        ("file:///etc/passwd", None),
        ("http://192.168.1.1:99999/x", None),
        ("http://192.168.1.1:5000@192.168.1.66/x", None),
        ("", None),
    ],
)
def test_a_location_elsewhere_is_told_and_not_followed(
    location: str, elsewhere: bool | None
) -> None:
    found, said, _ = heard(answer(location))
    assert found.leads == ()
    assert said.facts.get("location_elsewhere") is elsewhere


def test_an_answer_over_ipv6_leads_to_its_zone() -> None:
    found, said, _ = heard(answer("https://[fe80::1]:5000/d"), "fe80::1%eth0", interface="eth0")
    where = Endpoint(ip_address("fe80::1%eth0"), "tcp", 5000)
    assert found.leads == (Service(where, "upnp", True, "/d"),)
    assert said.facts["over_tls"] is True


def test_a_notice_is_read_and_a_farewell_is_not() -> None:
    notice = answer().replace(b"HTTP/1.1 200 OK", b"NOTIFY * HTTP/1.1").replace(b"ST:", b"NT:")
    alive = notice.replace(b"\r\n\r\n", b"\r\nNTS: ssdp:alive\r\n\r\n")
    assert heard(alive)[0].traits["kind"] == "InternetGatewayDevice"
    assert heard(alive)[1].facts["said"] == "notice"
    assert heard(alive.replace(b"alive", b"byebye")) == []


def test_a_search_shows_only_that_somebody_searches() -> None:
    assert heard(ssdp.search(IGD, "239.255.255.250:1900")) == [
        Sighting("ssdp", (HERE,), proof=Proof("p5"))
    ]


def test_an_id_made_from_a_mac_is_seen() -> None:
    data = answer(USN="uuid:2f402f80-da50-11e1-9b23-001788a1b2c3::upnp:rootdevice")
    assert heard(data)[2].facts["mac"] is True


def test_text_is_cleaned() -> None:
    found, said, _ = heard(answer(SERVER="evil\x1b[2J\u202e"))
    assert found.traits["server"] == said.facts["server"] == "evil [2J\\u202e"


@given(st.binary(max_size=200))
def test_garbage_never_raises(tail: bytes) -> None:
    for head in (b"", b"HTTP/1.1 200 OK\r\nUSN: a\r\nLOCATION: http://"):
        heard(head + tail)


def test_a_packet_without_a_sender_says_nothing() -> None:
    assert list(DISCOVERER.read(Packet("p1", 0.0, "ssdp", answer()))) == []


async def test_a_device_without_multicast_is_searched_by_unicast() -> None:
    limits = Limits(packets_per_second=1e6, host_connections_per_second=1e6)

    async def brief(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))

    packets: list[Packet] = []
    asked: list[bytes] = []

    def device(data: bytes, reply: Reply) -> None:
        asked.append(data)
        reply(answer("http://127.20.0.9:80/d.xml"))

    governor = Governor(limits, time.monotonic, brief)
    scope = Scope((ip_network("127.20.0.0/24"),), impact=Impact.GREET)
    async with (
        serve_udp(device, "127.20.0.9", 1900),
        Air(scope, Settings(limits=limits), governor, packets.append, ()) as air,
    ):
        await DISCOVERER.solicit(air, [ip_address("127.20.0.0") + i for i in range(256)])
        assert any("can do multicast" in note for note in air.blind)
    assert asked == [ssdp.search(ssdp.ALL, "127.20.0.9:1900", 1)]
    (packet,) = packets
    found = next(DISCOVERER.read(packet))
    assert isinstance(found, Sighting)
    assert [str(lead.endpoint) for lead in found.leads] == ["127.20.0.9:80/tcp"]


def start_router(host: Any) -> None:
    """miniupnpd, which starts only with an address that it takes for a public one."""
    host.run("ip", "link", "add", "wan0", "type", "veth", "peer", "name", "wan1")
    host.run("ip", "addr", "add", "198.51.100.7/24", "dev", "wan0")
    for end in ("wan0", "wan1"):
        host.run("ip", "link", "set", end, "up")
    conf = host.file(
        "upnpd.conf",
        "ext_ifname=wan0\next_ip=1.2.3.4\nlistening_ip=lan0\nhttp_port=5000\nenable_upnp=yes\n"
        f"secure_mode=yes\nuuid={UUID}\n",
    )
    host.start("/usr/sbin/miniupnpd", "-d", "-f", conf)
    host.await_port(5000)


@pytest.mark.lab
def test_a_router_is_found_with_its_description_and_stack(home: Any) -> None:
    start_router(home.lan.hosts["host1"])
    found = home.discover("ssdp", patience=2.0)
    said = [s for s in found["sightings"] if s["source"] == "ssdp"]
    over_ipv4 = [s for s in said if s["addresses"] == ["10.77.0.21"]]
    assert {s["traits"]["udn"][:23] for s in over_ipv4} == {UUID[:23]}
    assert "InternetGatewayDevice" in {s["traits"].get("kind") for s in over_ipv4}
    leads = {tuple(lead) for s in over_ipv4 for lead in s["leads"]}
    assert leads == {("10.77.0.21:5000/tcp", "upnp", "/rootDesc.xml")}
    stacks = {o["facts"].get("server", "") for o in found["observations"]}
    assert any("MiniUPnPd" in stack for stack in stacks)
    assert found["stopped"] == []
