"""The probe of Ubiquiti's discovery: how much an answer is larger, and what it gives away."""

from __future__ import annotations

import struct
from ipaddress import ip_address

from iotscan.model import Channel, Endpoint, Sender, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.makers import ubiquiti
from iotscan.testing import captured, conversation

PROBE = next(probe for probe in probes() if probe.name == "ubiquiti")
SERVICE = Service(Endpoint(ip_address("127.9.0.3"), "udp", 10001), "ubiquiti")


def field(number: int, value: bytes) -> bytes:
    return struct.pack("!BH", number, len(value)) + value


BODY = b"".join(
    (
        field(0x01, bytes.fromhex("44d9e7000213")),
        field(0x0B, b"Porch"),
        field(0x0C, b"LM5"),
        field(0x14, b"NanoStation Loco M5"),
        field(0x03, b"XM.ar7240.v5.5.9.21734.1404"),
    )
)
ANSWER = struct.pack("!BBH", 1, 0, len(BODY)) + BODY


def test_the_sample_is_an_answer() -> None:
    assert ubiquiti.parse(ANSWER).model == "NanoStation Loco M5"


def test_an_answer_is_measured_and_read() -> None:
    said: list[tuple[Sender, bytes]] = [("client", ubiquiti.ASK_V1), ("server", ANSWER)]
    talk = conversation(*said, port=10001, transport="udp")
    device, seen = PROBE.read(talk)
    assert (device.kind, device.facts["name"]) == ("lan.device", "Porch")
    assert seen.facts == {
        "version": "1",
        "request_bytes": 4,
        "response_bytes": len(ANSWER),
        "ratio": round(len(ANSWER) / 4, 2),
    }


def test_the_answer_by_which_it_was_recognised_is_enough() -> None:
    """The engine's own question and its answer: no second one is asked."""
    turns = (Turn("client", 0.0, ubiquiti.ASK_V2), Turn("server", 0.1, ANSWER))
    talk = Transcript("c1", SERVICE, "recognise", 0.0, turns, (Channel(SERVICE.endpoint),))
    assert [seen.kind for seen in PROBE.read(talk)] == ["lan.device", "ubiquiti.discovery"]
    assert not PROBE.handles(SERVICE)


def test_only_devices_that_answered_the_call_are_asked() -> None:
    assert all(opening.announced for opening in PROBE.openings)


def test_only_answers_are_recognised() -> None:
    assert PROBE.recognises(ANSWER)
    for other in (ubiquiti.ASK_V1, ubiquiti.ASK_V2, ANSWER[:40], b"\x01\x00\x00\x04none", b""):
        assert not PROBE.recognises(other)


def test_garbage_and_conversations_of_others_say_nothing() -> None:
    asked = Turn("client", 0.0, ubiquiti.ASK_V1)
    for said in (b"\x01\x00\x00\x00", b"garbage"):
        turns = (asked, Turn("server", 0.1, said))
        talk = Transcript("c1", SERVICE, "ubiquiti", 0.0, turns, (Channel(SERVICE.endpoint),))
        assert list(PROBE.read(talk)) == []
    overheard = captured([("client", ubiquiti.ASK_V1), ("server", ANSWER)], 10001, "udp")
    assert list(PROBE.read(overheard)) == []
