"""The strict DNS codec: real messages, pointers that lead astray, garbage, framing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.dns.message import (
    A,
    Message,
    Record,
    frame,
    framed,
    parse,
    query,
    texts,
)
from iotscan.testing import three_ways

# dnsmasq 2.90's answer for www.example.com with an alias, the names packed with pointers.
ANSWER = bytes.fromhex(
    "2d6d81800001000200000000"
    "03777777076578616d706c6503636f6d0000010001"
    "c00c00050001000000b00006036e657ac010"
    "c02d00010001000000750004c0000205"
)


def test_an_answer_is_read_with_its_packed_names() -> None:
    assert parse(ANSWER) == Message(
        0x2D6D,
        True,
        True,
        "NOERROR",
        (("www.example.com", 1, 1),),
        (
            Record("www.example.com", 5, 1, b"\x03nez\xc0\x10"),
            Record("nez.example.com", A, 1, bytes([192, 0, 2, 5])),
        ),
    )


def test_a_question_reads_back() -> None:
    asked = query(7, "lamp.home")
    assert asked[2:4] == b"\x01\x00", "it asks for recursion"
    assert parse(asked) == Message(7, False, False, "NOERROR", (("lamp.home", 1, 1),))


@pytest.mark.parametrize("name", ["", "a..b", "a" * 64, ".".join(["ab"] * 100)])
def test_names_that_cannot_be_asked_for_are_refused(name: str) -> None:
    with pytest.raises(Malformed):
        query(1, name)


@pytest.mark.parametrize("size", range(33))
def test_a_message_cut_before_its_records_is_none(size: int) -> None:
    with pytest.raises(Malformed):
        parse(ANSWER[:size])


@pytest.mark.parametrize("size", [33, 50, 60, len(ANSWER) - 1])
def test_records_that_are_cut_off_are_left_out(size: int) -> None:
    found = parse(ANSWER[:size])
    assert not found.complete
    assert len(found.answers) < 2


@pytest.mark.parametrize("size", [14, 16, 20, 28, 29, 32])
def test_a_question_that_the_capture_cut_is_left_out(size: int) -> None:
    found = parse(ANSWER[:size], cut=True)
    assert (found.id, found.questions, found.answers, found.complete) == (0x2D6D, (), (), False)


@pytest.mark.parametrize("data", [ANSWER[:12], ANSWER[:12] + b"\xc0\x0c", ANSWER[:12] + b"\0\0"])
def test_what_holds_no_beginning_of_a_question_is_none_though_cut(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse(data, cut=True)


def test_bytes_behind_the_last_record_are_noticed() -> None:
    assert not parse(ANSWER + b"\0").complete


@pytest.mark.parametrize(
    "name",
    [b"\xc0\x0c", b"\xc0\x20", b"\xc0\x00", b"\x01a\xc0\x0c", b"\x40" + b"a" * 64, b"\x05ab"],
    ids=["itself", "ahead", "the head", "round", "long label", "cut"],
)
def test_names_that_lead_nowhere_are_refused(name: bytes) -> None:
    with pytest.raises(Malformed):
        parse(query(1, "a")[:12] + name + b"\0\1\0\1")


@pytest.mark.parametrize(
    ("at", "value"),
    [(2, 0x78), (3, 0x40), (3, 0x03), (4, 0x01), (5, 0x05), (6, 0x10), (12, 0xFF)],
    ids=["operation", "reserved", "failed question", "256 questions", "5", "4096 records", "label"],
)
def test_what_cannot_be_a_question_is_refused(at: int, value: int) -> None:
    data = bytearray(query(1, "lamp.home"))
    data[at] = value
    with pytest.raises(Malformed):
        parse(bytes(data))


def test_a_stream_is_framed_however_it_is_cut() -> None:
    def feed(chunks: Sequence[bytes]) -> Message:
        heard = b""
        for chunk in chunks:
            heard += chunk
            whole = framed(heard)
            if whole is not None:
                return parse(whole)
        raise AssertionError("the message is not there")

    ways = three_ways(feed, frame(ANSWER), frame(b"next"))
    assert ways == [parse(ANSWER)] * 3
    assert framed(b"") is None
    assert framed(b"\0") is None


def test_the_strings_of_a_text_record_are_read_as_far_as_they_go() -> None:
    assert texts(Record("v", 16, 3, b"\x03abc\x02de\x09cut")) == (b"abc", b"de")


@given(st.binary(max_size=80) | st.binary(max_size=40).map(lambda tail: ANSWER[:33] + tail))
def test_garbage_is_malformed_or_a_message(data: bytes) -> None:
    try:
        found = parse(data)
    except Malformed:
        return
    assert len(found.questions) <= 4
