"""Ports that are asked of a router, by UPnP, NAT-PMP and PCP."""

from __future__ import annotations

import pytest
from conversing import found, tcp, udp

OKH = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"
MAPPING = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<u:AddPortMapping xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">'
    "<NewExternalPort>80</NewExternalPort><NewProtocol>TCP</NewProtocol>"
    "<NewInternalPort>80</NewInternalPort><NewInternalClient>192.168.1.5</NewInternalClient>"
    "</u:AddPortMapping></s:Body></s:Envelope>"
)
PCP = b"\2\1\0\0\0\0\x1c\x20" + bytes(10) + b"\xff\xff\xc0\xa8\1\5" + bytes(12)
PCP += b"\6\0\0\0\0\x50\0\x50" + bytes(10) + b"\xff\xff\0\0\0\0"
WAN = "urn:schemas-upnp-org:service:WANIPConnection"


def call(service: str, action: str, body: str) -> str:
    head = f'POST /ctl HTTP/1.1\r\nHost: x\r\nSOAPAction: "{service}#{action}"\r\n'
    return f"{head}Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"


CASES: dict[str, tuple[list[bytes], str]] = {
    "natpmp map": (
        udp(
            5351,
            ("c", b"\x00\x01\x00\x00\x00P\x00P\x00\x00\x0e\x10"),
            ("s", b"\x00\x81\x00\x00\x00\x00\x00\x01\x00P\x00P\x00\x00\x0e\x10"),
        ),
        "natpmp-port-mapping-requested",
    ),
    "natpmp map unanswered": (
        udp(5351, ("c", b"\x00\x02\x00\x00\x00P\x00P\x00\x00\x0e\x10")),
        "natpmp-port-mapping-requested",
    ),
    "natpmp addr only": (
        udp(5351, ("c", b"\x00\x00"), ("s", b"\x00\x80\x00\x00\x00\x00\x00\x01\x01\x02\x03\x04")),
        "",
    ),
    "PCP map": (udp(5351, ("c", PCP)), "natpmp-port-mapping-requested"),
    "PCP announce": (
        udp(
            5351,
            ("c", b"\x02\x00\x00\x00\x00\x00\x00\x00" + bytes(10) + b"\xff\xff\xc0\xa8\x01\x05"),
        ),
        "",
    ),
    "PCP peer": (
        udp(
            5351,
            (
                "c",
                b"\x02\x02"
                + PCP[2:]
                + b"\x01\xbb\x00\x00"
                + bytes(10)
                + b"\xff\xff\x01\x02\x03\x04",
            ),
        ),
        "",
    ),
    "igd add": (
        tcp(5000, ("c", call(WAN + ":1", "AddPortMapping", MAPPING)), ("s", OKH)),
        "http-cleartext upnp-port-mapping-requested",
    ),
    "igd add any, refused": (
        tcp(
            49152,
            ("c", call(WAN + ":2", "AddAnyPortMapping", MAPPING.replace("AddP", "AddAnyP"))),
            ("s", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
        ),
        "http-cleartext upnp-port-mapping-requested",
    ),
    "igd delete": (
        tcp(49152, ("c", call(WAN + ":1", "DeletePortMapping", "ab")), ("s", OKH)),
        "http-cleartext",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
