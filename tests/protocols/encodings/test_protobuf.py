"""Protocol Buffers: what protobuf.dev prints, and what is cut off or too large."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.encodings import protobuf

# The examples of the page on the encoding: a = 150 in field 1; b = "testing" in field 2.
NUMBER, TEXT = bytes.fromhex("089601"), bytes.fromhex("120774657374696e67")


def test_the_printed_examples_are_read_and_written() -> None:
    assert protobuf.fields(NUMBER + TEXT) == {1: 150, 2: b"testing"}
    assert protobuf.put(1, 150) + protobuf.put(2, "testing") == NUMBER + TEXT
    assert protobuf.varint(NUMBER, 1) == (150, 3)


def test_words_of_fixed_length_are_numbers() -> None:
    data = b"\x0d\x01\x00\x00\x00" + b"\x11" + (7).to_bytes(8, "little")
    assert protobuf.fields(data) == {1: 1, 2: 7}


def test_the_last_value_of_a_field_counts() -> None:
    assert protobuf.fields(protobuf.put(1, 1) + protobuf.put(1, 2)) == {1: 2}


def test_missing_fields_are_the_defaults() -> None:
    found = protobuf.fields(NUMBER)
    assert (protobuf.number(found.get(2)), protobuf.text(found.get(2))) == (0, "")
    assert (protobuf.number(b"x"), protobuf.text(5)) == (0, "")


@pytest.mark.parametrize("length", range(len(NUMBER + TEXT)))
def test_a_message_that_is_cut_off_is_refused(length: int) -> None:
    if length in (0, len(NUMBER)):
        assert protobuf.fields((NUMBER + TEXT)[:length]) is not None
    else:
        with pytest.raises(Malformed):
            protobuf.fields((NUMBER + TEXT)[:length])


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01",
        b"\x0b",
        b"\x0f\x01",
        b"\x08" + b"\xff" * 10,
        b"\x12\xff\xff\xff\xff\x0f",
        b"\x0d\x01\x00",
        b"\xf8\xff\xff\xff\xff\x01\x01",
        protobuf.put(1, 1) * 5000,
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        protobuf.fields(data)


def test_a_number_may_be_incomplete() -> None:
    assert protobuf.varint(b"\x96") is None
    assert protobuf.varint(b"") is None


@given(st.dictionaries(st.integers(1, 5000), st.integers(0, 2**64 - 1) | st.binary(max_size=40)))
def test_what_is_written_is_read_again(said: dict[int, int | bytes]) -> None:
    data = b"".join(protobuf.put(field, value) for field, value in said.items())
    assert protobuf.fields(data) == said


@given(st.binary(max_size=60))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    try:
        protobuf.fields(data)
    except Malformed:
        return
