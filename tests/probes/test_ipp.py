"""The IPP probe: a printer asked about itself, and never given a job."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from iotscan.errors import Malformed
from iotscan.model import Ending, Endpoint, Fact, Service, Transcript
from iotscan.plugins import probes
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "ipp")
SERVICE = Service(Endpoint(ip_address("127.9.0.10"), "tcp", 631), "ipp")


def attribute(tag: int, name: str, value: bytes) -> bytes:
    size = len(value).to_bytes(2, "big")
    return bytes([tag]) + len(name).to_bytes(2, "big") + name.encode() + size + value


def told(*attributes: bytes, status: int = 0, number: int = 0x696F) -> bytes:
    head = b"\x01\x01" + status.to_bytes(2, "big") + number.to_bytes(4, "big")
    body = head + b"\x01" + b"\x04" + b"".join(attributes) + b"\x03"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


MODEL = attribute(0x41, "printer-make-and-model", b"Acme \x1b[1mLamp")
PRINTS = attribute(0x23, "operations-supported", b"\0\0\0\x02")
ACCEPTS = attribute(0x22, "printer-is-accepting-jobs", b"\1")


def authentication(*schemes: bytes) -> bytes:
    names = ("uri-authentication-supported", *[""] * (len(schemes) - 1))
    return b"".join(map(attribute, [0x44] * len(schemes), names, schemes))


def facts(talk: Transcript) -> list[dict[str, Fact]]:
    return [dict(seen.facts) for seen in PROBE.read(talk)]


@pytest.mark.parametrize(
    ("schemes", "takes"),
    [
        ((b"none",), True),
        ((b"digest", b"requesting-user-name"), True),
        ((b"digest", b"certificate"), False),
    ],
)
async def test_what_it_says_of_its_authentication_tells_whether_it_takes_jobs(
    schemes: tuple[bytes, ...], takes: bool
) -> None:
    answer = told(MODEL, PRINTS, ACCEPTS, authentication(*schemes))
    script: list[Step] = [
        Hears(lambda said: said.startswith(b"POST /ipp/print ") and b"\x01\x01\x00\x0b" in said),
        Says(answer[:90]),
        Says(answer[90:]),
    ]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert facts(talk) == [
        {
            "status": 0,
            "model": "Acme [1mLamp",
            "accepting_jobs": True,
            "authentication": tuple(scheme.decode() for scheme in schemes),
            "takes_jobs": takes,
            "encrypted": False,
        }
    ]
    assert facts(replace(talk, client=SERVICE.endpoint)) == []


@pytest.mark.parametrize(
    "answer",
    [
        told(status=0x0406),
        told(PRINTS),
        told(authentication(b"none")),
    ],
    ids=["not found", "no word on authentication", "does not print"],
)
async def test_what_it_does_not_say_stays_unknown(answer: bytes) -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(), Says(answer)]]).play(PROBE)
    (found,) = facts(talk)
    assert "takes_jobs" not in found


@pytest.mark.parametrize(
    "answer",
    [
        told(number=5),
        b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/ipp\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
    ],
    ids=["another question", "a login", "a page"],
)
async def test_other_answers_prove_nothing(answer: bytes) -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(), Says(answer)]]).play(PROBE)
    assert facts(talk) == []


async def test_an_answer_that_is_no_ipp_is_called_so() -> None:
    script: list[Step] = [Hears(), Says(told()[:-1] + b"\x41"), Closes()]
    network = FakeNetwork(SERVICE, [script])
    with pytest.raises(Malformed):
        await PROBE.converse(SERVICE, network, ())
    assert facts(network.transcript("ipp")) == []


def test_only_answers_of_its_media_type_are_recognised() -> None:
    assert PROBE.recognises(told(MODEL))
    assert PROBE.recognises(told(MODEL)[:120])
    assert not PROBE.recognises(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    assert not PROBE.recognises(b"HTTP/1.1 200 OK\r\nContent-Type: appl")
