"""Messages of a first line, fields and a counted body."""

from __future__ import annotations

import re

import pytest

from iotscan.errors import Malformed
from iotscan.protocols.encodings.headed import BODY_LIMIT, HEAD_LIMIT, LINE_LIMIT, Joined, parse

LINE = re.compile(rb"HELLO (?P<who>\w+)")
WHOLE = b"HELLO you\r\nA: 1\r\nContent-Length: 3\r\n\r\nabc"


def test_a_message_is_read_with_its_body_and_where_it_ends() -> None:
    found = parse(b"xx" + WHOLE + b"HELLO", 2, LINE)
    assert found is not None
    assert (found.line["who"], found.header("a"), found.body) == (b"you", "1", b"abc")
    assert found.end == 2 + len(WHOLE)


def test_every_beginning_of_a_message_waits_for_more() -> None:
    assert all(parse(WHOLE[:cut], 0, LINE) is None for cut in range(len(WHOLE)))


def test_a_body_that_was_cut_off_is_given_as_far_as_it_came() -> None:
    found = parse(WHOLE[:-1], 0, LINE, closed=True)
    assert found is not None
    assert (found.body, found.end) == (b"ab", len(WHOLE) - 1)


def test_lone_line_feeds_and_compact_lengths_are_understood() -> None:
    found = parse(b"HELLO you\nl: 2\n\nabX", 0, LINE)
    assert found is not None
    assert found.body == b"ab"


def test_a_length_that_is_no_number_means_no_body() -> None:
    found = parse(b"HELLO you\r\nContent-Length: many\r\n\r\n", 0, LINE)
    assert found is not None
    assert found.body == b""


@pytest.mark.parametrize(
    "data",
    [
        b"GOODBYE\r\n\r\n",
        b"A" * LINE_LIMIT,
        b"HELLO you\r\nA: " + b"a" * (HEAD_LIMIT + 10),
        b"HELLO you\r\nContent-Length: %d\r\n\r\n" % (BODY_LIMIT + 1),
    ],
)
def test_what_is_another_protocol_or_too_long_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse(data, 0, LINE)


def test_joined_turns_know_where_bytes_stand() -> None:
    joined = Joined([(3, b"abc"), (5, b"de"), (8, b"f")])
    assert joined.data == b"abcdef"
    assert joined.between(0, 3) == (3,)
    assert joined.between(2, 4) == (3, 5)
    assert joined.between(5, 6) == (8,)
