"""The probe of ESPHome's native API: devices in clear, locked and encrypted; sessions of others."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from iotscan.errors import ConnectionLost
from iotscan.model import Ending, Endpoint, Fact, Sender, Service, Transcript
from iotscan.plugins import probes
from iotscan.protocols.encodings import protobuf
from iotscan.protocols.esphome import codec as esphome
from iotscan.testing import Closes, Fails, FakeNetwork, Hears, Says, Step, captured

PROBE = next(probe for probe in probes() if probe.name == "esphome")
SERVICE = Service(Endpoint(ip_address("127.9.0.3"), "tcp", 6053), "esphome")
ASKED = esphome.greeting("iotscan") + b"\x00\x00\x09"
FAREWELL = b"\x00\x00\x05"
HELLO = bytes.fromhex(
    "002a020801100a1a1b6b69746368656e2028657370686f6d652076323032342e362e312922076b69746368656e"
)
DEVICE = bytes.fromhex(
    "00680a12076b69746368656e1a1141343a43463a31323a30303a30323a31302208323032342e362e312a0b4a756e"
    "203230203230323432086573703332646576420941636d652e4c616d704a03312e3258056209457370726573736966"
    "6a0c4b69746368656e206c616d70"
)
LOCKED = esphome.ask(esphome.DEVICE_ANSWER, protobuf.put(1, 1) + DEVICE[3:])
REFUSAL = b"\x01\x00\x13\x01Bad indicator byte"
NOISE_HELLO = b"\x01\x00\x16\x01kitchen\x00a4cf12000210\x00"


async def met(*steps: Step) -> tuple[Transcript, list[dict[str, Fact]]]:
    talk = await FakeNetwork(SERVICE, [[Hears(ASKED), *steps]]).play(PROBE)
    return talk, [dict(seen.facts) for seen in PROBE.read(talk)]


@pytest.mark.parametrize(("device", "password"), [(DEVICE, False), (LOCKED, True)])
async def test_a_device_in_clear_says_what_it_is(device: bytes, password: bool) -> None:
    talk, (facts,) = await met(Says(HELLO), Says(device), Hears(FAREWELL))
    assert talk.ending is Ending.COMPLETE
    assert facts == {
        "product": "ESPHome",
        "encrypted": False,
        "password": password,
        "api": "1.10",
        "name": "kitchen",
        "friendly_name": "Kitchen lamp",
        "firmware": "2024.6.1",
        "model": "esp32dev",
        "project": "Acme.Lamp 1.2",
    }


async def test_a_description_in_one_piece_with_the_hello_is_read() -> None:
    _, (facts,) = await met(Says(HELLO + DEVICE), Hears(FAREWELL))
    assert facts["password"] is False


async def test_a_device_that_wants_noise_is_left_at_that() -> None:
    talk, (facts,) = await met(Says(REFUSAL), Closes())
    assert talk.ending is Ending.COMPLETE
    assert facts == {"product": "ESPHome", "encrypted": True}


async def test_without_a_description_no_password_is_claimed_to_be_missing() -> None:
    talk, (facts,) = await met(Says(HELLO), Closes())
    assert talk.ending is Ending.CLOSED
    assert "password" not in facts
    assert facts["encrypted"] is False


@pytest.mark.parametrize(
    ("step", "ending"),
    [
        (Says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Ending.WRONG_PROTOCOL),
        (Says((HELLO + b"\x00\x00\x07") * 2000), Ending.WRONG_PROTOCOL),
        (Fails(ConnectionLost("reset")), Ending.CLOSED),
    ],
)
async def test_others_are_left(step: Step, ending: Ending) -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(ASKED), step]]).play(PROBE)
    assert talk.ending is ending
    assert not any("password" in seen.facts for seen in PROBE.read(talk))


def test_only_answers_are_recognised() -> None:
    assert PROBE.recognises(HELLO)
    assert PROBE.recognises(REFUSAL)
    for other in (ASKED, DEVICE, HELLO[:20], NOISE_HELLO, b"\x00" * 40, b"\x01\x00\x01\x00", b""):
        assert not PROBE.recognises(other)


def overheard(*said: tuple[Sender, bytes], port: int = 6053) -> list[dict[str, Fact]]:
    return [dict(seen.facts) for seen in PROBE.read(captured(said, port))]


LOGIN = esphome.ask(esphome.LOGIN, protobuf.put(1, "Sesame-7"))
PHONE = esphome.greeting("Home Assistant 2024.6")


@pytest.mark.parametrize(
    ("answer", "outcome"), [(b"", "accepted"), (protobuf.put(1, 1), "refused"), (None, "unknown")]
)
def test_a_session_in_clear_and_its_login_are_overheard(answer: bytes | None, outcome: str) -> None:
    said: list[tuple[Sender, bytes]] = [("client", PHONE + LOGIN), ("server", HELLO)]
    if answer is not None:
        said.append(("server", esphome.ask(esphome.LOGIN_ANSWER, answer)))
    for port in (6053, 10_053):
        (facts,) = overheard(*said, port=port)
        assert facts == {
            "cleartext": True,
            "name": "kitchen",
            "client": "Home Assistant 2024.6",
            "password_seen": True,
            "outcome": outcome,
            "peer": "192.0.2.7",
        }
        assert "Sesame" not in repr(facts)


def test_a_session_of_noise_is_known_by_its_first_frames() -> None:
    said: list[tuple[Sender, bytes]] = [
        ("client", b"\x01\x00\x00"),
        ("server", NOISE_HELLO),
        ("client", b"\x01\x00\x31" + bytes(49)),
    ]
    assert overheard(*said) == [{"cleartext": False, "name": "kitchen", "peer": "192.0.2.7"}]
    assert overheard(("client", PHONE), ("server", REFUSAL))[0]["cleartext"] is False


def test_sides_that_were_confused_are_told_apart() -> None:
    (seen,) = PROBE.read(captured([("server", PHONE), ("client", HELLO)], 50_001))
    assert str(seen.address) == "192.0.2.7"
    assert seen.facts["peer"] == "192.0.2.1"


@pytest.mark.parametrize(
    "said",
    [
        [("client", b"\x01\x00\x00"), ("server", b"\x01\x00\x02\x05\x00")],
        [("client", b"\x00\x00\x01"), ("server", HELLO)],
        [("client", b"\x00\x05\x01\x0a\x03\x01\x02\x03")],
        [("client", b"GET / HTTP/1.1\r\n\r\n"), ("server", b"HTTP/1.1 200 OK\r\n\r\n")],
        [("server", HELLO)],
    ],
)
def test_what_is_no_session_is_passed_over(said: list[tuple[Sender, bytes]]) -> None:
    assert overheard(*said) == []
