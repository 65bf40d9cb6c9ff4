"""The X11 probe: open to everybody, or not."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from iotscan.model import Ending, Endpoint, Service
from iotscan.plugins import probes
from iotscan.protocols.x11 import SETUP
from iotscan.testing import Closes, FakeNetwork, Hears, Says

PROBE = next(probe for probe in probes() if probe.name == "x11")
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 6000), "x11")
OPEN = (
    struct.pack("<BBHHH", 1, 0, 11, 0, 40)
    + struct.pack("<I", 12_101_007)
    + bytes(12)
    + struct.pack("<H", 4)
    + bytes(14)
    + b"Xorg"
)
SHUT = struct.pack("<BBHHH", 0, 4, 11, 0, 1) + b"no\n\0"


async def test_a_screen_that_lets_us_in_is_open() -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(SETUP), Says(OPEN[:9]), Says(OPEN[9:])]]).play(PROBE)
    (seen,) = PROBE.read(talk)
    assert seen.facts == {"open": True, "vendor": "Xorg", "release": 12_101_007}
    assert talk.said_by("client") == SETUP


async def test_a_screen_that_refuses_is_not() -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(SETUP), Says(SHUT)]]).play(PROBE)
    (seen,) = PROBE.read(talk)
    assert seen.facts == {"open": False, "reason": "no"}


async def test_hanging_up_tells_nothing() -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(SETUP), Closes()]]).play(PROBE)
    assert talk.ending is Ending.CLOSED
    assert list(PROBE.read(talk)) == []


@pytest.mark.parametrize(
    ("heard", "known"),
    [(OPEN, True), (OPEN + bytes(2000), True), (SHUT, True), (b"\0", False), (b"SSH-2.0-", False)],
)
def test_an_answer_is_recognised_without_its_list_of_screens(heard: bytes, known: bool) -> None:
    assert PROBE.recognises(heard) is known
