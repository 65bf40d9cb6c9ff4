"""RTSP and SIP that others spoke, as captures show it."""

from __future__ import annotations

import base64
import importlib
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan.model import Channel, Endpoint, Observation, Service, TlsFacts, Transcript, Turn
from iotscan.probe_api import Probe
from iotscan.testing import conversations_in

RTSP: Probe = importlib.import_module("iotscan.probes.rtsp").PROBE
SIP: Probe = importlib.import_module("iotscan.probes.sip").PROBE
CAMERA = Endpoint(ip_address("192.0.2.9"), "tcp", 7447)
VIEWER = Endpoint(ip_address("192.0.2.50"), "tcp", 50_000)


def talk(*turns: tuple[str, str], tls: bool = False, turned: bool = False) -> Transcript:
    said = tuple(
        Turn("client" if (who == "client") != turned else "server", float(i), text.encode(), 0)
        for i, (who, text) in enumerate(turns)
    )
    server, client = (VIEWER, CAMERA) if turned else (CAMERA, VIEWER)
    channel = Channel(server, tls=TlsFacts("TLSv1.2") if tls else None)
    return Transcript("c1", Service(server), "capture", 0.0, said, (channel,), client=client)


def asked(method: str, number: int, *fields: str) -> tuple[str, str]:
    lines = [f"{method} rtsp://192.0.2.9:7447/a RTSP/1.0", f"CSeq: {number}", *fields, "", ""]
    return "client", "\r\n".join(lines)


def answered(number: int, status: int = 200) -> tuple[str, str]:
    return "server", f"RTSP/1.0 {status} x\r\nCSeq: {number}\r\nServer: c\r\n\r\n"


def of_kind(probe: Probe, conversation: Transcript, kind: str) -> list[Observation]:
    return [one for one in probe.read(conversation) if one.kind == kind]


WATCHED = (asked("SETUP", 1), answered(1), asked("PLAY", 2), answered(2))
BASIC = "Authorization: Basic " + base64.b64encode(b"admin:se:cret").decode()
DIGEST = 'Authorization: Digest username="eve", realm="cam", nonce="1", response="2"'


@pytest.mark.parametrize("turned", [False, True])
def test_a_stream_played_without_a_login_is_told_of_the_camera(turned: bool) -> None:
    (found,) = of_kind(RTSP, talk(*WATCHED, turned=turned), "rtsp.played")
    assert found.endpoint == CAMERA
    assert found.facts == {
        "peer": "192.0.2.50",
        "method": "PLAY",
        "path": "/a",
        "unauthenticated": True,
        "server": "c",
    }
    assert found.proofs[0].turns == (0, 2, 3)


def test_a_login_anywhere_in_the_connection_counts() -> None:
    conversation = talk(asked("DESCRIBE", 9, DIGEST), answered(9), *WATCHED)
    (found,) = of_kind(RTSP, conversation, "rtsp.played")
    assert found.facts["unauthenticated"] is False


@pytest.mark.parametrize(
    "turns",
    [
        (asked("SETUP", 1), answered(1), asked("PLAY", 2), answered(2, 401)),
        (asked("SETUP", 1), answered(1), asked("PLAY", 2)),
        (asked("SETUP", 1), answered(1), asked("PAUSE", 2), answered(2)),
    ],
)
def test_what_does_not_prove_it_is_not_told(turns: tuple[tuple[str, str], ...]) -> None:
    assert of_kind(RTSP, talk(*turns), "rtsp.played") == []


def test_without_a_set_up_the_whole_connection_must_have_been_seen() -> None:
    """A part that was not captured may have carried a login."""
    whole = talk(asked("PLAY", 2), answered(2))
    (found,) = of_kind(RTSP, whole, "rtsp.played")
    assert found.facts["unauthenticated"] is True
    assert of_kind(RTSP, replace(whole, note="starts mid-stream"), "rtsp.played") == []


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "accepted"), (401, "refused"), (500, "unknown")]
)
def test_a_basic_login_is_told_without_its_password(status: int, outcome: str) -> None:
    conversation = talk(asked("DESCRIBE", 1, BASIC), answered(1, status))
    (found,) = of_kind(RTSP, conversation, "rtsp.credentials")
    assert found.facts == {
        "peer": "192.0.2.50",
        "scheme": "basic",
        "username": "admin",
        "outcome": outcome,
        "password_seen": True,
        "cleartext": True,
    }
    assert found.proofs[0].turns == (0, 1)


def test_a_digest_login_is_told_once_and_not_as_a_password() -> None:
    conversation = talk(*(asked("DESCRIBE", n, DIGEST) for n in range(3)))
    (found,) = of_kind(RTSP, conversation, "rtsp.credentials")
    assert (found.facts["scheme"], found.facts["username"]) == ("digest", "eve")
    assert (found.facts["realm"], found.facts["password_seen"]) == ("cam", False)


def test_nothing_is_said_of_our_own_checks_in_captured_words() -> None:
    assert {one.kind for one in RTSP.read(talk(*WATCHED))} == {"rtsp.played"}


def sip(method: str, extra: str = "", status: int = 0) -> str:
    line = f"SIP/2.0 {status} x" if status else f"{method} sip:pbx SIP/2.0"
    return f"{line}\r\nCall-ID: 1@a\r\nCSeq: 2 {method}\r\n{extra}\r\n\r\n"


SIP_LOGIN = 'Authorization: Digest username="100", realm="pbx", nonce="n", response="r"'


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "accepted"), (401, "refused"), (486, "unknown"), (0, "unknown")]
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_sip_login_is_booked_on_who_was_asked(status: int, outcome: str, turned: bool) -> None:
    turns = [("client", sip("REGISTER", SIP_LOGIN))]
    turns += [("server", sip("REGISTER", status=status))] if status else []
    (found,) = SIP.read(talk(*turns, turned=turned))
    assert found.endpoint == CAMERA
    assert found.facts == {
        "peer": "192.0.2.50",
        "method": "REGISTER",
        "scheme": "digest",
        "username": "100",
        "realm": "pbx",
        "outcome": outcome,
        "cleartext": True,
    }


def test_sip_without_a_login_or_inside_tls_says_nothing() -> None:
    assert (
        list(SIP.read(talk(("client", sip("REGISTER")), ("server", sip("REGISTER", status=401)))))
        == []
    )
    assert list(SIP.read(talk(("client", sip("REGISTER", SIP_LOGIN)), tls=True))) == []


@pytest.mark.shared
def test_captures_made_by_others(shared: Path) -> None:
    """What labels.yaml says of the files with RTSP and SIP; in all others there is none."""
    told: dict[str, set[tuple[str, str, object]]] = {}
    for path in sorted((shared / "captures").rglob("*.pcap*")):
        for conversation in conversations_in(path):
            for probe in (RTSP, SIP):
                for one in probe.read(conversation):
                    found = told.setdefault(path.name, set())
                    found.add((one.kind, str(one.endpoint), one.facts.get("username")))
    assert told == {
        "vlc-sll.pcapng": {("rtsp.played", "10.2.2.2:8554/tcp", None)},
        "register-digest.pcap": {
            ("sip.agent", "None", None),
            ("sip.credentials", "212.242.33.35:5060/udp", "voi18062"),
            ("sip.credentials", "212.242.33.35:5060/udp", "voi18063"),
        },
    }
