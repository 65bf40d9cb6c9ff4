"""S7comm: connection, set-up and name plate against snap7's answers, and what others said."""

from __future__ import annotations

from functools import partial

from iotscan import plugins
from iotscan.model import Ending, Endpoint, Service
from iotscan.protocols.industrial import s7comm
from iotscan.testing import DEVICE, FakeNetwork, Hears, Says, Step, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "s7comm")
# snap7's simulated S7-315; its list of the module with a firmware record added, and names.
CONFIRMED = bytes.fromhex("0300001611d06973000100c0010ac1020100c2020102")
AGREED = bytes.fromhex("0300001b02f080320300000001000800000000f0000001000101e0")
ASKED = s7comm.read_list(2, 0x0011)


def listed(identifier: int, size: int, *records: bytes) -> bytes:
    """A system state list as a controller answers it."""
    content = b"".join(record.ljust(size, b"\0") for record in records)
    told = identifier.to_bytes(2, "big") + b"\0\0" + size.to_bytes(2, "big")
    told += len(records).to_bytes(2, "big") + content
    data = b"\xff\x09" + len(told).to_bytes(2, "big") + told
    head = b"\x32\x07\0\0\0\2\0\x0c" + len(data).to_bytes(2, "big")
    body = b"\x02\xf0\x80" + head + b"\0\1\x12\x08\x12\x84\1\0\0\0\0\0" + data
    return b"\x03\0" + (len(body) + 4).to_bytes(2, "big") + body


MODULE = listed(
    0x0011,
    28,
    b"\0\1" + b"6ES7 315-2EH14-0AB0 " + bytes(6),
    b"\0\7" + b" " * 20 + b"\0\xc0" + b"V\3\2\6",
)
COMPONENT = listed(0x001C, 34, b"\0\1PRESS 4", b"\0\7CPU 315-2 PN/DP")


talk = partial(conversation, port=102)


facts = partial(told_by, PROBE)


def network(*answers: bytes, hint: str = "slot 2") -> FakeNetwork:
    """A controller that gives these answers, one for each request."""
    script: list[Step] = []
    for answer in answers:
        script += [Hears(), Says(answer)]
    service = Service(Endpoint(DEVICE, "tcp", 102), "s7comm", hint=hint)
    return FakeNetwork(service, [script])


async def test_a_name_plate_is_read_with_three_requests() -> None:
    said = await network(CONFIRMED, AGREED, MODULE).play(PROBE)
    assert [turn.data for turn in said.turns if turn.sender == "client"] == [
        s7comm.connect(0x6973, 0x0102),
        s7comm.setup(1),
        s7comm.read_list(2, 0x0011),
    ]
    assert facts(said) == [
        (
            "s7.controller",
            {
                "answered": True,
                "cleartext": True,
                "identified": True,
                "vendor": "Siemens",
                "model": "6ES7 315-2EH14-0AB0",
                "firmware": "V3.2.6",
            },
        )
    ]


async def test_the_slot_that_answered_is_connected_to() -> None:
    said = await network(CONFIRMED, AGREED, MODULE, hint="slot 1").play(PROBE)
    assert said.turns[0].data == s7comm.connect(0x6973, 0x0101)


async def test_a_controller_that_keeps_its_name_plate_is_found_all_the_same() -> None:
    said = await network(CONFIRMED, AGREED).play(PROBE)
    assert said.ending is Ending.COMPLETE
    ((_, told),) = facts(said)
    assert (told["answered"], told["identified"]) == (True, False)


async def test_a_refused_set_up_is_no_talk_and_nothing_more_is_asked() -> None:
    refused = AGREED[:17] + b"\x81\x04" + AGREED[19:]
    said = await network(CONFIRMED, refused).play(PROBE)
    assert len([turn for turn in said.turns if turn.sender == "client"]) == 2
    assert facts(said) == []


async def test_a_server_of_another_protocol_behind_the_same_transport_is_no_controller() -> None:
    talk = await network(CONFIRMED, b"\x03\0\0\x0a\x02\xf0\x80\x60\1\2").play(PROBE)
    assert talk.ending is Ending.WRONG_PROTOCOL


def test_a_controller_is_known_by_the_confirmed_connection() -> None:
    assert PROBE.recognises(CONFIRMED)
    assert not PROBE.recognises(CONFIRMED[:-1])
    assert not PROBE.recognises(bytes.fromhex("0300000b06d06973123400"))
    assert not PROBE.recognises(b"SSH-2.0-x\r\n")


def test_others_talk_is_overheard_on_any_port_and_from_the_middle() -> None:
    (seen,) = PROBE.read(talk(("client", ASKED), ("server", MODULE), port=9, client=40_000))
    assert seen.kind == "s7.overheard"
    assert (seen.facts["peer"], seen.facts["writes"]) == ("192.0.2.7", False)
    assert seen.facts["model"] == "6ES7 315-2EH14-0AB0"
    assert seen.proofs[0].turns == (0, 1)


def test_names_that_others_read_are_overheard() -> None:
    asked = s7comm.read_list(3, 0x001C)
    ((_, told),) = facts(talk(("client", asked), ("server", COMPONENT), client=40_000))
    assert (told["system_name"], told["module_type"]) == ("PRESS 4", "CPU 315-2 PN/DP")


def test_sides_that_were_guessed_wrongly_are_turned_by_what_they_say() -> None:
    (seen,) = PROBE.read(talk(("server", ASKED), ("client", MODULE), port=9, client=8))
    assert str(seen.endpoint) == "192.0.2.7:8/tcp"


def test_a_controller_that_fetches_a_program_is_still_the_controller() -> None:
    job = bytes.fromhex("3201 0000 0007 0012 0000 1b00 000000000000 09") + b"_0A00001P"
    done = bytes.fromhex("3203 0000 0007 0002 0000 0000 1b00")
    fetch, given = (b"\3\0\0" + bytes([len(one) + 7]) + b"\2\xf0\x80" + one for one in (job, done))
    (seen,) = PROBE.read(talk(("server", fetch), ("client", given), port=9, client=8))
    assert str(seen.endpoint.port if seen.endpoint else 0) == "9"
    assert seen.facts["functions"] == ("download block",)


def test_stopping_a_controller_is_a_change() -> None:
    stop = b"\x32\x01\0\0\0\x01\0\x10\0\0\x29" + bytes(6) + b"\x09P_PROGRAM"[:9]
    stop = b"\x03\0" + (len(stop) + 7).to_bytes(2, "big") + b"\x02\xf0\x80" + stop
    ((_, told),) = facts(talk(("client", stop), ("server", AGREED), client=40_000))
    assert told["writes"] is True
    assert "PLC stop" in str(told["functions"])


def test_a_transport_connection_alone_or_questions_alone_are_not_told() -> None:
    assert facts(talk(("client", ASKED), client=40_000)) == []
    only = talk(("client", s7comm.connect(1, 2)), ("server", CONFIRMED), client=40_000)
    assert facts(only) == []
