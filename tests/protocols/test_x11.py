"""X11's answer to a set-up."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.x11 import AUTHENTICATE, FAILED, SETUP, SUCCESS, Answer, take


def success(vendor: bytes, units: int = 40) -> bytes:
    head = struct.pack("<BBHHH", SUCCESS, 0, 11, 0, units)
    return (
        head
        + struct.pack("<I", 12_101_007)
        + bytes(12)
        + struct.pack("<H", len(vendor))
        + (bytes(14) + vendor)
    )


def refusal(reason: bytes) -> bytes:
    units = (len(reason) + 3) // 4
    head = struct.pack("<BBHHH", FAILED, len(reason), 11, 0, units)
    return head + reason.ljust(4 * units, b"\0")


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (success(b"The X.Org Foundation"), Answer(SUCCESS, "The X.Org Foundation", 12_101_007)),
        (refusal(b"No protocol specified\n"), Answer(FAILED, "No protocol specified\n")),
        (refusal(b""), Answer(FAILED, "")),
        (struct.pack("<B5xH", AUTHENTICATE, 1) + b"why\0", Answer(AUTHENTICATE, "why")),
    ],
)
def test_answers_are_read_as_soon_as_they_can_be(raw: bytes, answer: Answer) -> None:
    assert take(raw) == take(raw + b"more") == answer
    for end in range(len(raw)):
        assert take(raw[:end]) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1",
        b"\3" + bytes(20),
        struct.pack("<BBHHH", FAILED, 4, 10, 0, 1) + b"oldx",
        struct.pack("<BBHHH", FAILED, 40, 11, 0, 1) + b"long",
        struct.pack("<BBHHH", SUCCESS, 0, 11, 0, 1) + bytes(40),
        success(b"x" * 300, units=20),
        struct.pack("<BBHHH", SUCCESS, 0, 11, 0, 0xFFFF),
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        take(raw)


def test_the_question_holds_no_key() -> None:
    assert SETUP == b"l\0\x0b\0\0\0\0\0\0\0\0\0"


@given(st.binary(max_size=60))
def test_garbage_is_refused_or_waited_for(raw: bytes) -> None:
    try:
        take(raw)
    except Malformed:
        return
