"""WS-Discovery: whom it finds, where their services are, and what is not followed."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.discovery.wsd import DISCOVERER
from iotscan.model import Endpoint, Packet, Proof, Service, Sighting
from iotscan.protocols import wsd

HERE = ip_address("192.168.1.7")
UUID = "5f5a69c2-e0ae-104f-829b-a42bb0000001"


def answer(addresses: str, types: str = "dn:NetworkVideoTransmitter", more: str = "") -> bytes:
    scopes = "onvif://www.onvif.org/name/Porch onvif://www.onvif.org/hardware/Cam1" + more
    scopes = scopes if "Network" in types else ""
    return (
        "<Envelope><Body><ProbeMatches><ProbeMatch><EndpointReference>"
        f"<Address>urn:uuid:{UUID}</Address></EndpointReference><Types>{types}</Types>"
        f"<Scopes>{scopes}</Scopes><XAddrs>{addresses}</XAddrs></ProbeMatch></ProbeMatches>"
        "</Body></Envelope>"
    ).encode()


def heard(data: bytes, source: str = "192.168.1.7") -> list[Any]:
    return list(DISCOVERER.read(Packet("p5", 0.1, "wsd", data, ip_address(source))))


def test_a_camera_leads_to_its_onvif_service() -> None:
    found, said, given_away = heard(answer("http://192.168.1.7:8899/onvif/device_service"))
    assert found == Sighting(
        "wsd",
        (HERE,),
        names=("Porch",),
        traits={"model": "Cam1", "kind": "camera", "udn": UUID},
        leads=(Service(Endpoint(HERE, "tcp", 8899), "onvif", False, "/onvif/device_service"),),
        proof=Proof("p5"),
    )
    assert said.facts["types"] == ("NetworkVideoTransmitter",)
    assert (said.facts["model"], said.facts["address_elsewhere"]) == ("Cam1", False)
    assert given_away.facts == {"via": "wsd", "serial": False, "mac": True, "uuid": True}


@pytest.mark.parametrize(
    "elsewhere",
    ["http://192.168.1.66/onvif", "http://127.0.0.1/onvif", "http://8.8.8.8/onvif"],
)
def test_a_service_on_another_host_is_told_and_not_followed(elsewhere: str) -> None:
    found, said, _ = heard(answer(elsewhere))
    assert found.leads == ()
    assert said.facts["address_elsewhere"] is True


@pytest.mark.parametrize("odd", ["", "ftp://192.168.1.7/", "http://camera.lan/x", "nonsense"])
def test_addresses_that_say_nothing_lead_nowhere(odd: str) -> None:
    found, said, _ = heard(answer(odd))
    assert found.leads == ()
    assert "address_elsewhere" not in said.facts


def test_a_printer_leads_to_a_port_and_not_to_onvif() -> None:
    found, _, _ = heard(answer("http://192.168.1.7:5357/7d0c", types="wsdp:Device"))
    assert found.leads == (Service(Endpoint(HERE, "tcp", 5357)),)
    assert "kind" not in found.traits


def test_a_question_shows_its_sender_only_and_a_farewell_nobody() -> None:
    (found,) = heard(wsd.probe(UUID))
    assert (found.addresses, found.leads, found.names) == ((HERE,), (), ())
    farewell = answer("").replace(b"ProbeMatches>", b"Bye>").replace(b"ProbeMatch>", b"x>")
    assert heard(farewell) == []


def test_what_a_proxy_says_of_others_is_not_believed() -> None:
    one = answer("http://192.168.1.7/onvif")
    start, end = one.index(b"<ProbeMatch>"), one.index(b"</ProbeMatches>")
    found = heard(one[:end] + one[start:end].replace(b"Porch", b"Other") + one[end:])
    assert [one.names for one in found if isinstance(one, Sighting)] == [("Porch",)]


@pytest.mark.parametrize("data", [b"", b"\0" * 40, b"<Envelope/>", b"M-SEARCH * HTTP/1.1\r\n\r\n"])
def test_garbage_says_nothing(data: bytes) -> None:
    assert heard(data) == []
