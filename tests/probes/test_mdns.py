"""The unicast mDNS probe against scripts and hostile bytes."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Refused, TimedOut
from iotscan.model import Channel, Ending, Endpoint, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.dns import codec as dns
from iotscan.testing import Fails, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "mdns")
SERVICE = Service(Endpoint(ip_address("127.20.0.3"), "udp", 5353), "mdns")


def answer(*types: str, identity: int = 0x6975) -> bytes:
    """A legacy unicast answer that lists service types, with the question repeated."""
    name = b"\x09_services\x07_dns-sd\x04_udp\x05local\x00"
    data = identity.to_bytes(2, "big") + b"\x84\x00\x00\x01"
    data += len(types).to_bytes(2, "big") + bytes(4) + name + b"\x00\x0c\x00\x01"
    for kind in types:
        label, transport = kind.split(".")
        target = bytes([len(label)]) + label.encode() + bytes([len(transport)]) + transport.encode()
        target += b"\xc0\x23"  # "local" in the first name
        data += (
            b"\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x0a" + len(target).to_bytes(2, "big") + target
        )
    return data


async def test_the_types_are_counted_and_the_ratio_measured() -> None:
    data = answer("_hap._tcp", "_http._tcp")
    network = FakeNetwork(SERVICE, [[Hears(), Says(data), Fails(TimedOut("read"))]])
    talk = await network.play(PROBE)
    assert talk.ending is Ending.COMPLETE
    (found,) = PROBE.read(talk)
    asked = len(talk.said_by("client"))
    assert found.facts == {
        "answered": True,
        "request_bytes": asked,
        "response_bytes": len(data),
        "responses": 1,
        "ratio": round(len(data) / asked, 2),
        "service_types": 2,
    }


async def test_it_asks_once_for_the_service_types() -> None:
    network = FakeNetwork(SERVICE, [[Hears(), Says(answer()), Fails(TimedOut("read"))]])
    talk = await network.play(PROBE)
    (sent,) = [turn.data for turn in talk.turns if turn.sender == "client"]
    message = dns.parse(sent)
    assert message.questions == (dns.Question(dns.BROWSE, "PTR", unicast=True),)
    assert message.id != 0


@pytest.mark.parametrize(
    ("step", "ending"),
    [
        (Fails(TimedOut("read")), Ending.TIMEOUT),
        (Fails(Refused("no such port")), Ending.REFUSED),
    ],
)
async def test_silence_and_refusal_prove_nothing(step: Fails, ending: Ending) -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(), step]]).play(PROBE)
    assert talk.ending is ending
    assert list(PROBE.read(talk)) == []


async def test_an_endless_answerer_is_left_after_a_bound() -> None:
    script: list[Step] = [Hears(), *[Says(answer("_hap._tcp"))] * 100]
    (found,) = PROBE.read(await FakeNetwork(SERVICE, [script]).play(PROBE))
    assert found.facts["responses"] == 32
    assert found.facts["service_types"] == 1


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_bytes_of_other_protocols_yield_nothing(answers: list[bytes]) -> None:
    turns = [Turn("client", 0.0, b"?")] + [Turn("server", 1.0, data) for data in answers]
    talk = Transcript("c1", SERVICE, "mdns", 0.0, tuple(turns), (Channel(SERVICE.endpoint),))
    assert list(PROBE.read(talk)) == []


def test_a_dns_server_is_not_taken_for_mdns() -> None:
    assert PROBE.recognises(answer("_hap._tcp"))
    elsewhere = answer("_hap._tcp").replace(b"\x05local", b"\x05world")
    assert not PROBE.recognises(elsewhere)
    assert not PROBE.recognises(PROBE.openings[0].says)
