"""WS-Discovery by unicast: how much larger is the answer than the question."""

from __future__ import annotations

import importlib
from ipaddress import ip_address

from iotscan.model import Endpoint, Service
from iotscan.probe_api import Probe
from iotscan.protocols import wsd
from iotscan.testing import FakeNetwork, Hears, Says, Step

PROBE: Probe = importlib.import_module("iotscan.probes.wsd").PROBE
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "udp", 3702), "wsd")
ANSWER = b"<Envelope><Body><ProbeMatches><ProbeMatch/></ProbeMatches></Body></Envelope>"


async def test_bytes_of_answers_are_compared_with_bytes_asked() -> None:
    asked: list[bytes] = []

    def probes(data: bytes) -> bool:
        asked.append(data)
        return wsd.parse(data).said == "question"

    padded = ANSWER + b" " * 900
    script: list[Step] = [Hears(probes), Says(padded), Says(padded), Says(b"not an answer")]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    (found,) = PROBE.read(talk)
    assert found.facts == {
        "answered": True,
        "request_bytes": len(asked[0]),
        "response_bytes": 2 * len(padded),
        "responses": 2,
        "ratio": round(2 * len(padded) / len(asked[0]), 2),
    }
    assert found.proofs[0].turns == (1, 2)


async def test_silence_and_other_words_are_no_answer() -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(None), Says(b"hello")]]).play(PROBE)
    assert list(PROBE.read(talk)) == []


def test_only_answers_are_recognised() -> None:
    assert PROBE.recognises(ANSWER)
    assert not PROBE.recognises(wsd.probe("0"))
    assert not PROBE.recognises(b"HTTP/1.1 200 OK\r\n\r\n")


def test_the_opening_and_the_question_have_ids_of_their_own() -> None:
    module = importlib.import_module("iotscan.probes.wsd")
    assert module._HELLO != module._QUESTION
