"""WS-Discovery messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols import wsd

UUID = "5f5a69c2-e0ae-504f-829b-001122334455"


def message(inside: str) -> bytes:
    return (
        '<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap'
        f'-envelope" xmlns:d="urn:d"><SOAP-ENV:Body>{inside}</SOAP-ENV:Body></SOAP-ENV:Envelope>'
    ).encode()


CAMERA = (
    f"<EndpointReference><Address>urn:uuid:{UUID}</Address></EndpointReference>"
    "<Types>dn:NetworkVideoTransmitter tds:Device</Types>"
    "<Scopes>onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/hardware/DS-2CD"
    " onvif://www.onvif.org/location/city/Mainz</Scopes>"
    "<XAddrs>http://192.0.2.7/onvif/device_service http://[fe80::1]/onvif/device_service</XAddrs>"
)
ANSWER = message(f"<d:ProbeMatches><d:ProbeMatch>{CAMERA}</d:ProbeMatch></d:ProbeMatches>")


def test_an_answer_tells_what_a_camera_is() -> None:
    found = wsd.parse(ANSWER)
    (match,) = found.matches
    assert (found.said, match.reference) == ("answer", f"urn:uuid:{UUID}")
    assert match.types == ("NetworkVideoTransmitter", "Device")
    assert (match.scope("name"), match.scope("hardware")) == ("Front door", "DS-2CD")
    assert (match.scope("location"), match.scope("serial")) == ("city", "")
    assert len(match.addresses) == 2
    assert match.is_onvif


@pytest.mark.parametrize(
    ("tag", "said"), [("Hello", "notice"), ("Bye", "farewell"), ("Resolve", "question")]
)
def test_other_messages_are_told_apart(tag: str, said: str) -> None:
    assert wsd.parse(message(f"<d:{tag}>{CAMERA}</d:{tag}>")).said == said


@pytest.mark.parametrize("camera", [False, True])
def test_our_probes_are_well_formed(camera: bool) -> None:
    data = wsd.probe(UUID, camera)
    assert wsd.parse(data).said == "question"
    assert f"urn:uuid:{UUID}".encode() in data
    assert (b"NetworkVideoTransmitter" in data) is camera


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<Envelope>",
        message(""),
        message("<d:ProbeMatches/>"),
        message("<d:GetUsersResponse/>"),
        ANSWER.replace(b"Envelope", b"Envelop3"),
    ],
)
def test_what_is_something_else_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        wsd.parse(data)


@given(st.integers(0, len(ANSWER)), st.binary(max_size=20))
def test_damage_is_malformed_or_harmless(cut: int, put: bytes) -> None:
    try:
        wsd.parse(ANSWER[:cut] + put + ANSWER[cut + len(put) :])
    except Malformed:
        return
