"""The probes of echo and chargen: recognised by their answer, measured where it can be abused."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from iotscan.model import Channel, Endpoint, Service, Transcript, Transport, Turn
from iotscan.plugins import probes
from iotscan.probe_api import Probe
from iotscan.protocols.simple_services import PHRASE

PROBES = {probe.name: probe for probe in probes()}
RING = bytes(range(0x20, 0x68))


def recognised(name: str, transport: Transport, asked: bytes, heard: bytes) -> Transcript:
    endpoint = Endpoint(ip_address("127.9.0.5"), transport, 7)
    turns = [Turn("client", 0.0, asked)] if asked else []
    turns += [Turn("server", 0.1, heard[:40]), Turn("server", 0.2, heard[40:])]
    service = Service(endpoint, name)
    return Transcript("c1", service, "recognise", 0.0, tuple(turns), (Channel(endpoint),))


@pytest.mark.parametrize(
    ("name", "asked", "heard"), [("echo", PHRASE, PHRASE), ("chargen", b"\r\n", RING + b"\r\n")]
)
def test_an_answer_by_datagram_is_measured(name: str, asked: bytes, heard: bytes) -> None:
    probe: Probe = PROBES[name]
    assert probe.recognises(heard)
    (seen,) = probe.read(recognised(name, "udp", asked, heard))
    assert seen.facts == {
        "service": name,
        "transport": "udp",
        "request_bytes": len(asked),
        "response_bytes": len(heard),
        "ratio": round(len(heard) / len(asked), 2),
    }


def test_a_connection_is_not_measured() -> None:
    (seen,) = PROBES["chargen"].read(recognised("chargen", "tcp", b"", RING + b"\r\n"))
    assert seen.facts == {"service": "chargen", "transport": "tcp"}


@pytest.mark.parametrize("name", ["echo", "chargen"])
def test_other_answers_and_other_peoples_talk_prove_nothing(name: str) -> None:
    probe = PROBES[name]
    assert not probe.recognises(b"login: ")
    assert list(probe.read(recognised(name, "udp", PHRASE, b"login: "))) == []
    heard = PHRASE if name == "echo" else RING + b"\r\n"
    talk = recognised(name, "udp", PHRASE, heard)
    assert list(probe.read(talk)) != []
    assert list(probe.read(replace(talk, client=talk.service.endpoint))) == []


def test_what_greets_with_the_phrase_unasked_is_no_echo() -> None:
    assert list(PROBES["echo"].read(recognised("echo", "tcp", b"", PHRASE))) == []
