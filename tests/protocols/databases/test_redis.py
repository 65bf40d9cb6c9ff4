"""Redis's answers: strings that come in pieces, refusals of every age, and other text."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.protocols.databases import redis
from iotscan.testing import three_ways

INFO = b"# Server\r\nredis_version:7.0.15\r\nos:Linux 6.1 x86_64\r\nexecutable:/a:b\r\n"
ANSWER = b"$%d\r\n%s\r\n" % (len(INFO), INFO)


def feed(chunks: Sequence[bytes]) -> bytes:
    heard = b""
    for chunk in chunks:
        heard += chunk
        found = redis.bulk(heard)
        if found is not None:
            return found
    raise AssertionError("the string is not whole")


def test_a_string_is_read_however_it_is_cut() -> None:
    assert three_ways(feed, ANSWER, b"+PONG\r\n") == [INFO] * 3


@pytest.mark.parametrize(
    "heard",
    [b"-NOAUTH Authentication required.\r\n", b"$-1\r\n", b"$9999999\r\n", b"SSH-2.0-x\r\n"],
)
def test_what_is_no_string_is_empty_and_ends_the_wait(heard: bytes) -> None:
    assert redis.bulk(heard) == b""


def test_the_fields_are_taken_apart_at_the_first_colon() -> None:
    assert redis.info(INFO) == {
        "redis_version": b"7.0.15",
        "os": b"Linux 6.1 x86_64",
        "executable": b"/a:b",
    }


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (b"-NOAUTH Authentication required.\r\n", True),
        (b"-NOPERM this user has no permissions to run the 'ping' command\r\n", True),
        (b"-DENIED Redis is running in protected mode because protected mode is enabled", True),
        (b"-ERR operation not permitted\r\n", True),
        (b"-ERR unknown command 'PING'\r\n", False),
        (b"+PONG\r\n", False),
    ],
)
def test_refusals_are_told_from_other_errors(heard: bytes, expected: bool) -> None:
    assert redis.closed(heard) is expected


@given(st.binary(max_size=60) | st.binary(max_size=30).map(lambda tail: b"$20\r\n" + tail))
def test_garbage_never_raises(heard: bytes) -> None:
    found = redis.bulk(heard)
    redis.info(found or b"")
    assert not (redis.pong(heard) and redis.closed(heard))
