"""The unicast SSDP probe against scripts, a responder on loopback and hostile bytes."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Refused, TimedOut
from iotscan.model import Channel, Ending, Endpoint, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.upnp import ssdp
from iotscan.testing import Fails, FakeNetwork, Hears, Says

PROBE = next(probe for probe in probes() if probe.name == "ssdp")
SERVICE = Service(Endpoint(ip_address("127.20.0.3"), "udp", 1900), "ssdp")
ANSWER = (
    b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\n"
    b"SERVER: Linux UPnP/1.0\r\nLOCATION: http://127.20.0.3:80/d.xml\r\n\r\n"
)


async def test_the_ratio_is_bytes_answered_per_byte_asked() -> None:
    network = FakeNetwork(SERVICE, [[Hears(), Says(ANSWER), Says(ANSWER), Fails(TimedOut("read"))]])
    talk = await network.play(PROBE)
    assert talk.ending is Ending.COMPLETE
    (found,) = PROBE.read(talk)
    asked = len(ssdp.search(ssdp.ALL, "127.20.0.3:1900", 1))
    assert found.kind == "ssdp.unicast"
    assert found.facts == {
        "answered": True,
        "request_bytes": asked,
        "response_bytes": 2 * len(ANSWER),
        "responses": 2,
        "ratio": round(2 * len(ANSWER) / asked, 2),
    }
    assert found.proofs[0].turns == (1, 2)


async def test_only_one_search_is_sent_and_it_names_the_device() -> None:
    network = FakeNetwork(SERVICE, [[Hears(), Says(ANSWER), Fails(TimedOut("read"))]])
    talk = await network.play(PROBE)
    sent = [turn.data for turn in talk.turns if turn.sender == "client"]
    assert sent == [ssdp.search(ssdp.ALL, "127.20.0.3:1900", 1)]


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
    talk = await FakeNetwork(SERVICE, [[Hears(), *[Says(ANSWER)] * 200]]).play(PROBE)
    (found,) = PROBE.read(talk)
    assert found.facts["responses"] == 64


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_bytes_of_other_protocols_yield_nothing(answers: list[bytes]) -> None:
    turns = [Turn("client", 0.0, b"M-SEARCH * HTTP/1.1\r\n")]
    turns += [Turn("server", 1.0, data) for data in answers]
    talk = Transcript("c1", SERVICE, "ssdp", 0.0, tuple(turns), (Channel(SERVICE.endpoint),))
    assert list(PROBE.read(talk)) == []
    assert not any(PROBE.recognises(data) for data in answers)


def test_it_recognises_answers_and_its_opening_is_a_search() -> None:
    assert PROBE.recognises(ANSWER)
    assert not PROBE.recognises(b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n")
    assert ssdp.parse(PROBE.openings[0].says).said == "search"
    assert PROBE.handles(SERVICE)
    assert not PROBE.handles(Service(SERVICE.endpoint))
