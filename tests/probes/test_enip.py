"""EtherNet/IP: one question for the identity, and what others were heard to exchange."""

from __future__ import annotations

from functools import partial

from iotscan import plugins
from iotscan.model import Endpoint, Service
from iotscan.protocols.industrial import enip
from iotscan.protocols.industrial.enip import Packet
from iotscan.testing import DEVICE, FakeNetwork, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "enip")
# cpppo's simulated ControlLogix.
ANSWER = bytes.fromhex(
    "63003c000000000000000000696f747363616e000000000001000c00360001000002af12"
    "00000000000000000000000001000e003600140b60311a066c0014313735362d4c36312f"
    "42204c4f47495835353631ff"
)
REGISTER = enip.encode(Packet(0x65, 0, 0, b"plant", b"\1\0\0\0"))
GRANTED = enip.encode(Packet(0x65, 7, 0, b"plant", b"\1\0\0\0"))


talk = partial(conversation, port=44818)


facts = partial(told_by, PROBE)


def test_the_only_question_is_for_the_identity_and_opens_no_session() -> None:
    for opening in PROBE.openings:
        found = enip.decode(opening.says)
        assert found is not None
        assert (found[0].command, found[0].session, found[0].data) == (0x63, 0, b"")


async def test_nothing_more_is_asked_of_a_recognised_device() -> None:
    net = FakeNetwork(Service(Endpoint(DEVICE, "tcp", 44818), "enip"), [])
    assert (await net.play(PROBE)).turns == ()


def test_a_device_is_known_by_the_answer_to_our_question() -> None:
    assert PROBE.recognises(ANSWER)
    assert not PROBE.recognises(ANSWER[:-1])
    assert not PROBE.recognises(ANSWER.replace(b"iotscan", b"another"))
    assert not PROBE.recognises(b"HTTP/1.1 200 OK\r\n\r\n")


def test_an_answer_tells_what_the_device_is() -> None:
    asked = PROBE.openings[0].says
    assert facts(talk(("client", asked), ("server", ANSWER))) == [
        (
            "enip.identity",
            {
                "answered": True,
                "cleartext": True,
                "vendor_id": 1,
                "vendor": "Rockwell Automation",
                "model": "1756-L61/B LOGIX5561",
                "firmware": "20.11",
                "device_kind": "PLC",
            },
        )
    ]


def test_an_echo_of_the_question_names_nothing() -> None:
    asked = PROBE.openings[0].says
    ((_, told),) = facts(talk(("client", asked), ("server", asked)))
    assert "model" not in told


def test_an_exchange_is_overheard_on_any_port() -> None:
    (seen,) = PROBE.read(talk(("client", REGISTER), ("server", GRANTED), port=9, client=40_000))
    assert dict(seen.facts) == {
        "peer": "192.0.2.7",
        "answered": True,
        "commands": ("RegisterSession",),
    }
    assert seen.proofs[0].turns == (0, 1)


def test_sides_that_were_guessed_wrongly_are_turned_by_the_port() -> None:
    wrong = talk(("client", GRANTED), ("server", REGISTER), port=40_000, client=44818)
    (seen,) = PROBE.read(wrong)
    assert (str(seen.endpoint), seen.facts["peer"]) == ("192.0.2.7:44818/tcp", "192.0.2.1")


def test_questions_without_answers_are_not_told() -> None:
    assert facts(talk(("client", REGISTER), client=40_000, port=44818)) == []


def test_an_answer_to_another_question_is_not_believed_on_odd_ports() -> None:
    other = enip.encode(Packet(0x65, 7, 0, b"other", b"\1\0\0\0"))
    assert facts(talk(("client", REGISTER), ("server", other), port=9, client=40_000)) == []


def test_an_overheard_identity_names_the_device() -> None:
    asked = PROBE.openings[0].says
    ((kind, told),) = facts(talk(("client", asked), ("server", ANSWER), client=40_000))
    assert (kind, told["model"]) == ("enip.overheard", "1756-L61/B LOGIX5561")
