"""The probe of NAT-PMP and PCP: routers that would, routers that would not, requests of others."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from iotscan.errors import Refused, TimedOut
from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Fact,
    Sender,
    Service,
    Transcript,
    Turn,
)
from iotscan.plugins import probes
from iotscan.protocols.natpmp import ASK_ADDRESS, ASK_PCP
from iotscan.testing import Fails, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "natpmp")
SERVICE = Service(Endpoint(ip_address("127.9.0.3"), "udp", 5351), "natpmp")
ADDRESS = bytes.fromhex("0080000000000a1bcb007109")
REFUSED = bytes.fromhex("0080000200000a1b00000000")
MISMATCH = bytes.fromhex("0280000c0000000000000a1b") + bytes(12)
UNSUPPORTED = bytes.fromhex("028000010000000000000a1b") + bytes(12)
SILENCE = Fails(TimedOut("read"))


def willing(talk: Transcript) -> list[tuple[Fact, Fact]]:
    return [(seen.facts["protocol"], seen.facts["willing"]) for seen in PROBE.read(talk)]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Says(ADDRESS), Says(MISMATCH), [("NAT-PMP", True), ("PCP", True)]),
        (Says(ADDRESS), SILENCE, [("NAT-PMP", True)]),
        (Says(REFUSED), SILENCE, [("NAT-PMP", False)]),
        (Says(UNSUPPORTED), Says(MISMATCH), [("PCP", False), ("PCP", True)]),
    ],
)
async def test_answers_tell_who_would_open_a_door(
    first: Step, second: Step, expected: list[tuple[str, bool]]
) -> None:
    script: list[Step] = [Hears(ASK_ADDRESS), first, Hears(ASK_PCP), second]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert willing(talk) == expected


@pytest.mark.parametrize(
    ("step", "ending"),
    [(SILENCE, Ending.TIMEOUT), (Fails(Refused("no such port")), Ending.REFUSED)],
)
async def test_silence_and_refusal_prove_nothing(step: Step, ending: Ending) -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(), step]]).play(PROBE)
    assert talk.ending is ending
    assert willing(talk) == []


def test_only_answers_are_recognised() -> None:
    assert PROBE.recognises(ADDRESS)
    assert PROBE.recognises(UNSUPPORTED)
    assert not PROBE.recognises(ASK_ADDRESS)
    assert not PROBE.recognises(b"\x00\x80 something else")


DOOR = bytes.fromhex("000200000050" + "1f90" + "00000e10")
CLOSE = bytes.fromhex("000200000050" + "0000" + "00000000")
ROUTER, PHONE = ("192.168.7.1", 5351), ("192.168.7.3", 40_000)


def captured(
    *said: tuple[Sender, bytes],
    server: tuple[str, int] = ROUTER,
    client: tuple[str, int] = PHONE,
) -> Transcript:
    ends = [Endpoint(ip_address(host), "udp", port) for host, port in (client, server)]
    turns = tuple(Turn(who, 0.0, data) for who, data in said)
    service = Service(ends[1])
    channels = (Channel(ends[1]),)
    return Transcript("c1", service, "capture", 0.0, turns, channels, client=ends[0])


def test_doors_that_others_ask_for_are_seen_once_each() -> None:
    talk = captured(("client", DOOR), ("client", DOOR), ("server", ADDRESS), ("client", CLOSE))
    opened, closed = PROBE.read(talk)
    assert str(opened.endpoint) == "192.168.7.1:5351/udp"
    assert opened.proofs[0].turns == (0,)
    assert opened.facts == {
        "peer": "192.168.7.3",
        "protocol": "NAT-PMP",
        "transport": "tcp",
        "inside_port": 80,
        "outside_port": 8080,
        "lifetime": 3600,
        "closes": False,
    }
    assert (closed.facts["closes"], closed.proofs[0].turns) == (True, (3,))


def test_the_router_is_known_by_its_port_whoever_was_taken_for_it() -> None:
    talk = captured(("server", DOOR), server=PHONE, client=ROUTER)
    (seen,) = PROBE.read(talk)
    assert str(seen.endpoint) == "192.168.7.1:5351/udp"


@pytest.mark.parametrize(
    "talk",
    [
        captured(("client", DOOR), server=("192.168.7.1", 9000)),
        captured(("server", DOOR)),
        captured(("client", ASK_ADDRESS), ("server", ADDRESS)),
        captured(("client", ASK_PCP), ("server", MISMATCH)),
    ],
    ids=["another port", "the router asks", "the address", "an announcement"],
)
def test_what_asks_the_router_for_no_door_is_passed_over(talk: Transcript) -> None:
    assert list(PROBE.read(talk)) == []
