"""The data types of MQTT: lengths, strings, properties."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.mqtt.wire import (
    LARGEST,
    Cursor,
    Property,
    PropertyValue,
    encode_binary,
    encode_properties,
    encode_varint,
)


# MQTT 5.0 table 1-1.
@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8001"),
        (16_383, "ff7f"),
        (16_384, "808001"),
        (2_097_152, "80808001"),
        (LARGEST, "ffffff7f"),
    ],
)
def test_lengths_are_those_of_the_standard(value: int, wire: str) -> None:
    assert encode_varint(value).hex() == wire
    assert Cursor(bytes.fromhex(wire)).varint() == value


def test_a_fifth_byte_of_a_length_is_malformed() -> None:
    with pytest.raises(Malformed, match="four bytes"):
        Cursor(b"\x80\x80\x80\x80\x01").varint()


@pytest.mark.parametrize("value", [-1, LARGEST + 1])
def test_a_length_that_does_not_fit_is_not_written(value: int) -> None:
    with pytest.raises(Malformed):
        encode_varint(value)


@pytest.mark.parametrize("raw", [b"\x00\x01\x00", b"\x00\x02\xc3\x28", b"\x00\x03\xed\xa0\x80"])
def test_strings_with_null_broken_utf8_or_surrogates_are_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        Cursor(raw).text()


def test_a_field_longer_than_its_packet_is_malformed() -> None:
    with pytest.raises(Malformed, match="3 left"):
        Cursor(b"\x00\x05abc").binary()


def test_a_field_above_64_kb_is_not_written() -> None:
    with pytest.raises(Malformed):
        encode_binary(bytes(65_536))


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        ("027f01", "not in the standard"),
        ("0421000122000a", "0 left"),
        ("0621000121000a", "given twice"),
    ],
)
def test_unknown_repeated_or_cut_properties_are_malformed(wire: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        Cursor(bytes.fromhex(wire)).properties()


@pytest.mark.parametrize(
    "wrong",
    [
        Property("no_such_thing", 1),
        Property("receive_maximum", 65_536),
        Property("reason_string", b"bytes"),
        Property("user_property", "one"),
    ],
)
def test_values_that_no_property_can_carry_are_not_written(wrong: Property) -> None:
    with pytest.raises(Malformed):
        encode_properties([wrong])


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES: list[st.SearchStrategy[tuple[str, PropertyValue]]] = [
    st.tuples(st.just("maximum_qos"), st.integers(0, 255)),
    st.tuples(st.just("server_keep_alive"), st.integers(0, 65_535)),
    st.tuples(st.just("maximum_packet_size"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("reason_string"), TEXT),
    st.tuples(st.just("authentication_data"), st.binary(max_size=12)),
]
REPEATED: list[st.SearchStrategy[tuple[str, PropertyValue]]] = [
    st.tuples(st.just("user_property"), st.tuples(TEXT, TEXT)),
    st.tuples(st.just("subscription_identifier"), st.integers(1, LARGEST)),
]
PROPERTIES = st.builds(
    lambda single, many: tuple(Property(*item) for item in (*single, *many)),
    st.lists(st.one_of(VALUES), unique_by=lambda item: item[0]),
    st.lists(st.one_of(REPEATED), max_size=3),
)


@given(PROPERTIES)
def test_properties_come_back_as_they_were_written(properties: tuple[Property, ...]) -> None:
    cursor = Cursor(encode_properties(properties) + b"tail")
    assert cursor.properties() == properties
    assert cursor.rest() == b"tail"


@given(st.binary(max_size=40))
def test_garbage_in_place_of_properties_is_malformed_and_nothing_else(data: bytes) -> None:
    with suppress(Malformed):
        Cursor(data).properties()
