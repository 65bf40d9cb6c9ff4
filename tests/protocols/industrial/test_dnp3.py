"""DNP3 link frames: check sums, blocks, and where an application message begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.industrial import dnp3
from iotscan.protocols.industrial.dnp3 import Link, decode, encode

LINKS = st.builds(
    Link,
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    st.binary(max_size=250),
)


def bit_by_bit(data: bytes) -> bytes:
    """The check sum as the standard draws it, for comparison."""
    value = 0
    for byte in data:
        for bit in range(8):
            odd = (value ^ byte >> bit) & 1
            value = value >> 1 ^ (0xA6BC if odd else 0)
    return (~value & 0xFFFF).to_bytes(2, "little")


@given(data=st.binary(max_size=40))
def test_the_check_sum_is_the_standards(data: bytes) -> None:
    assert dnp3.check_sum(data) == bit_by_bit(data)


@given(link=LINKS)
def test_what_is_written_reads_back(link: Link) -> None:
    assert decode(encode(link)) == (link, len(encode(link)))


@given(link=LINKS, place=st.integers(0, 300), bit=st.integers(0, 7))
def test_a_flipped_bit_does_not_pass(link: Link, place: int, bit: int) -> None:
    data = bytearray(encode(link))
    data[place % len(data)] ^= 1 << bit
    try:
        assert decode(bytes(data)) is None
    except Malformed:
        return


def test_the_question_for_the_link_is_of_the_link_layer_only() -> None:
    asked = decode(dnp3.request_status(10, 100))
    assert asked is not None
    assert asked[0] == Link(0xC9, 10, 100, b"")
    assert asked[0].from_master
    assert dnp3.application_function(asked[0]) is None


@pytest.mark.parametrize(
    ("link", "function"),
    [
        (Link(0x44, 1, 10, b"\xc0\xc1\x81"), 129),  # the first and last segment
        (Link(0xC4, 10, 1, b"\x41\xc1\x01"), 1),  # the first of several
        (Link(0xC4, 10, 1, b"\x81\xc1\x01"), None),  # the last of several
        (Link(0xC4, 10, 1, b"\xc1\xc1"), None),  # too short
        (Link(0xC4, 10, 1, b"\xc1\xc1\x63"), None),  # no such function
        (Link(0xC0, 10, 1, b"\xc1\xc1\x01"), None),  # no user data
    ],
)
def test_an_application_message_begins_in_a_first_segment(link: Link, function: int | None) -> None:
    assert dnp3.application_function(link) == function
