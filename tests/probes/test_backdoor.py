"""Hidden entrances: known by what they say to strangers, and asked for nothing."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from iotscan.model import Channel, Endpoint, Fact, Service, Transcript, Transport, Turn
from iotscan.plugins import probes
from iotscan.testing import captured

PROBE = next(probe for probe in probes() if probe.name == "backdoor")
NAMED = {opening.name: opening for opening in PROBE.openings}
AGREES = bytes.fromhex("00000005000100000000010000")


def read(entrance: str, answer: bytes) -> list[dict[str, Fact]]:
    opening = NAMED[entrance]
    transport: Transport = opening.transport
    endpoint = Endpoint(ip_address("192.0.2.7"), transport, opening.ports[0])
    turns = (Turn("client", 0.0, opening.says), Turn("server", 0.1, answer))
    service = Service(endpoint, "backdoor")
    talk = Transcript("c1", service, "recognise", 0.0, turns, (Channel(endpoint),))
    found = list(PROBE.read(talk))
    assert all(seen.proofs[0].turns == (1,) for seen in found)
    return [dict(seen.facts) for seen in found]


@pytest.mark.parametrize(
    ("entrance", "answer", "of"),
    [
        ("sercomm", b"MMcS\xff\xff\xff\xff\0\0\0\0", "routers made by SerComm"),
        ("sercomm", b"ScMM\xff\xff\xff\xff\0\0\0\0", "routers made by SerComm"),
        ("netcore", b"\xd0\xa5Login:", "routers of Netcore and Netis"),
        ("netcore", bytes(8) + b"\xd0\xa5Login:", "routers of Netcore and Netis"),
        ("netcore", AGREES, "routers of Netcore and Netis"),
    ],
)
def test_an_entrance_is_told_with_whose_it_is(entrance: str, answer: bytes, of: str) -> None:
    assert PROBE.recognises(answer)
    assert read(entrance, answer) == [{"entrance": entrance, "of": of}]


@pytest.mark.parametrize(
    "answer",
    [
        b"Login:",
        b"\r\nLogin: ",
        b"x" * 80 + b"\xd0\xa5Login:",
        b"MMcS\xff\xff\xff\xff\0\0\0",
        b"MMcS\0\0\0\0\0\0\0\0",
        AGREES + b"\0",
        bytes(8),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_others_are_not_taken_for_one(answer: bytes) -> None:
    assert not PROBE.recognises(answer)
    assert read("netcore", answer) == []


def test_what_is_said_orders_nothing() -> None:
    """SerComm's orders begin with its mark, Netcore's with a header and a command behind it."""
    assert NAMED["sercomm"].says == b"\r\n\r\n"
    assert NAMED["netcore"].says == bytes(8)


def test_sessions_of_others_are_left_to_them() -> None:
    said = captured([("client", bytes(8)), ("server", AGREES)], 53_413, "udp")
    assert list(PROBE.read(said)) == []
