"""SSDP: what answers and notices say, where they may lead, and what is asked."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.discovery.ssdp import DISCOVERER
from iotscan.model import Endpoint, Packet, Proof, Service, Sighting
from iotscan.protocols import ssdp

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
