"""SSDP as devices send it, and addresses that must not be followed."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.http import codec as http
from iotscan.protocols.upnp import ssdp

ANSWER = (
    b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\n"
    b"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
    b"USN: uuid:0A1B2C3D-1111-2222-3333-001122334455::urn:schemas-upnp-org:device:"
    b"InternetGatewayDevice:1\r\nEXT:\r\nSERVER: OpenWRT/21.02 UPnP/1.1 MiniUPnPd/2.3.1\r\n"
    b"LOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n\r\n"
)
NOTICE = (
    b"NOTIFY * HTTP/1.1\r\nHost:239.255.255.250:1900\r\nNT:upnp:rootdevice\r\n"
    b"NTS:ssdp:alive\r\nLocation: http://192.168.1.9:1400/d.xml\r\n"
    b"USN:uuid:RINCON_B8E937::upnp:rootdevice\r\n"
)


def test_an_answer_gives_its_fields() -> None:
    said = ssdp.parse(ANSWER)
    assert said.said == "answer"
    assert said.kind == "InternetGatewayDevice"
    assert said.udn == "0a1b2c3d-1111-2222-3333-001122334455"
    assert said.server == "OpenWRT/21.02 UPnP/1.1 MiniUPnPd/2.3.1"
    assert said.location == "http://192.168.1.1:5000/rootDesc.xml"


def test_a_notice_without_a_last_empty_line_is_read() -> None:
    said = ssdp.parse(NOTICE)
    assert (said.said, said.target, said.kind) == ("notice", "upnp:rootdevice", "")
    assert said.udn == "rincon_b8e937"
    assert not said.farewell
    assert ssdp.parse(NOTICE.replace(b"alive", b"byebye")).farewell


def test_our_own_search_reads_back_and_is_a_valid_request() -> None:
    data = ssdp.search(ssdp.ALL, "239.255.255.250:1900", 2)
    assert ssdp.parse(data) == ssdp.Announcement("search", ssdp.ALL)
    request = http.parse_request(data)
    assert request is not None
    assert request.header("man") == '"ssdp:discover"'
    assert request.header("mx") == "2"
    assert b"MX" not in ssdp.search(ssdp.ALL, "10.0.0.1:1900", 0)


def test_a_search_cannot_be_broken_out_of() -> None:
    with pytest.raises(Malformed):
        ssdp.search("x\r\nY: z", "10.0.0.1:1900")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nST: x\r\n\r\n",
        b"NOTIFY * HTTP/1.1\r\nNT: x\r\n\r\n",
        b"\x00\x00\x84\x00",
    ],
    ids=["empty", "web-server", "error", "no-nts", "mdns"],
)
def test_what_is_not_ssdp_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        ssdp.parse(data)


@given(st.binary(max_size=200))
def test_garbage_after_a_first_line_is_read_or_malformed(tail: bytes) -> None:
    for head in (b"HTTP/1.1 200 OK\r\nST: a\r\n", b"NOTIFY * HTTP/1.1\r\n", b"M-SEARCH *\r\n", b""):
        try:
            said = ssdp.parse(head + tail)
            ssdp.parse_url(said.location)
        except Malformed:
            continue


def test_a_url_gives_where_to_ask() -> None:
    found = ssdp.parse_url("http://192.168.1.1:5000/root.xml?a=b#c")
    assert found == ssdp.Url(ip_address("192.168.1.1"), 5000, "/root.xml?a=b", False)
    assert ssdp.parse_url("https://[fe80::1%25eth0]") == ssdp.Url(
        ip_address("fe80::1"), 443, "/", True
    )
    assert ssdp.parse_url("http://router.lan/x").host is None


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://192.168.1.1/x",
        "//192.168.1.1/x",
        "http://",
        "http://192.168.1.1:0/",
        "http://192.168.1.1:99999/",
        "http://192.168.1.1:5a/",
        "http://192.168.1.1@10.0.0.1/",
        "http://192.168.1.1/a b",
        "http://192.168.1.1/a\r\nX: y",
        "http://[::1",
    ],
)
def test_urls_that_lead_astray_are_malformed(url: str) -> None:
    with pytest.raises(Malformed):
        ssdp.parse_url(url)
