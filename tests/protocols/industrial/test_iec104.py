"""IEC 60870-5-104 frames: what exists and what does not, and who says it."""

from __future__ import annotations

import pytest

from iotscan.errors import Malformed
from iotscan.protocols.industrial import iec104
from iotscan.protocols.industrial.iec104 import Frame, decode

# A measured value (type 13) of station 47, sent spontaneously, behind its control fields.
VALUE = bytes.fromhex("6812000000000d0103002f000b00000000b84100")


def test_unnumbered_frames_say_what_they_do() -> None:
    assert decode(iec104.TEST) == (Frame(iec104.TEST_ACT), 6)
    assert decode(b"\x68\x04\x83\0\0\0") == (Frame(iec104.TEST_CON), 6)


def test_a_supervisory_frame_has_neither() -> None:
    assert decode(b"\x68\x04\x01\0\x02\0") == (Frame(), 6)


def test_an_information_frame_has_a_type_and_a_number() -> None:
    assert decode(VALUE) == (Frame(0, 13, 0, True), len(VALUE))
    counted = VALUE.replace(b"\x12\0\0\0\0", b"\x12\x2c\x7e\0\0", 1)
    assert decode(counted) == (Frame(0, 13, 0x3F16, True), len(VALUE))
    assert iec104.follows(0, 0x7FFF)


@pytest.mark.parametrize(
    ("structure", "objects", "fits"),
    [
        (2, b"\x0b\0\0" + bytes(5) + b"\x0c\0\0" + bytes(5), True),
        (0x82, b"\x0b\0\0" + bytes(10), True),
        (3, b"\x0b\0\0" + bytes(10), False),
    ],
)
def test_its_objects_tell_how_long_it_is(structure: int, objects: bytes, fits: bool) -> None:
    body = bytes(4) + bytes([13, structure, 3, 0, 47, 0]) + objects
    read = decode(b"\x68" + bytes([len(body)]) + body)
    assert read is not None
    assert read[0].fits is fits


def test_segments_of_files_are_as_long_as_they_say() -> None:
    read = decode(bytes.fromhex("680f000000007d010d002f000b00000102"[:34]))
    assert read is not None
    assert read[0].fits is None


@pytest.mark.parametrize(
    ("frame", "asks"),
    [
        (Frame(iec104.START_ACT), True),
        (Frame(iec104.START_CON), False),
        (Frame(iec104.TEST_ACT), None),
        (Frame(0, 13), False),
        (Frame(0, 100), None),
        (Frame(), None),
    ],
)
def test_some_frames_tell_who_says_them(frame: Frame, asks: bool | None) -> None:
    assert iec104.asks(frame) is asks


@pytest.mark.parametrize(
    "data",
    [
        "680343000000",  # too short
        "680443000001",  # an unnumbered frame with a number
        "6804ff000000",  # no such unnumbered frame
        "680401010200",  # a supervisory frame with a send number
        "680400000000",  # an information frame without information
        "680e00000000ff0103002f000b000000",  # no such type
        "680e000000000d0003002f000b000000",  # no objects
        "680e000000000d0100002f000b000000",  # no cause
        "474554202f20",
    ],
)
def test_what_is_not_iec_104_is_malformed(data: str) -> None:
    with pytest.raises(Malformed):
        decode(bytes.fromhex(data))
