"""HTTP that others spoke, as captures show it."""

from __future__ import annotations

import importlib
from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan.model import (
    Channel,
    Endpoint,
    Observation,
    Sender,
    Service,
    TlsFacts,
    Transcript,
    Turn,
)
from iotscan.probe_api import Probe
from iotscan.testing import captured as capture
from iotscan.testing import conversations_in

PROBE: Probe = importlib.import_module("iotscan.probes.http").PROBE
GET = b"GET /private HTTP/1.1\r\nHost: cam\r\nUser-Agent: browser\r\n"
OK = b"HTTP/1.1 200 OK\r\nServer: mini\r\nContent-Length: 2\r\n\r\nok"


def talk(*turns: tuple[str, bytes], tls: TlsFacts | None = None) -> Transcript:
    endpoint = Endpoint(ip_address("192.0.2.9"), "tcp", 8080)
    said = tuple(
        Turn("client" if who == "client" else "server", float(i), data, frame=i + 1)
        for i, (who, data) in enumerate(turns)
    )
    return Transcript("c1", Service(endpoint), "capture", 0.0, said, (Channel(endpoint, tls=tls),))


def of_kind(conversation: Transcript, kind: str) -> list[Observation]:
    return [one for one in PROBE.read(conversation) if one.kind == kind]


def test_overheard_http_is_told_once_with_the_first_answer_as_proof() -> None:
    asked = GET + b"\r\n"
    conversation = talk(("client", asked), ("server", OK), ("client", asked), ("server", OK))
    (found,) = of_kind(conversation, "http.exchange")
    assert found.facts["cleartext"] is True
    assert (found.facts["exchanges"], found.facts["server"]) == (2, "mini")
    assert (found.facts["user_agent"], found.facts["host"]) == ("browser", "cam")
    assert found.proofs[0].turns == (1,)
    assert of_kind(conversation, "http.service") == []
    assert of_kind(conversation, "http.response") == []


def test_inside_tls_it_is_not_in_clear() -> None:
    conversation = talk(("client", GET + b"\r\n"), ("server", OK), tls=TlsFacts("TLSv1.3"))
    (found,) = of_kind(conversation, "http.exchange")
    assert found.facts["cleartext"] is False


def test_a_login_seen_again_and_again_is_told_once() -> None:
    asked = GET + b"Authorization: Basic YTpi\r\n\r\n"
    conversation = talk(("client", asked), ("server", OK), ("client", asked), ("server", OK))
    (found,) = of_kind(conversation, "http.credentials")
    assert (found.facts["username"], found.facts["outcome"]) == ("a", "accepted")
    assert found.proofs[0].turns == (0, 1)


def test_personal_data_that_a_client_sends_is_told_by_kind() -> None:
    body = b'{"lat": 47.12345, "lon": 8.54321, "mail": "jo@gmx.de"}'
    head = b"POST /report HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
    asked = head + str(len(body)).encode() + b"\r\n\r\n" + body
    conversation = talk(("client", asked), ("server", OK), ("client", asked), ("server", OK))
    found = of_kind(conversation, "http.personal")
    assert [one.facts["kind"] for one in found] == ["e-mail address", "place"]
    assert (found[0].facts["path"], found[0].facts["cleartext"]) == ("/report", True)
    assert found[0].proofs[0].turns == (0, 1)
    assert "gmx" not in repr(found)


def test_a_picture_that_is_handed_over_is_personal_one_that_is_shown_is_not() -> None:
    picture = b"\xff\xd8\xff\xe0" + bytes(3000)
    put = b"PUT /up HTTP/1.1\r\nContent-Type: image/jpeg\r\nContent-Length: 3004\r\n\r\n"
    (found,) = of_kind(talk(("client", put + picture), ("server", OK)), "http.personal")
    assert found.facts["kind"] == "picture"
    page = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 3004\r\n\r\n"
    shown = talk(("client", GET + b"\r\n"), ("server", page + picture))
    contact = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\njo@gmx.de"
    assert of_kind(shown, "http.personal") == []
    assert of_kind(talk(("client", GET + b"\r\n"), ("server", contact)), "http.personal") == []


def test_a_form_that_is_only_shown_is_no_login() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<form><input type=password>"
    assert of_kind(talk(("client", GET + b"\r\n"), ("server", page)), "http.credentials") == []


# What ../shared/captures/labels.yaml says of these files, which others made: the port's cleartext
# answer and each login, as (scheme, user name, outcome).
SHARED_CAPTURES: dict[str, tuple[int, list[tuple[object, ...]]]] = {
    "http/basic-auth-colon.pcap": (1, [("basic", "test", "accepted")]),
    "http/basic-auth-rejected.pcap": (1, [("basic", "test", "refused")]),
    "http/digest-iis.pcap": (1, [("digest", "Susan", "accepted")]),
    "http/form-dvwa.pcapng": (1, [("form", "admin", "unclear")]),
    "http/weather-station-get-password.pcapng": (1, [("query", "KGAOAKWO2", "unclear")]),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(SHARED_CAPTURES))
def test_captures_made_by_others(name: str, shared: Path) -> None:
    servers: set[object] = set()
    logins: list[tuple[object, ...]] = []
    for conversation in conversations_in(shared / "captures" / name):
        if of_kind(conversation, "http.exchange"):
            servers.add(conversation.service.endpoint)
        logins += [
            tuple(one.facts.get(word) for word in ("scheme", "username", "outcome"))
            for one in of_kind(conversation, "http.credentials")
        ]
    assert (len(servers), logins) == SHARED_CAPTURES[name]


@pytest.mark.shared
def test_a_firmware_download_that_others_captured(shared: Path) -> None:
    found = [
        one
        for conversation in conversations_in(shared / "captures" / "iot" / "dlink-dchg020-hub.pcap")
        for one in of_kind(conversation, "http.firmware")
    ]
    assert [(one.facts["format"], one.facts["bytes"]) for one in found] == [("elf", 253504)]


ROKU = (
    b"<device-info><model-name>Roku Ultra</model-name><ecp-setting-mode>enabled</ecp-setting-mode>"
)
ASKED = b"GET /query/device-info HTTP/1.1\r\nHost: tv\r\nUser-Agent: phone\r\n"


def player(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nServer: Roku/14.1\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


def captured(*said: tuple[Sender, bytes]) -> list[Observation]:
    return [one for one in PROBE.read(capture(said, 8060)) if one.kind == "http.known"]


def test_a_control_interface_that_answers_others_without_a_login_is_told_once() -> None:
    twice: tuple[tuple[Sender, bytes], ...] = (
        ("client", ASKED + b"\r\n"),
        ("server", player(ROKU)),
    ) * 2
    (found,) = captured(*twice)
    assert (found.facts["id"], found.facts["open"]) == ("roku-ecp", True)
    assert (found.facts["model"], found.proofs[0].turns) == ("Roku Ultra", (0, 1))


@pytest.mark.parametrize(
    "asked",
    [
        ASKED + b"Authorization: Basic YTpi\r\n\r\n",
        ASKED + b"Cookie: SESSION=1\r\n\r\n",
        ASKED.replace(b"GET", b"POST") + b"Content-Length: 0\r\n\r\n",
        ASKED.replace(b"/query/device-info", b"/query/apps") + b"\r\n",
    ],
)
def test_what_others_get_with_a_login_or_elsewhere_proves_nothing(asked: bytes) -> None:
    assert captured(("client", asked), ("server", player(ROKU))) == []


def test_an_answer_that_is_of_no_known_product_is_passed_over() -> None:
    assert captured(("client", ASKED + b"\r\n"), ("server", player(b"<html>no</html>"))) == []


HNAP = (
    b'<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    b'<soap:Body><GetDeviceSettingsResponse xmlns="http://purenetworks.com/HNAP1/">'
    b"<GetDeviceSettingsResult>OK</GetDeviceSettingsResult><DeviceName>hall</DeviceName>"
    b"<VendorName>Lampco</VendorName><ModelName>L-1</ModelName>"
    b"<FirmwareVersion>1.22</FirmwareVersion></GetDeviceSettingsResponse></soap:Body>"
    b"</soap:Envelope>"
)
HNAP_ASKED = b"POST /HNAP1/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx"


def settings(body: bytes, status: bytes = b"200 OK") -> list[Observation]:
    answer = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
    conversation = capture([("client", HNAP_ASKED), ("server", answer)] * 2, 80)
    return of_kind(conversation, "http.settings")


def test_what_a_device_tells_the_app_that_sets_it_up_is_told_once() -> None:
    (found,) = settings(HNAP)
    assert found.facts == {"vendor": "Lampco", "model": "L-1", "firmware": "1.22", "name": "hall"}
    assert found.proofs[0].turns == (0, 1)
    (found,) = settings(HNAP.replace(b"<ModelName>L-1</ModelName>", b""))
    assert "model" not in found.facts


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (HNAP.replace(b">OK<", b">ERROR<"), b"200 OK"),
        (HNAP, b"401 Unauthorized"),
        (HNAP[:-20], b"200 OK"),
        (HNAP.replace(b"purenetworks", b"example"), b"200 OK"),
        (HNAP.replace(b"GetDeviceSettingsResponse", b"LoginResponse"), b"200 OK"),
    ],
    ids=["error", "refused", "cut", "of another protocol", "another answer"],
)
def test_other_answers_to_setup_apps_tell_nothing(body: bytes, status: bytes) -> None:
    assert settings(body, status) == []


def test_a_scan_with_this_tool_that_others_captured_is_overheard_like_anybody_s() -> None:
    """A client that calls itself like our own must not hide what it said."""
    asked = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: iotscan\r\nAuthorization: Basic YTpi\r\n\r\n"
    answered = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    talk = capture([("client", asked), ("server", answered)], 80)
    found = {seen.kind: seen.facts for seen in PROBE.read(talk)}
    assert found["http.exchange"]["cleartext"] is True
    assert (found["http.credentials"]["scheme"], found["http.credentials"]["outcome"]) == (
        "basic",
        "accepted",
    )
