"""LIFX frames, against what an independent library (lifxlan 1.2.9) makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import lifx

SERVICE = bytes.fromhex(
    "2900001453544f49d073d501020300000000000000000000000000000000000003000000017cdd0000"
)
VERSION = bytes.fromhex(
    "3000001453544f49d073d501020300000000000000000001000000000000000021000000"
    "010000001b00000000000000"
)
FIRMWARE = bytes.fromhex(
    "3800001453544f49d073d50102030000000000000000000200000000000000000f000000"
    "009418581c05d914000000000000000050000200"
)
LABEL = bytes.fromhex(
    "4400001453544f49d073d501020300000000000000000003000000000000000019000000"
    "416e6e612773206c616d70000000000000000000000000000000000000000000"
)
COMMON = {
    "protocol": "LIFX",
    "vendor": "LIFX",
    "device_kind": "bulb",
    "open": True,
    "how": "nothing in its protocol says who sends an order",
}


def test_the_question_differs_from_others_in_its_sender_alone() -> None:
    other = bytes.fromhex(
        "2400003453544f4900000000000000000000000000000000000000000000000002000000"
    )
    assert lifx.WHO[:4] + lifx.WHO[8:] == other[:4] + other[8:]
    assert int.from_bytes(lifx.WHO[4:8], "little") > 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (SERVICE, {}),
        (VERSION, {"model": "product 27"}),
        (FIRMWARE, {"firmware": "2.80"}),
        (LABEL, {"name": "Anna's lamp"}),
    ],
)
def test_answers_tell_what_was_asked(data: bytes, told: dict[str, str]) -> None:
    device = lifx.read(data)
    assert device.facts() == COMMON | told
    assert device.numbers == ("d0:73:d5:01:02:03",)


@pytest.mark.parametrize("question", [lifx.WHO, lifx.VERSION, lifx.FIRMWARE, lifx.LABEL])
def test_questions_are_no_answers(question: bytes) -> None:
    assert lifx.decode(question).payload == b""
    with pytest.raises(Malformed):
        lifx.read(question)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SERVICE[:-1],
        SERVICE + b"\0",
        SERVICE[:3] + b"\x10" + SERVICE[4:],  # not addressable
        SERVICE[:8] + bytes(8) + SERVICE[16:],  # from nobody
        SERVICE[:8] + b"\x01" + SERVICE[9:],  # from a group
        SERVICE[:36] + b"\5" + SERVICE[37:],  # another service
        b"\x2a" + SERVICE[1:] + b"\0",
    ],
)
def test_what_is_no_answer_of_a_lamp_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        lifx.read(data)


def test_a_product_of_somebody_else_has_no_name_here() -> None:
    foreign = VERSION[:36] + b"\2" + VERSION[37:]
    assert lifx.read(foreign).model == ""


@given(st.binary(max_size=80))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    for said in (data, (36 + len(data)).to_bytes(2, "little") + SERVICE[2:36] + data):
        try:
            lifx.read(said)
        except Malformed:
            continue
