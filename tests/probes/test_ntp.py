"""The NTP probe: small questions, long answers, and what they prove."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from ipaddress import ip_address

import pytest

from iotscan.errors import Refused, TimedOut
from iotscan.model import Channel, Ending, Endpoint, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.ntp import ASK_CLIENTS, ASK_TIME, ASK_VARIABLES
from iotscan.testing import Fails, FakeNetwork, Hears, Says, Step, facts_of

PROBE = next(probe for probe in probes() if probe.name == "ntp")
SERVICE = Service(Endpoint(ip_address("127.9.0.4"), "udp", 123), "ntp")
TIME = bytes.fromhex(
    "240200e80000000000000000c0000205eeac0571c2fd45f5696f747363616e01"
    "eeac0571c2fd45f5eeac0571c301f315"
)
TEXT = b'processor="x86_64",\r\nsystem="Linux/6.1\x1b[0m", version="ntpd ntpsec-1.2.2"\r\n'
VARIABLES = bytes.fromhex("d6820001c01600000000") + len(TEXT).to_bytes(2, "big") + TEXT
CLIENTS = bytes.fromhex("d700032a00060048") + bytes(6 * 72)
LAST = b"\x97\1" + CLIENTS[2:]
SILENCE = Fails(TimedOut("read"))


facts = partial(facts_of, PROBE)


async def test_a_talkative_server_is_measured() -> None:
    script: list[Step] = [
        *(Hears(ASK_VARIABLES), Says(VARIABLES)),
        *(Hears(ASK_CLIENTS), Says(CLIENTS), Says(CLIENTS), Says(LAST)),
    ]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    status, clients = facts(talk, "ntp.control")
    assert status == {
        "question": "mode 6",
        "answered": True,
        "request_bytes": 12,
        "response_bytes": len(VARIABLES),
        "responses": 1,
        "ratio": round(len(VARIABLES) / 12, 2),
    }
    assert (clients["question"], clients["responses"]) == ("mode 7", 3)
    assert clients["ratio"] == round(3 * len(CLIENTS) / 8, 2)
    assert facts(talk, "ntp.variables") == [
        {"software": "ntpd ntpsec-1.2.2", "system": "Linux/6.1 [0m", "processor": "x86_64"}
    ]


async def test_an_endless_list_is_left_after_a_bound() -> None:
    script: list[Step] = [Hears(), SILENCE, Hears(), *[Says(CLIENTS)] * 100]
    (clients,) = facts(await FakeNetwork(SERVICE, [script]).play(PROBE), "ntp.control")
    assert clients["responses"] == 16


async def test_a_server_that_keeps_to_itself_is_not_accused() -> None:
    script: list[Step] = [Hears(), SILENCE, Hears(), Says(bytes.fromhex("9700032a40000000"))]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    (refused,) = facts(talk, "ntp.control")
    assert (refused["question"], refused["answered"]) == ("mode 7", False)


async def test_a_closed_port_ends_it() -> None:
    script: list[Step] = [Hears(), Fails(Refused("no such port"))]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert talk.ending is Ending.REFUSED


def recognised(answer: bytes) -> Transcript:
    turns = (Turn("client", 0.0, ASK_TIME), Turn("server", 0.1, answer))
    channels = (Channel(SERVICE.endpoint),)
    return Transcript("c1", SERVICE, "recognise", 0.0, turns, channels)


@pytest.mark.parametrize(
    ("first", "second", "synchronised"), [(0x24, 2, True), (0xE4, 2, False), (0x24, 0, False)]
)
def test_the_time_tells_whether_it_is_known(first: int, second: int, synchronised: bool) -> None:
    talk = recognised(bytes([first, second]) + TIME[2:])
    (service,) = facts(talk, "ntp.service")
    assert service == {"stratum": second, "version": 4, "synchronised": synchronised}
    assert PROBE.recognises(TIME)
    assert not PROBE.recognises(ASK_TIME)


def test_the_time_of_others_is_no_business_of_ours() -> None:
    talk = replace(recognised(TIME), client=Endpoint(ip_address("127.9.0.5"), "udp", 123))
    assert list(PROBE.read(talk)) == []
