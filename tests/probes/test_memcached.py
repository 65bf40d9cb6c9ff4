"""The memcached probe: its version is all the proof there is."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from iotscan.model import Channel, Endpoint, Service, Transcript, Turn
from iotscan.plugins import probes

PROBE = next(probe for probe in probes() if probe.name == "memcached")
SERVICE = Service(Endpoint(ip_address("127.9.0.6"), "tcp", 11211), "memcached")


def recognised(heard: bytes) -> Transcript:
    turns = (Turn("client", 0.0, b"version\r\n"), Turn("server", 0.1, heard))
    return Transcript("c1", SERVICE, "recognise", 0.0, turns, (Channel(SERVICE.endpoint),))


def test_a_version_is_an_open_store() -> None:
    heard = b"VERSION 1.6.18\r\n"
    assert PROBE.recognises(heard)
    (seen,) = PROBE.read(recognised(heard))
    expected = {"product": "memcached", "version": "1.6.18", "open": True, "encrypted": False}
    assert seen.facts == expected
    assert seen.proofs[0].turns == (1,)
    assert list(PROBE.read(replace(recognised(heard), client=SERVICE.endpoint))) == []


def test_a_store_with_a_login_says_so() -> None:
    heard = b"CLIENT_ERROR unauthenticated\r\n"
    assert PROBE.recognises(heard)
    (seen,) = PROBE.read(recognised(heard))
    assert seen.facts["open"] is False


@pytest.mark.parametrize(
    "heard", [b"", b"ERROR\r\n", b"VERSION\r\n", b"VERSION x\r\n", b"VERSION 1"]
)
def test_other_answers_prove_nothing(heard: bytes) -> None:
    assert not PROBE.recognises(heard)
    assert list(PROBE.read(recognised(heard))) == []
