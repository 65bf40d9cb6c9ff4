"""Modbus: one question by which a device is recognised, and what others were heard to say."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from iotscan import plugins
from iotscan.model import Endpoint, Sender, Service, TlsFacts
from iotscan.protocols.industrial import modbus
from iotscan.protocols.industrial.modbus import Frame, encode
from iotscan.testing import DEVICE, FakeNetwork, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "modbus")
# What pymodbus answers to our request.
ANSWER = bytes.fromhex(
    "696f00000028012b0e018300000300104c616e7465726e20436f6e74726f6c7301054c432d32300205322e342e31"
)
ASKED = PROBE.openings[0].says
READ, VALUES = encode(Frame(1, 10, 3, b"\0\0\0\1")), encode(Frame(1, 10, 3, b"\2\0\7"))
WRITE = encode(Frame(2, 10, 5, b"\0\1\xff\0"))


talk = partial(conversation, port=502)


facts = partial(told_by, PROBE)


def test_only_reads_of_identification_are_ever_asked() -> None:
    for opening in PROBE.openings:
        found = modbus.decode(opening.says)
        assert found is not None
        assert (found[0].function, found[0].data) == (43, b"\x0e\x01\x00")
        assert found[0].unit != 0, "unit 0 is a broadcast behind a gateway"


async def test_nothing_more_is_asked_of_a_recognised_device() -> None:
    net = FakeNetwork(Service(Endpoint(DEVICE, "tcp", 502), "modbus"), [])
    assert (await net.play(PROBE)).turns == ()


@pytest.mark.parametrize(
    ("heard", "known"),
    [
        (ANSWER, True),
        (encode(Frame(0x696F, 255, 43, b"", 1)), True),
        (ANSWER[:-1], False),
        (ANSWER + b"x", False),
        (encode(Frame(0x6970, 255, 43, b"", 1)), False),
        (encode(Frame(0x696F, 255, 3, b"", 1)), False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
    ],
)
def test_a_device_is_known_by_the_answer_to_our_question(heard: bytes, known: bool) -> None:
    assert PROBE.recognises(heard) is known


def test_an_answer_tells_what_the_device_is() -> None:
    assert facts(talk(("client", ASKED), ("server", ANSWER))) == [
        (
            "modbus.device",
            {
                "answered": True,
                "unit": 1,
                "cleartext": True,
                "vendor": "Lantern Controls",
                "product_code": "LC-20",
                "firmware": "2.4.1",
            },
        )
    ]


def test_a_refusal_is_an_answer() -> None:
    refused = encode(Frame(0x696F, 255, 43, b"", 1))
    ((_, told),) = facts(talk(("client", ASKED), ("server", refused)))
    assert (told["answered"], told["exception"]) == (True, 1)
    assert "vendor" not in told


def test_what_went_inside_tls_is_not_in_clear() -> None:
    ((_, told),) = facts(talk(("client", ASKED), ("server", ANSWER), tls=TlsFacts("TLSv1.3")))
    assert told["cleartext"] is False


def test_silence_is_no_device() -> None:
    assert facts(talk(("client", ASKED))) == []


def test_others_questions_and_answers_are_overheard_on_any_port() -> None:
    said: tuple[tuple[Sender, bytes], ...] = (
        ("client", READ), ("server", VALUES), ("client", WRITE), ("server", WRITE),
    )  # fmt: skip
    (seen,) = PROBE.read(talk(*said, port=5020, client=40_000))
    assert dict(seen.facts) == {
        "peer": "192.0.2.7",
        "answered": True,
        "functions": ("read holding registers", "write single coil"),
        "writes": True,
    }
    assert str(seen.endpoint) == "192.0.2.1:5020/tcp"
    assert seen.proofs[0].turns == (0, 1)


def test_unanswered_questions_count_on_the_usual_port_only() -> None:
    ((_, told),) = facts(talk(("client", READ), client=40_000))
    assert told["answered"] is False
    assert facts(talk(("client", READ), port=5020, client=40_000)) == []


def test_an_answer_must_fit_its_question() -> None:
    other = encode(Frame(9, 10, 3, b"\2\0\7"))
    assert facts(talk(("client", READ), ("server", other), port=5020, client=40_000)) == []


def test_sides_that_were_guessed_wrongly_are_turned_by_the_port() -> None:
    wrong = talk(("server", READ), ("client", VALUES), port=40_000, client=502)
    (seen,) = PROBE.read(wrong)
    assert str(seen.endpoint) == "192.0.2.7:502/tcp"
    assert (seen.facts["peer"], seen.facts["answered"]) == ("192.0.2.1", True)


def test_an_identification_is_overheard_as_well() -> None:
    asked = PROBE.openings[1].says
    ((_, told),) = facts(talk(("client", asked), ("server", ANSWER), client=40_000))
    assert told["vendor"] == "Lantern Controls"


def test_modbus_over_tls_is_not_overheard() -> None:
    secured = talk(("client", READ), ("server", VALUES), client=40_000, tls=TlsFacts("TLSv1.2"))
    assert facts(secured) == []
    assert facts(replace(secured, client=None)) == []
