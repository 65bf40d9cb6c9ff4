"""The probe of AirPlay: receivers of both dialects, servers that are none, sessions of others."""

from __future__ import annotations

import plistlib
from ipaddress import ip_address

import pytest

from iotscan.model import Ending, Endpoint, Fact, Service, Transcript
from iotscan.plugins import probes
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step, captured

PROBE = next(probe for probe in probes() if probe.name == "airplay")
HTTP = next(probe for probe in probes() if probe.name == "http")
RTSP = next(probe for probe in probes() if probe.name == "rtsp")
SERVICE = Service(Endpoint(ip_address("127.9.0.3"), "tcp", 7000), "airplay")
INFO = {"deviceID": "AA:BB:CC:DD:EE:FF", "features": 7, "model": "AppleTV6,2", "name": "Den"}


def answer(flags: int, dialect: str = "RTSP/1.0", binary: bool = True) -> bytes:
    form = plistlib.FMT_BINARY if binary else plistlib.FMT_XML
    body = plistlib.dumps(INFO | {"statusFlags": flags}, fmt=form)
    head = (
        f"{dialect} 200 OK\r\nServer: AirTunes/366.0\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-apple-binary-plist\r\nCSeq: 0\r\n\r\n"
    )
    return head.encode() + body


def is_question(data: bytes) -> bool:
    return data.startswith(b"GET /info RTSP/1.0\r\n") and data.endswith(b"\r\n\r\n")


async def met(*steps: Step) -> tuple[Transcript, list[dict[str, Fact]]]:
    talk = await FakeNetwork(SERVICE, [[Hears(is_question), *steps]]).play(PROBE)
    return talk, [dict(seen.facts) for seen in PROBE.read(talk)]


@pytest.mark.parametrize("dialect", ["RTSP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize("binary", [True, False])
async def test_a_receiver_tells_who_may_play(dialect: str, binary: bool) -> None:
    data = answer(0x4, dialect, binary)
    talk, (facts,) = await met(Says(data[:70]), Says(data[70:]))
    assert talk.ending is Ending.COMPLETE
    assert (facts["open"], facts["model"], facts["via"]) == (True, "AppleTV6,2", "its description")
    _, (facts,) = await met(Says(answer(0x204, dialect, binary)))
    assert (facts["open"], facts["pairing"]) == (False, True)


@pytest.mark.parametrize(
    ("steps", "ending"),
    [
        ([Says(b"RTSP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")], Ending.COMPLETE),
        ([Says(answer(4)[:200]), Closes()], Ending.CLOSED),
        ([Closes()], Ending.CLOSED),
        ([Says(b"220 mail ESMTP\r\n")], Ending.WRONG_PROTOCOL),
        ([Says(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 80_000)], Ending.WRONG_PROTOCOL),
    ],
)
async def test_without_a_description_nothing_is_claimed(steps: list[Step], ending: Ending) -> None:
    talk, facts = await met(*steps)
    assert talk.ending is ending
    assert facts == []


def test_receivers_are_recognised_and_other_servers_left_to_their_probes() -> None:
    assert PROBE.recognises(answer(4))
    assert PROBE.recognises(answer(4)[:150])
    assert PROBE.recognises(b"RTSP/1.0 403 Forbidden\r\nServer: AirTunes/220.68\r\n\r\n")
    web = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n"
    camera = b"RTSP/1.0 405 Method Not Allowed\r\nCSeq: 0\r\n\r\n"
    for other, owner in ((web, HTTP), (camera, RTSP)):
        assert not PROBE.recognises(other)
        assert owner.recognises(other)
    assert not PROBE.recognises(b"")


def test_other_web_servers_are_not_asked_in_its_dialect() -> None:
    """Port 5000 is a router's or a storage's more often than a player's, and some of those say
    nothing to RTSP.
    """
    ports = {port for opening in PROBE.openings for port in opening.ports}
    assert ports == {7000, 7100}


def test_a_description_that_others_asked_for_is_read() -> None:
    asked = b"GET /info RTSP/1.0\r\nX-Apple-ProtocolVersion: 1\r\nCSeq: 0\r\n\r\n"
    (seen,) = PROBE.read(captured([("client", asked), ("server", answer(0x84))], 51_000))
    assert seen.facts["password"] is True
    assert seen.facts["peer"] == "192.0.2.7"
    assert seen.proofs[0].turns == (0, 1)


@pytest.mark.parametrize("path", ["/information", "/config", "/"])
def test_other_questions_of_others_are_passed_over(path: str) -> None:
    asked = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    talk = captured([("client", asked), ("server", answer(4, "HTTP/1.1"))], 80)
    assert list(PROBE.read(talk)) == []
