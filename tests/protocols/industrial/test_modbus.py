"""Modbus/TCP frames, what can be a question, and identification as pymodbus gives it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.industrial import modbus
from iotscan.protocols.industrial.modbus import Frame, decode, encode

# pymodbus 3.16, configured with these three texts.
ANSWER = bytes.fromhex(
    "696f00000028012b0e018300000300104c616e7465726e20436f6e74726f6c7301054c432d32300205322e342e31"
)


def first(data: bytes) -> Frame:
    found = decode(data)
    assert found is not None
    return found[0]


def test_an_identification_gives_its_objects() -> None:
    assert modbus.identification(first(ANSWER)) == {
        0: b"Lantern Controls",
        1: b"LC-20",
        2: b"2.4.1",
    }


def test_the_request_reads_basic_identification_and_nothing_else() -> None:
    assert modbus.identify(0x696F, 255) == bytes.fromhex("696f00000005ff2b0e0100")


FRAMES = st.builds(
    Frame,
    st.integers(0, 0xFFFF),
    st.integers(0, 255),
    st.sampled_from(sorted(modbus.FUNCTIONS)),
    st.binary(max_size=252),
) | st.builds(
    Frame,
    st.integers(0, 0xFFFF),
    st.integers(0, 255),
    st.sampled_from(sorted(modbus.FUNCTIONS)),
    st.just(b""),
    st.sampled_from(sorted(modbus.EXCEPTIONS)),
)


@given(frame=FRAMES)
def test_what_is_written_reads_back(frame: Frame) -> None:
    assert decode(encode(frame)) == (frame, len(encode(frame)))


@pytest.mark.parametrize(
    "data",
    [
        "0001000100060103000000 01",  # another protocol identifier
        "000100000006016300000001",  # no such function
        "00010000000101",  # too short to hold a function
        "0001000001060103",  # longer than a PDU may be
        "000100000003018300",  # no exception has the code 0
        "00010000000401830201",  # an exception with more than its code
    ],
)
def test_what_is_not_modbus_is_malformed(data: str) -> None:
    with pytest.raises(Malformed):
        decode(bytes.fromhex(data) + bytes(8))


@pytest.mark.parametrize("cut", range(9, len(ANSWER) - 1))
def test_a_damaged_identification_is_malformed(cut: int) -> None:
    frame = first(ANSWER)
    shorter = Frame(frame.transaction, frame.unit, frame.function, frame.data[: cut - 8])
    with pytest.raises(Malformed):
        modbus.identification(shorter)


def test_an_answer_fits_its_question_by_number_unit_function_and_form() -> None:
    asked = Frame(1, 10, 3, b"\0\0\0\2")
    assert asked.could_ask()
    assert not Frame(1, 10, 3, b"\4\0\0\0\0").could_ask()
    assert not Frame(1, 10, 3, b"", 2).could_ask()
    assert Frame(1, 10, 3, b"\4\0\0\0\0").answers(asked)
    assert Frame(1, 10, 3, b"", 2).answers(asked)
    assert not Frame(1, 10, 3, b"\5\0\0\0\0").answers(asked)
    assert not Frame(2, 10, 3, b"\4\0\0\0\0").answers(asked)
    assert not Frame(1, 11, 3, b"", 2).answers(asked)
    written = Frame(1, 10, 5, b"\0\1\xff\0")
    assert written.answers(written)
    assert not Frame(1, 10, 5, b"\0\2\xff\0").answers(written)


@pytest.mark.parametrize(
    ("function", "size"),
    [(1, 4), (4, 4), (5, 4), (6, 4), (7, 0), (11, 0), (12, 0), (17, 0), (22, 6)],
)
def test_a_request_is_as_long_as_its_function_wants(function: int, size: int) -> None:
    """MODBUS Application Protocol 1.1b3, section 6."""
    assert Frame(1, 1, function, bytes(size)).could_ask()
    assert not Frame(1, 1, function, bytes(size + 1)).could_ask()
    assert not Frame(1, 1, function, bytes(size), exception=1).could_ask()
