"""miIO's hello: which answers show a key, and that the key itself goes nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import miio

KEY = "476e6b70343055483230644c53707a73"


def answer(
    key: str, number: str = "0e254488", head: str = "21310020", zero: str = "0" * 8
) -> bytes:
    return bytes.fromhex(head + zero + number + "000003a3" + key)


def test_the_hello_is_as_published() -> None:
    assert miio.QUESTION.hex() == "21310020" + "ff" * 28


def test_a_device_that_shows_its_key_is_open_and_waits_for_its_owner() -> None:
    device = miio.read_hello(answer(KEY))
    assert device.facts() == {
        "protocol": "miIO",
        "open": True,
        "how": "it tells its key to whoever says hello",
        "setup": True,
    }
    assert (device.numbers, device.serial) == (("237323400",), True)
    assert KEY not in repr(device)


@pytest.mark.parametrize("hidden", ["ff" * 16, "00" * 16])
def test_a_paired_device_hides_its_key_and_whether_it_is_set_up_is_not_known(hidden: str) -> None:
    assert miio.read_hello(answer(hidden)).facts() == {"protocol": "miIO", "open": False}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        miio.QUESTION,
        answer(KEY)[:-1],
        answer(KEY) + b"\0",
        answer(KEY, number="ffffffff"),
        answer(KEY, number="00000000"),
        answer(KEY, head="21310040"),
        answer(KEY, head="22310020"),
        answer(KEY, zero="00000001"),
    ],
)
def test_questions_and_other_messages_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        miio.read_hello(data)


@given(st.binary(max_size=40))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    for said in (data, bytes.fromhex("21310020") + data):
        try:
            miio.read_hello(said)
        except Malformed:
            continue
