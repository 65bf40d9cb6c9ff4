"""IEC 60870-5-104: a test frame and its confirmation, and what others were heard to say."""

from __future__ import annotations

from functools import partial

from iotscan import plugins
from iotscan.model import Endpoint, Service
from iotscan.protocols.industrial import iec104
from iotscan.testing import DEVICE, FakeNetwork, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "iec104")
CONFIRMED = b"\x68\x04\x83\0\0\0"
START, STARTED = b"\x68\x04\x07\0\0\0", b"\x68\x04\x0b\0\0\0"
VALUE = bytes.fromhex("6812000000000d0103002f000b00000000b84100")


talk = partial(conversation, port=2404)


facts = partial(told_by, PROBE)


def test_only_a_test_frame_is_sent() -> None:
    assert [opening.says for opening in PROBE.openings] == [b"\x68\x04\x43\0\0\0"]


async def test_nothing_more_is_asked_of_a_recognised_station() -> None:
    net = FakeNetwork(Service(Endpoint(DEVICE, "tcp", 2404), "iec104"), [])
    assert (await net.play(PROBE)).turns == ()


def test_a_station_is_known_by_its_confirmation() -> None:
    assert PROBE.recognises(CONFIRMED)
    assert PROBE.recognises(iec104.TEST + CONFIRMED), "it may test the line itself"
    assert not PROBE.recognises(iec104.TEST), "an echo is no station"
    assert not PROBE.recognises(CONFIRMED[:-1])
    assert not PROBE.recognises(CONFIRMED + b"HTTP/1.1")


def test_a_confirmation_tells_of_the_station() -> None:
    assert facts(talk(("client", iec104.TEST), ("server", CONFIRMED))) == [
        ("iec104.station", {"answered": True, "cleartext": True})
    ]
    assert facts(talk(("client", iec104.TEST), ("server", iec104.TEST))) == []


def test_a_transfer_is_overheard_on_any_port() -> None:
    said = talk(("client", START), ("server", STARTED), ("server", VALUE), port=9, client=40_000)
    (seen,) = PROBE.read(said)
    assert dict(seen.facts) == {
        "peer": "192.0.2.7",
        "answered": True,
        "types": ("13",),
        "commands": False,
    }


def test_sides_that_were_guessed_wrongly_are_turned_by_what_they_say() -> None:
    wrong = talk(("server", START), ("client", STARTED), ("client", VALUE), port=9, client=8)
    (seen,) = PROBE.read(wrong)
    assert str(seen.endpoint) == "192.0.2.7:8/tcp"


def test_orders_are_told_apart_from_readings() -> None:
    order = VALUE.replace(b"\x0d\x01\x03", b"\x2d\x01\x06")
    ((_, told),) = facts(talk(("client", order), ("server", VALUE), client=40_000))
    assert told["commands"] is True


def test_on_an_odd_port_an_act_must_be_confirmed() -> None:
    odd = partial(talk, port=9, client=40_000)
    assert facts(odd(("client", START), ("server", STARTED)))
    assert facts(odd(("client", START), ("server", VALUE))) == []
    assert facts(talk(("client", START), client=40_000)) == []
