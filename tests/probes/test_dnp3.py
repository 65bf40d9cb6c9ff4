"""DNP3: a few questions of the link layer in one write, and application talk of others."""

from __future__ import annotations

from functools import partial

from iotscan import plugins
from iotscan.model import Endpoint, Service, Turn
from iotscan.protocols.industrial import dnp3
from iotscan.protocols.industrial.dnp3 import Link
from iotscan.protocols.industrial.framing import messages
from iotscan.testing import DEVICE, FakeNetwork, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "dnp3")
STATUS = bytes.fromhex("0564050b64000a00f7f6")


talk = partial(conversation, port=20000)


facts = partial(told_by, PROBE)


def application(control: int, destination: int, source: int, *body: int) -> bytes:
    return dnp3.encode(Link(control, destination, source, bytes(body)))


READ = application(0xC4, 10, 1, 0xC0, 0xC1, 1, 60, 2, 6)
RESPONSE = application(0x44, 1, 10, 0xC0, 0xC1, 129, 0, 0)
CHALLENGE = application(0x44, 1, 10, 0xC0, 0xC1, 131, 0, 0)


def test_only_the_link_layer_is_asked() -> None:
    asked = messages([(0, Turn("client", 0.0, PROBE.openings[0].says))], dnp3.decode, stream=True)
    assert len(asked) == len({one.message.destination for one in asked}) > 1
    for one in asked:
        assert one.message.function == dnp3.REQUEST_LINK_STATUS
        assert one.message.data == b""


async def test_nothing_more_is_asked_of_a_recognised_station() -> None:
    net = FakeNetwork(Service(Endpoint(DEVICE, "tcp", 20_000), "dnp3"), [])
    assert (await net.play(PROBE)).turns == ()


def test_a_station_is_known_by_a_frame_of_its_own() -> None:
    assert PROBE.recognises(STATUS)
    assert not PROBE.recognises(STATUS[:-1])
    assert not PROBE.recognises(PROBE.openings[0].says), "an echo is no outstation"
    assert not PROBE.recognises(STATUS[:-1] + b"x")


def test_the_state_of_the_link_tells_the_station() -> None:
    assert facts(talk(("client", PROBE.openings[0].says), ("server", STATUS))) == [
        ("dnp3.outstation", {"answered": True, "cleartext": True, "station": 10})
    ]


def test_application_messages_are_overheard() -> None:
    (seen,) = PROBE.read(talk(("client", READ), ("server", RESPONSE), port=9, client=40_000))
    assert dict(seen.facts) == {
        "peer": "192.0.2.7",
        "answered": True,
        "functions": ("read", "response"),
        "secure_authentication": False,
        "station": 10,
    }
    assert seen.proofs[0].turns == (0,)


def test_secure_authentication_is_seen() -> None:
    ((_, told),) = facts(talk(("client", READ), ("server", CHALLENGE), client=40_000))
    assert told["secure_authentication"] is True


def test_the_direction_bit_tells_the_outstation() -> None:
    wrong = talk(("client", RESPONSE), ("server", READ), port=40_000, client=20_000)
    (seen,) = PROBE.read(wrong)
    assert str(seen.endpoint) == "192.0.2.7:20000/tcp"


def test_the_link_layer_alone_is_not_told_of() -> None:
    asked = dnp3.request_status(10, 1)
    assert facts(talk(("client", asked), ("server", STATUS), client=40_000)) == []
