"""Recorders' own protocols: one hello each."""

from __future__ import annotations

import importlib
from ipaddress import ip_address

import pytest

from iotscan.model import Ending, Endpoint, Service
from iotscan.probe_api import Probe
from iotscan.protocols.makers import dvr
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step

PROBE: Probe = importlib.import_module("iotscan.probes.dvr").PROBE
REALM = b"Realm:Login to 4C0123\r\nRandom:77\r\n\r\n"
DAHUA = bytes.fromhex("b0000078") + len(REALM).to_bytes(4, "little") + bytes(24) + REALM


def service(hint: str) -> Service:
    return Service(Endpoint(ip_address("192.0.2.7"), "tcp", 37777), "dvr", hint=hint)


async def test_the_hello_that_was_answered_is_said_again_and_nothing_else() -> None:
    script: list[list[Step]] = [[Hears(dvr.dahua_hello()), Says(DAHUA[:20]), Says(DAHUA[20:])]]
    talk = await FakeNetwork(service("dahua"), script).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    (found,) = PROBE.read(talk)
    assert found.facts == {"product": "Dahua", "answered": True, "encrypted": False}
    assert found.proofs[0].turns == (1, 2)


async def test_half_an_answer_proves_nothing() -> None:
    script: list[list[Step]] = [[Hears(None), Says(DAHUA[:40]), Closes()]]
    talk = await FakeNetwork(service("dahua"), script).play(PROBE)
    assert talk.ending is Ending.CLOSED
    assert list(PROBE.read(talk)) == []


@pytest.mark.parametrize("heard", [b"", b"\xff\xfd\x18", b"\xb0" * 80, b"HTTP/1.1 200 OK\r\n\r\n"])
def test_other_protocols_are_not_taken_for_it(heard: bytes) -> None:
    assert not PROBE.recognises(heard)
    assert PROBE.recognises(DAHUA)
