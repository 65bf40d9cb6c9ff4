"""BACnet/IP: few reads of a device that names itself, and who was heard to answer or announce."""

from __future__ import annotations

from functools import partial

from iotscan import plugins
from iotscan.errors import TimedOut
from iotscan.model import Ending, Endpoint, Service
from iotscan.protocols.industrial import bacnet
from iotscan.testing import DEVICE, Fails, FakeNetwork, Hears, Says, Step, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "bacnet")
# bacpypes3, device 1201.
I_AM = bytes.fromhex("810a001501001000c4020004b122040091002203e7")
ERROR = bytes.fromhex("810a000d010050010c9101911f")
NO_TABLE = bytes.fromhex("810000060020")


def value(invoke: int, number: int, encoded: str) -> bytes:
    """The answer of device 1201 to a ReadProperty."""
    body = bytes([0x01, 0x00, 0x30, invoke, 12]) + bytes.fromhex("0c020004b119") + bytes([number])
    return bacnet.encode(bacnet.UNICAST, body + bytes.fromhex("3e" + encoded + "3f"))


VALUES = (
    value(2, 121, "7511004c616e7465726e20436f6e74726f6c73"),
    value(3, 70, "75050052432d32"),
    value(4, 44, "750600332e312e30"),
    value(5, 77, "750800526f6f6d203132"),
)
OWN = bacnet.read_property(7, 4_194_303, 75)


talk = partial(conversation, port=47808, transport="udp")


facts = partial(told_by, PROBE)


def network(*answers: bytes | None) -> FakeNetwork:
    """A device that gives these answers in turn; None is silence."""
    script: list[Step] = []
    for answer in answers:
        script += [Hears(), Fails(TimedOut("read")) if answer is None else Says(answer)]
    return FakeNetwork(Service(Endpoint(DEVICE, "udp", 47808), "bacnet"), [script])


async def test_a_device_names_itself_in_seven_reads() -> None:
    table = bacnet.encode(bacnet.BDT, bytes(30))
    said = await network(I_AM, *VALUES, table, NO_TABLE).play(PROBE)
    assert [turn.data for turn in said.turns if turn.sender == "client"] == [
        bacnet.who_is(),
        *(bacnet.read_property(i, 1201, n) for i, n in enumerate((121, 70, 44, 77), 2)),
        bytes.fromhex("81020004"),
        bytes.fromhex("81060004"),
    ]
    assert facts(said) == [
        (
            "bacnet.device",
            {
                "answered": True,
                "instance": 1201,
                "vendor_id": 999,
                "vendor": "Lantern Controls",
                "model": "RC-2",
                "firmware": "3.1.0",
                "name": "Room 12",
                "broadcast_table": 3,
            },
        )
    ]


async def test_a_device_that_announces_itself_to_others_only_is_read_by_the_wildcard() -> None:
    said = await network(None, *VALUES, NO_TABLE, NO_TABLE).play(PROBE)
    assert bacnet.read_property(2, bacnet.ANY_INSTANCE, 121) in [turn.data for turn in said.turns]


async def test_silence_about_tables_is_no_failure_and_about_properties_is_one() -> None:
    assert (await network(I_AM, *VALUES, None).play(PROBE)).ending is Ending.COMPLETE
    assert (await network(I_AM, None).play(PROBE)).ending is Ending.TIMEOUT


async def test_an_answer_to_something_else_is_passed_over() -> None:
    steps: list[Step] = [Hears(), Says(I_AM), Hears(), Says(VALUES[3]), Says(b"x"), Says(VALUES[0])]
    net = FakeNetwork(Service(Endpoint(DEVICE, "udp", 47808), "bacnet"), [steps])
    said = await net.play(PROBE)
    assert [turn.data for turn in said.turns].count(VALUES[0]) == 1


def test_a_device_is_known_by_its_answer_be_it_a_refusal() -> None:
    assert PROBE.recognises(ERROR)
    assert PROBE.recognises(value(1, 75, "c4020004b1"))
    assert not PROBE.recognises(value(9, 75, "c4020004b1"))
    assert not PROBE.recognises(PROBE.openings[0].says), "an echo is no device"
    assert not PROBE.recognises(ERROR[:-1])


def test_the_first_question_finds_the_instance() -> None:
    asked = PROBE.openings[0].says
    ((_, told),) = facts(talk(("client", asked), ("server", value(1, 75, "c4020004b1"))))
    assert told == {"answered": True, "instance": 1201}


def test_a_refusal_tells_that_it_answers() -> None:
    asked = PROBE.openings[0].says
    assert facts(talk(("client", asked), ("server", ERROR))) == [
        ("bacnet.device", {"answered": True})
    ]


def test_answers_to_others_are_overheard_with_what_they_name() -> None:
    (seen,) = PROBE.read(talk(("client", OWN), ("server", VALUES[1]), client=47808))
    assert dict(seen.facts) == {
        "peer": "192.0.2.7",
        "answered": True,
        "announced": False,
        "services": ("complex-ack",),
        "instance": 1201,
        "model": "RC-2",
    }
    assert str(seen.endpoint) == "192.0.2.1:47808/udp"
    assert seen.proofs[0].turns == (1,)


def test_whoever_announces_itself_is_told_of_whichever_side_it_is() -> None:
    (seen,) = PROBE.read(talk(("client", I_AM), client=47808))
    assert str(seen.endpoint) == "192.0.2.7:47808/udp"
    assert (seen.facts["announced"], seen.facts["answered"]) == (True, False)
    assert (seen.facts["instance"], seen.facts["vendor_id"]) == (1201, 999)


def test_both_sides_may_answer_each_other() -> None:
    said = talk(("client", VALUES[0]), ("server", ERROR), client=47808)
    assert {str(seen.address) for seen in PROBE.read(said)} == {"192.0.2.1", "192.0.2.7"}


def test_a_router_answers_and_is_not_what_it_passes_on() -> None:
    routed = bytes.fromhex("01080005010a") + VALUES[1][6:]
    ((_, told),) = facts(talk(("server", bacnet.encode(bacnet.UNICAST, routed)), client=47808))
    assert told["answered"] is True
    assert "model" not in told


def test_a_forwarded_announcement_is_not_the_forwarders() -> None:
    data = bacnet.encode(bacnet.FORWARDED, bytes.fromhex("c0a80005bac0") + I_AM[4:])
    assert facts(talk(("client", data), client=47808)) == []


def test_questions_alone_are_not_told() -> None:
    said = talk(("client", OWN), ("client", bacnet.who_is()), client=47808)
    assert facts(said) == []
