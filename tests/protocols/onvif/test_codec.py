"""ONVIF calls, answers and tokens."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.encodings import xmltree
from iotscan.protocols.onvif import codec as onvif


def answer(inside: str) -> bytes:
    return f'<e:Envelope xmlns:e="urn:e"><e:Body>{inside}</e:Body></e:Envelope>'.encode()


@pytest.mark.parametrize("call", onvif.CALLS.values(), ids=lambda call: call.name)
def test_every_call_is_well_formed_and_known_again(call: onvif.Call) -> None:
    headers, body = onvif.request(call, profile="a&b" if call is onvif.SNAPSHOT else "")
    inside = xmltree.child(xmltree.parse(body), "Body")
    assert inside is not None
    assert [xmltree.name(each) for each in inside] == [call.name]
    assert onvif.called(body) is call
    assert dict(headers)["Content-Type"].endswith(f'{call.name}"')
    assert call.name.startswith("Get")


def test_a_token_is_the_digest_of_the_profile_and_keeps_its_secret_apart() -> None:
    header, secret = onvif.token("ad<min", b"pa ss", "2026-11-21T10:02:03Z", b"once")
    raw = hashlib.sha1(b"once" + b"2026-11-21T10:02:03Z" + b"pa ss").digest()
    assert secret == base64.b64encode(raw)
    assert header.count(secret.decode()) == 1
    _, body = onvif.request(onvif.USERS, header)
    token = xmltree.find(xmltree.parse(body), "Header", "Security", "UsernameToken")
    assert xmltree.text(token, "Username") == "ad<min"
    assert base64.b64decode(xmltree.text(token, "Nonce")) == b"once"
    assert onvif.called(body) is onvif.USERS


def test_answers_give_what_rules_and_further_calls_need() -> None:
    device = onvif.parse(
        answer(
            "<GetDeviceInformationResponse><Manufacturer> HIK </Manufacturer><Model>DS</Model>"
            "<FirmwareVersion>5.5</FirmwareVersion><SerialNumber>1</SerialNumber>"
            "</GetDeviceInformationResponse>"
        )
    )
    assert (device.call, device.manufacturer, device.model) == ("GetDeviceInformation", "HIK", "DS")
    assert (device.firmware, device.serial) == ("5.5", "1")
    clock = onvif.parse(
        answer(
            "<GetSystemDateAndTimeResponse><SystemDateAndTime><LocalDateTime/><UTCDateTime>"
            "<Time><Hour>9</Hour><Minute>2</Minute><Second>33</Second></Time>"
            "<Date><Year>2026</Year><Month>1</Month><Day>5</Day></Date></UTCDateTime>"
            "</SystemDateAndTime></GetSystemDateAndTimeResponse>"
        )
    )
    assert clock.utc == "2026-01-05T09:02:33Z"
    profiles = onvif.parse(
        answer('<GetProfilesResponse><Profiles token="p1"/></GetProfilesResponse>')
    )
    assert profiles.profile == "p1"
    users = onvif.parse(answer("<GetUsersResponse><User/><User/></GetUsersResponse>"))
    assert users.users == 2


@pytest.mark.parametrize(
    ("words", "refused", "locked"),
    [
        ("ter:NotAuthorized Sender not authorized", True, False),
        ("wsse:FailedAuthentication", True, False),
        ("ter:NotAuthorized the account is locked", True, True),
        ("ter:ActionNotSupported", False, False),
    ],
)
def test_faults_tell_why(words: str, refused: bool, locked: bool) -> None:
    found = onvif.parse(answer(f"<Fault><Reason><Text>{words}</Text></Reason></Fault>"))
    assert (found.call, found.refused, found.locked) == ("", refused, locked)


@pytest.mark.parametrize("body", [b"", b"<html/>", answer(""), b"<Envelope/>"])
def test_what_is_no_soap_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        onvif.parse(body)


@given(st.text(max_size=80))
def test_no_text_from_a_device_breaks_a_request(text: str) -> None:
    _, body = onvif.request(onvif.SNAPSHOT, profile=re.sub(r"[^\x20-\uD7FF]", "", text) or "p")
    assert onvif.called(body) is onvif.SNAPSHOT
    xmltree.parse(body)
