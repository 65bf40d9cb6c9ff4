"""What a router's answers add up to: readable, refused, or not known."""

from __future__ import annotations

import pytest

from iotscan.protocols.http.codec import Request, Response
from iotscan.protocols.upnp.igd import (
    GET_ADDRESS,
    GET_MAPPING,
    PortMapping,
    WanReading,
    called,
)

_ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'


def reply(action: str, **values: str) -> Response:
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in values.items())
    body = f'<u:{action}Response xmlns:u="urn:x">{inside}</u:{action}Response>'
    return Response(200, "OK", (), _ENVELOPE.format(body).encode())


def fault(code: int) -> Response:
    body = (
        "<s:Fault><detail><UPnPError><errorCode>"
        f"{code}</errorCode><errorDescription>x</errorDescription></UPnPError></detail></s:Fault>"
    )
    return Response(500, "Error", (), _ENVELOPE.format(body).encode())


ENTRY = reply(
    GET_MAPPING,
    NewRemoteHost="",
    NewExternalPort="8080",
    NewProtocol="TCP",
    NewInternalPort="80",
    NewInternalClient="192.168.1.50",
    NewEnabled="1",
    NewPortMappingDescription="camera",
    NewLeaseDuration="0",
)


def test_a_listing_to_its_end_is_readable_and_complete() -> None:
    wan = WanReading()
    assert wan.take(GET_MAPPING, ENTRY)
    assert not wan.take(GET_MAPPING, fault(713))
    assert wan.mappings == [PortMapping(8080, "tcp", "192.168.1.50", 80, True, 0, "camera")]
    assert (wan.readable, wan.complete, wan.not_authorised) == (True, True, False)


def test_an_empty_list_is_readable() -> None:
    wan = WanReading()
    assert not wan.take(GET_MAPPING, fault(713))
    assert (wan.readable, wan.complete, wan.mappings) == (True, True, [])


@pytest.mark.parametrize("refusal", [fault(606), fault(401), Response(401, "no", (), b"")])
def test_a_refusal_is_told_from_an_error(refusal: Response) -> None:
    wan = WanReading()
    assert not wan.take(GET_MAPPING, refusal)
    assert (wan.readable, wan.not_authorised) == (False, True)


@pytest.mark.parametrize("error", [fault(501), Response(404, "no", (), b"<html/>")])
def test_another_error_leaves_it_unknown(error: Response) -> None:
    wan = WanReading()
    assert not wan.take(GET_MAPPING, error)
    assert wan.readable is None


def test_any_fault_after_an_entry_is_the_end() -> None:
    wan = WanReading()
    wan.take(GET_MAPPING, ENTRY)
    wan.take(GET_MAPPING, fault(402))
    assert wan.complete


@pytest.mark.parametrize(
    ("text", "told"), [("203.0.113.9", True), ("0.0.0.0", False), ("", False), ("x", False)]
)
def test_the_outside_address_is_told_if_it_is_one(text: str, told: bool) -> None:
    wan = WanReading()
    assert not wan.take(GET_ADDRESS, reply(GET_ADDRESS, NewExternalIPAddress=text))
    assert wan.external_address is told


def test_a_mapping_whose_numbers_cannot_be_read_is_left_out_and_the_list_goes_on() -> None:
    wan = WanReading()
    assert wan.take(GET_MAPPING, reply(GET_MAPPING, NewExternalPort="x", NewProtocol="TCP"))
    assert (wan.mappings, wan.readable) == ([], True)


def test_only_calls_of_wan_services_are_seen() -> None:
    kind = "urn:schemas-upnp-org:service:WANPPPConnection:1"
    request = Request("POST", "/c", (("soapaction", f'"{kind}#{GET_ADDRESS}"'.encode()),))
    assert called(request) == (kind, GET_ADDRESS)
    other = Request("POST", "/c", (("soapaction", b'"urn:x:service:AVTransport:1#Play"'),))
    assert called(other) is None
    assert called(Request("GET", "/c", request.headers)) is None
