"""UPnP XML as devices write it, and XML that wants to hurt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.upnp import codec as upnp

DESCRIPTION = b"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major></specVersion>
<URLBase>http://192.168.1.1:5000/</URLBase>
<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName> Home &amp; Router </friendlyName><manufacturer>Acme</manufacturer>
<modelName>R100</modelName><modelNumber>2</modelNumber><serialNumber>A1B2</serialNumber>
<UDN>uuid:ABC-1</UDN><presentationURL>/</presentationURL>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
<SCPDURL>/L3F.xml</SCPDURL><controlURL>/ctl/L3F</controlURL></service></serviceList>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
<SCPDURL>/WANIPCn.xml</SCPDURL><controlURL>/ctl/IPConn</controlURL></service></serviceList>
</device></deviceList></device></deviceList></device></root>
\0"""
SCPD = b"""<scpd xmlns="urn:schemas-upnp-org:service-1-0"><actionList>
<action><name>AddPortMapping</name></action><action><name>GetExternalIPAddress</name></action>
<action/></actionList></scpd>"""
FAULT = b"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
<faultcode>s:Client</faultcode><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">
<errorCode>713</errorCode><errorDescription>SpecifiedArrayIndexInvalid</errorDescription>
</UPnPError></detail></s:Fault></s:Body></s:Envelope>"""
REPLY = b"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<u:GetExternalIPAddressResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">
<NewExternalIPAddress>203.0.113.9</NewExternalIPAddress>
</u:GetExternalIPAddressResponse></s:Body></s:Envelope>"""


def test_a_description_gives_its_devices_and_their_services() -> None:
    found = upnp.parse_description(DESCRIPTION)
    assert found.url_base == "http://192.168.1.1:5000/"
    assert found.root.friendly_name == "Home & Router"
    assert (found.root.manufacturer, found.root.model_name, found.root.serial) == (
        "Acme",
        "R100",
        "A1B2",
    )
    assert found.root.udn == "abc-1"
    assert [device.type.split(":")[3] for device in found.devices] == [
        "InternetGatewayDevice",
        "WANDevice",
        "WANConnectionDevice",
    ]
    assert [entry.control_url for entry in found.services()] == ["/ctl/L3F", "/ctl/IPConn"]


def test_actions_and_soap_answers_are_read() -> None:
    assert upnp.parse_scpd(SCPD) == ("AddPortMapping", "GetExternalIPAddress")
    assert upnp.parse_soap(FAULT) == upnp.Fault(713, "SpecifiedArrayIndexInvalid")
    assert upnp.parse_soap(REPLY) == upnp.Reply(
        "GetExternalIPAddress", {"NewExternalIPAddress": "203.0.113.9"}
    )


def test_a_call_is_xml_whatever_the_device_named_its_service() -> None:
    headers, body = upnp.soap_request('urn:x"><evil/>', "GetThing", {"Index": "<1>"})
    assert b"<evil/>" not in body
    called = upnp.parse_soap(body)
    assert called == upnp.Reply("GetThing", {"Index": "<1>"})
    assert dict(headers)["SOAPACTION"].endswith('#GetThing"')


BOMB = (
    b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    b'<root xmlns="urn:schemas-upnp-org:device-1-0"><device><UDN>&b;</UDN></device></root>'
)
OUTSIDE = b'<!DOCTYPE r SYSTEM "http://10.0.0.1/x.dtd"><root><device/></root>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>404</body></html>",
        b"<root><device>",
        b"<root></root>",
        b"\xff\xfe<\x00r",
        b'<?xml version="1.0" encoding="no-such"?><root><device/></root>',
        BOMB,
        OUTSIDE,
        b"<root><device>" + b"<a>" * 40 + b"</a>" * 40 + b"</device></root>",
        b"<a>" * 15000,
        b"<root><device><UDN>" + b"x" * 70_000 + b"</UDN></device></root>",
    ],
    ids=[
        "empty", "html", "cut", "no-device", "utf16", "encoding", "bomb", "dtd", "deep",
        "open-deep", "large",
    ],
)  # fmt: skip
def test_what_is_no_description_is_malformed(data: bytes) -> None:
    for parse in (upnp.parse_description, upnp.parse_scpd, upnp.parse_soap):
        with pytest.raises(Malformed):
            parse(data)


def test_devices_beyond_the_bound_are_left_out() -> None:
    inner = b"<device><deviceType>x</deviceType></device>" * 1000
    found = upnp.parse_description(
        b"<root><device><deviceList>" + inner + b"</deviceList></device></root>"
    )
    assert len(found.devices) == 32


@given(st.binary(max_size=120))
def test_garbage_is_malformed(data: bytes) -> None:
    for parse in (upnp.parse_description, upnp.parse_scpd, upnp.parse_soap):
        with pytest.raises(Malformed):
            parse(b"<" + data)
