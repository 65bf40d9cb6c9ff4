"""OMRON FINS: one question over UDP, two over TCP, and what others were heard to say."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from iotscan import plugins
from iotscan.model import Channel, Endpoint, Service, Transcript, Transport
from iotscan.protocols.industrial import fins
from iotscan.protocols.industrial.fins import Message
from iotscan.testing import DEVICE, PEER, FakeNetwork, Hears, Says, Step, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "fins")
DATA = b"\0\0" + b"CJ2M-CPU33".ljust(20) + b"02.01".ljust(20, b"\0") + bytes(52)
ASKED = PROBE.openings[0].says
ANSWER = fins.encode(Message(True, (0x63, 0), 0x69, fins.CONTROLLER_DATA_READ, DATA))
TOLD = bytes.fromhex("46494e53000000100000000100000000000000ef00000001")


talk = partial(conversation, port=9600)


facts = partial(told_by, PROBE)


def service(transport: Transport, name: str | None = "fins") -> Service:
    return Service(Endpoint(DEVICE, transport, 9600), name)


def over_udp(said: Transcript) -> Transcript:
    where = service("udp", None)
    whom = None if said.client is None else Endpoint(PEER, "udp", said.client.port)
    return replace(said, service=where, client=whom, channels=(Channel(where.endpoint),))


async def test_over_tcp_a_node_number_is_asked_for_and_then_what_it_is() -> None:
    answer = fins.encode(Message(True, (0xEF, 1), 0x69, fins.CONTROLLER_DATA_READ, DATA))
    script: list[Step] = [
        Hears(fins.ASK_NODE),
        Says(TOLD),
        Hears(fins.over_tcp(2, bytes.fromhex("80000200010000ef0069050100"))),
        Says(fins.over_tcp(2, answer)),
    ]
    said = await FakeNetwork(service("tcp"), [script]).play(PROBE)
    assert facts(said) == [
        (
            "fins.controller",
            {
                "answered": True,
                "cleartext": True,
                "vendor": "OMRON",
                "model": "CJ2M-CPU33",
                "firmware": "02.01",
            },
        )
    ]


async def test_over_udp_nothing_more_is_asked() -> None:
    assert (await FakeNetwork(service("udp"), []).play(PROBE)).turns == ()


def test_a_controller_is_known_by_the_answer_to_either_question() -> None:
    assert PROBE.recognises(TOLD)
    assert PROBE.recognises(ANSWER)
    assert not PROBE.recognises(ASKED), "an echo is no controller"
    assert not PROBE.recognises(fins.ASK_NODE)
    assert not PROBE.recognises(ANSWER[:9] + b"\x6a" + ANSWER[10:])
    assert not PROBE.recognises(b"SSH-2.0-x\r\n")


def test_an_answer_over_udp_tells_what_it_is() -> None:
    ((kind, told),) = facts(over_udp(talk(("client", ASKED), ("server", ANSWER))))
    assert (kind, told["model"]) == ("fins.controller", "CJ2M-CPU33")


def test_a_refusal_is_an_answer_without_identity() -> None:
    refused = fins.encode(Message(True, (0x63, 0), 0x69, fins.CONTROLLER_DATA_READ, b"\x04\x01"))
    ((_, told),) = facts(over_udp(talk(("client", ASKED), ("server", refused))))
    assert told == {"answered": True, "cleartext": True, "end_code": "0401"}


def test_internal_text_is_no_version() -> None:
    odd = DATA[:22] + b"internal".ljust(20) + DATA[42:]
    answer = fins.encode(Message(True, (0x63, 0), 0x69, fins.CONTROLLER_DATA_READ, odd))
    ((_, told),) = facts(over_udp(talk(("client", ASKED), ("server", answer))))
    assert "firmware" not in told


def test_orders_and_their_responses_are_overheard_over_tcp_and_udp() -> None:
    stop = fins.encode(Message(False, (1, 2), 7, 0x0402, b"\xff\xff"))
    done = fins.encode(Message(True, (2, 1), 7, 0x0402, b"\0\0"))
    tcp = talk(
        ("client", fins.over_tcp(2, stop)), ("server", fins.over_tcp(2, done)), client=40_000
    )
    udp = over_udp(talk(("client", stop), ("server", done), client=40_000))
    for said in (tcp, udp):
        (seen,) = PROBE.read(said)
        assert dict(seen.facts) == {
            "peer": "192.0.2.7",
            "answered": True,
            "commands": ("stop",),
            "writes": True,
        }
        assert seen.proofs[0].turns == (0, 1)


def test_sides_that_were_guessed_wrongly_are_turned_by_what_they_say() -> None:
    wrong = over_udp(talk(("server", ASKED), ("client", ANSWER), client=9600))
    (seen,) = PROBE.read(wrong)
    assert str(seen.endpoint) == "192.0.2.7:9600/udp"


def test_a_response_must_fit_an_order() -> None:
    stop = fins.encode(Message(False, (1, 2), 7, 0x0402, b"\xff\xff"))
    for other in (
        Message(True, (2, 1), 8, 0x0402, b"\0\0"),
        Message(True, (3, 1), 7, 0x0402, b"\0\0"),
        Message(True, (2, 1), 7, 0x0401, b"\0\0"),
    ):
        said = talk(("client", stop), ("server", fins.encode(other)), client=40_000)
        assert facts(over_udp(said)) == []
    assert facts(over_udp(talk(("client", stop), client=40_000))) == []
