"""The UPnP probe: reads a router, changes nothing, follows nobody elsewhere."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed, TimedOut
from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Observation,
    Service,
    TlsFacts,
    Transcript,
    Turn,
)
from iotscan.plugins import probes
from iotscan.testing import Closes, Fails, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "upnp")
SERVICE = Service(Endpoint(ip_address("127.20.0.1"), "tcp", 5000), "upnp", hint="/root.xml")
WAN = "urn:schemas-upnp-org:service:WANIPConnection:1"


def ok(body: str, status: str = "200 OK") -> bytes:
    data = body.encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def description(scpd: str = "/wan.xml", control: str = "/ctl", extra: str = "") -> str:
    return f"""<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">{extra}<device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName>Anna's router</friendlyName><manufacturer>Acme\u202e</manufacturer>
<modelName>R100</modelName><modelNumber>7</modelNumber><serialNumber>SN4711</serialNumber>
<UDN>uuid:2f402f80-da50-11e1-9b23-001788a1b2c3</UDN>
<serviceList><service><serviceType>{WAN}</serviceType><SCPDURL>{scpd}</SCPDURL>
<controlURL>{control}</controlURL></service></serviceList></device></root>"""


SCPD = """<scpd><actionList><action><name>AddPortMapping</name></action>
<action><name>GetExternalIPAddress</name></action></actionList></scpd>"""


def soap(inside: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f"{inside}</s:Body></s:Envelope>"
    )


ADDRESS = ok(
    soap(
        f'<u:GetExternalIPAddressResponse xmlns:u="{WAN}"><NewExternalIPAddress>203.0.113.9'
        "</NewExternalIPAddress></u:GetExternalIPAddressResponse>"
    )
)
ENTRY = ok(
    soap(
        f'<u:GetGenericPortMappingEntryResponse xmlns:u="{WAN}"><NewExternalPort>8080'
        "</NewExternalPort><NewProtocol>TCP</NewProtocol><NewInternalPort>80</NewInternalPort>"
        "<NewInternalClient>192.168.1.50</NewInternalClient><NewEnabled>1</NewEnabled>"
        "<NewPortMappingDescription>cam</NewPortMappingDescription>"
        "<NewLeaseDuration>3600</NewLeaseDuration></u:GetGenericPortMappingEntryResponse>"
    )
)


def fault(code: int) -> bytes:
    return ok(
        soap(
            f"<s:Fault><detail><UPnPError><errorCode>{code}</errorCode>"
            "</UPnPError></detail></s:Fault>"
        ),
        "500 Internal Server Error",
    )


def says(data: bytes) -> list[Step]:
    return [Hears(), Says(data), Closes()]


def of_kind(talk: Transcript, kind: str) -> list[Observation]:
    return [found for found in PROBE.read(talk) if found.kind == kind]


async def router(*answers: bytes, service: Service = SERVICE) -> Transcript:
    return await FakeNetwork(service, [says(data) for data in answers]).play(PROBE)


async def test_an_open_router_is_read_whole() -> None:
    talk = await router(ok(description()), ok(SCPD), ADDRESS, ENTRY, ENTRY, fault(713))
    assert talk.ending is Ending.COMPLETE
    (igd,) = of_kind(talk, "upnp.igd")
    assert igd.facts == {
        "service": WAN,
        "add_action_described": True,
        "mappings_readable": True,
        "mappings": 2,
        "mappings_complete": True,
        "not_authorised": False,
        "external_address": True,
    }
    mapping = of_kind(talk, "upnp.mapping")[0]
    assert mapping.facts == {
        "external_port": 8080,
        "internal_client": "192.168.1.50",
        "internal_port": 80,
        "transport": "tcp",
        "enabled": True,
        "lease": 3600,
        "description": "cam",
    }
    assert [talk.turns[i].channel for i in mapping.proofs[0].turns] == [3, 3]


async def test_nothing_but_reading_is_ever_asked() -> None:
    talk = await router(ok(description()), ok(SCPD), ADDRESS, ENTRY, fault(713))
    asked = talk.said_by("client")
    assert b"AddPortMapping" not in asked
    assert b"DeletePortMapping" not in asked
    calls = {
        line.partition(b"#")[2].strip(b'"\r')
        for line in asked.split(b"\n")
        if line.startswith(b"SOAPACTION")
    }
    assert calls == {b"GetExternalIPAddress", b"GetGenericPortMappingEntry"}


async def test_the_description_says_who_it_is_with_its_text_cleaned() -> None:
    talk = await router(ok(description()), ok(SCPD), fault(606), fault(606))
    (found,) = of_kind(talk, "upnp.description")
    assert found.facts == {
        "friendly_name": "Anna's router",
        "manufacturer": "Acme\\u202e",
        "model": "R100",
        "model_number": "7",
        "device_type": "InternetGatewayDevice",
        "udn": "2f402f80-da50-11e1-9b23-001788a1b2c3",
        "serial": True,
        "services": ("WANIPConnection",),
        "encrypted": False,
    }
    (identifiers,) = of_kind(talk, "discovery.identifiers")
    assert identifiers.facts == {"via": "upnp", "serial": True, "mac": True, "uuid": True}
    (name,) = of_kind(talk, "device.name")
    assert name.facts["looks_personal"] is True


@pytest.mark.parametrize("serial", ["", "12345678", "0000-0000", "N/A", "none"])
async def test_a_placeholder_is_no_serial_number(serial: str) -> None:
    page = description().replace("SN4711", serial)
    talk = await router(ok(page), ok(SCPD), fault(606), fault(606))
    assert of_kind(talk, "upnp.description")[0].facts["serial"] is False


async def test_a_router_that_refuses_is_told_from_one_that_fails() -> None:
    refused = await router(ok(description()), ok(SCPD), fault(606), fault(606))
    facts = of_kind(refused, "upnp.igd")[0].facts
    assert (facts["mappings_readable"], facts["not_authorised"]) == (False, True)
    assert "mappings" not in facts
    failed = await router(ok(description()), ok("x", "404 Not Found"), fault(501), fault(501))
    facts = of_kind(failed, "upnp.igd")[0].facts
    assert "mappings_readable" not in facts
    assert "add_action_described" not in facts


async def test_a_list_without_end_is_cut_and_says_so() -> None:
    talk = await router(ok(description()), ok(SCPD), ADDRESS, *[ENTRY] * 16)
    facts = of_kind(talk, "upnp.igd")[0].facts
    assert (facts["mappings"], facts["mappings_complete"]) == (16, False)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.9.9/ctl",
        "//evil.example/ctl",
        "https://127.20.0.1:5000/ctl",
        "file:///etc/passwd",
        "http://127.20.0.1:5000/a\nb: c",
        "",
    ],
)
async def test_a_url_that_leads_elsewhere_is_not_followed(url: str) -> None:
    talk = await router(ok(description(scpd=url, control=url)))
    assert len(talk.channels) == 1
    facts = of_kind(talk, "upnp.igd")[0].facts
    assert facts == {"service": WAN}


async def test_a_url_base_elsewhere_is_not_followed_either() -> None:
    talk = await router(ok(description(extra="<URLBase>http://10.9.9.9/</URLBase>")))
    assert len(talk.channels) == 1


async def test_another_port_of_the_same_host_is_followed() -> None:
    page = description("http://127.20.0.1:5001/wan.xml", "http://127.20.0.1:5001/ctl")
    talk = await router(ok(page), ok(SCPD), ADDRESS, fault(713))
    assert [channel.endpoint.port for channel in talk.channels] == [5000, 5001, 5001, 5001]
    assert of_kind(talk, "upnp.igd")[0].endpoint == replace(SERVICE.endpoint, port=5001)


async def test_a_redirection_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    talk = await router(moved)
    assert len(talk.channels) == 1
    assert list(PROBE.read(talk)) == []


@pytest.mark.parametrize(
    "answer",
    [
        ok("<!DOCTYPE r [<!ENTITY a 'b'>]><root><device><UDN>&a;</UDN></device></root>"),
        ok("<root><device>" + "<a>" * 99 + "</a>" * 99 + "</device></root>"),
        ok("<root><device><UDN>" + "x" * 99_000 + "</UDN></device></root>"),
        b"SSH-2.0-dropbear\r\n",
    ],
    ids=["bomb", "deep", "large", "ssh"],
)
async def test_hostile_descriptions_are_not_believed(answer: bytes) -> None:
    network = FakeNetwork(SERVICE, [says(answer)])
    with pytest.raises(Malformed):
        await PROBE.converse(SERVICE, network, ())
    assert list(PROBE.read(network.transcript("upnp", Ending.WRONG_PROTOCOL))) == []


async def test_a_large_answer_is_not_read_to_its_end() -> None:
    step = Says(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000)
    network = FakeNetwork(SERVICE, [[Hears(), step]])
    with pytest.raises(Malformed):
        await PROBE.converse(SERVICE, network, ())
    assert len(network.transcript("upnp").said_by("server")) < 80_000


@pytest.mark.parametrize("step", [Closes(), Fails(TimedOut("read"))])
async def test_silence_says_nothing(step: Step) -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(), step]]).play(PROBE)
    assert list(PROBE.read(talk)) == []


async def test_an_encrypted_description_is_seen() -> None:
    service = replace(SERVICE, tls=True)
    page = description().replace(WAN, "urn:x:service:Other:1")
    network = FakeNetwork(service, [says(ok(page))], tls=TlsFacts("TLSv1.2"))
    assert of_kind(await network.play(PROBE), "upnp.description")[0].facts["encrypted"] is True


def test_a_captured_connection_with_several_requests_is_read_too() -> None:
    asked = b"GET /root.xml HTTP/1.1\r\nHost: r\r\n\r\nGET /wan.xml HTTP/1.1\r\nHost: r\r\n\r\n"
    turns = (Turn("client", 0.0, asked), Turn("server", 1.0, ok(description()) + ok(SCPD)))
    talk = Transcript("c1", SERVICE, "", 0.0, turns, (Channel(SERVICE.endpoint),))
    assert of_kind(talk, "upnp.igd")[0].facts["add_action_described"] is True


@given(st.binary(max_size=100))
def test_no_bytes_make_the_reader_raise(data: bytes) -> None:
    for head in (b"", b"HTTP/1.1 200 OK\r\n\r\n<root>", b"HTTP/1.1 200 OK\r\n\r\n<s:Envelope>"):
        turns = (Turn("client", 0.0, b"GET / HTTP/1.1\r\n\r\n"), Turn("server", 1.0, head + data))
        talk = Transcript("c1", SERVICE, "upnp", 0.0, turns, (Channel(SERVICE.endpoint),))
        list(PROBE.read(talk))


def test_it_joins_only_services_that_ssdp_led_to() -> None:
    assert PROBE.handles(SERVICE)
    assert not PROBE.handles(replace(SERVICE, hint=""))
    assert not PROBE.handles(replace(SERVICE, name="http"))
    assert not PROBE.recognises(ok(description()))


def add_request(action: str = "AddPortMapping") -> bytes:
    body = soap(
        f'<u:{action} xmlns:u="{WAN}"><NewExternalPort>59085</NewExternalPort>'
        "<NewProtocol>UDP</NewProtocol><NewInternalPort>59085</NewInternalPort>"
        "<NewInternalClient>192.168.0.13</NewInternalClient><NewLeaseDuration>0"
        "</NewLeaseDuration><NewPortMappingDescription>Teredo</NewPortMappingDescription>"
        f"</u:{action}>"
    ).encode()
    head = f'POST /ctl HTTP/1.1\r\nSOAPACTION: "{WAN}#{action}"\r\n'
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


ROUTER = Endpoint(ip_address("192.168.0.1"), "tcp", 5000)
PHONE = Endpoint(ip_address("192.168.0.13"), "tcp", 40_000)


def captured(*turns: Turn, server: Endpoint = ROUTER, client: Endpoint = PHONE) -> Transcript:
    channels = (Channel(server),)
    return Transcript("c1", Service(server), "capture", 0.0, turns, channels, client=client)


def asked_doors(talk: Transcript) -> list[Observation]:
    return [seen for seen in PROBE.read(talk) if seen.kind == "upnp.overheard"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(ok(""), "accepted"), (ok("", "500 Error"), "refused"), (b"", "unknown")],
)
@pytest.mark.parametrize("action", ["AddPortMapping", "AddAnyPortMapping"])
def test_a_door_that_somebody_asked_for_is_seen(action: str, answer: bytes, outcome: str) -> None:
    asked = add_request(action)
    turns = [
        Turn("client", 0, asked[:40]),
        Turn("client", 0, asked[40:]),
        Turn("server", 0, answer),
    ]
    (seen,) = asked_doors(captured(*turns))
    assert (seen.endpoint, seen.proofs[0].turns) == (ROUTER, (0, 1))
    assert seen.facts == {
        "peer": "192.168.0.13",
        "action": action,
        "outside_port": 59085,
        "inside": "192.168.0.13",
        "inside_port": 59085,
        "transport": "udp",
        "description": "Teredo",
        "lease": 0,
        "outcome": outcome,
    }


def test_a_door_is_told_once_and_booked_on_the_router_whoever_was_taken_for_it() -> None:
    turns = [Turn("server", 0, add_request())] * 2
    (seen,) = asked_doors(captured(*turns, server=PHONE, client=ROUTER))
    assert seen.endpoint == ROUTER


def test_a_description_that_names_the_action_asks_for_no_door() -> None:
    turns = [Turn("client", 0, b"GET /wan.xml HTTP/1.1\r\n\r\n"), Turn("server", 0, ok(SCPD))]
    assert asked_doors(captured(*turns)) == []


def test_reading_the_list_of_doors_asks_for_none_and_our_own_talk_is_not_overheard() -> None:
    asked = add_request("GetGenericPortMappingEntry")
    assert asked_doors(captured(Turn("client", 0, asked))) == []
    own = replace(captured(Turn("client", 0, add_request())), client=None)
    assert asked_doors(own) == []
