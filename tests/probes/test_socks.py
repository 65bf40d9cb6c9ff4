"""SOCKS: a real proxy with and without a login, and what only looks like one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address

import pytest
from daemons import free_port, program, running

from iotscan.model import Channel, Endpoint, Service, Transcript, Turn
from iotscan.net.gateway import Gateway
from iotscan.plugins import probes
from iotscan.testing import LOOPBACK, QUICK, captured, on_loopback

PROBE = next(probe for probe in probes() if probe.name == "socks")
ENDPOINT = Endpoint(ip_address("192.0.2.7"), "tcp", 1080)


def talk(*answers: bytes, said: bytes = b"\x05\x01\x00") -> Transcript:
    turns = (Turn("client", 0.0, said), *(Turn("server", 0.1, data) for data in answers))
    service = Service(ENDPOINT, "socks")
    return Transcript("c1", service, "recognise", 0.0, turns, (Channel(ENDPOINT),))


@pytest.mark.parametrize(
    ("answers", "agreed"),
    [([b"\x05\x00"], True), ([b"\x05\xff"], False), ([b"\x05", b"\x00"], True)],
)
def test_what_the_proxy_agrees_to_is_told(answers: Sequence[bytes], agreed: bool) -> None:
    (seen,) = PROBE.read(talk(*answers))
    assert dict(seen.facts) == {"no_authentication": agreed}
    assert seen.proofs[0].turns == tuple(range(1, 1 + len(answers)))


@pytest.mark.parametrize(
    "answer", [b"\x05\x02", b"\x05", b"\x05\x00\x00", b"\x00\x5a", b"HTTP/1.0 400\r\n\r\n"]
)
def test_a_method_that_was_not_offered_or_a_stranger_is_not_recognised(answer: bytes) -> None:
    assert not PROBE.recognises(answer)
    assert list(PROBE.read(talk(answer))) == []


def test_an_answer_to_another_question_proves_nothing() -> None:
    assert list(PROBE.read(talk(b"\x05\x00", said=b"GET / HTTP/1.0\r\n\r\n"))) == []
    said = captured([("client", b"\x05\x01\x00"), ("server", b"\x05\x00")], 1080)
    assert list(PROBE.read(said)) == []


@contextmanager
def microsocks(*options: str) -> Iterator[int]:
    port = free_port()
    with running([program("microsocks"), "-i", "127.0.0.1", "-p", port, *options], port):
        yield port


@pytest.mark.parametrize(
    ("options", "agreed"), [([], True), (["-u", "owner", "-P", "v9kQ2-m1Zt-88ab"], False)]
)
async def test_a_real_proxy_is_asked_for_no_connection(options: list[str], agreed: bool) -> None:
    with microsocks(*options) as port:
        service = on_loopback(port, "socks")
        gateway = Gateway(LOOPBACK, QUICK, clock=time.monotonic)
        door = gateway.conversation(service, "recognise", id="c1", began=0.0)
        async with door.tcp(service) as stream:
            await stream.write(PROBE.openings[0].says)
            assert PROBE.recognises(await stream.read(16))
        (seen,) = PROBE.read(door.transcript())
    assert seen.facts["no_authentication"] is agreed
