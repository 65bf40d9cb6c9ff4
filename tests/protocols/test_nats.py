"""NATS's greeting: what version 2.9 sends, in pieces, and what is no greeting."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.nats import Greeting, parse_greeting
from iotscan.testing import three_ways

OPEN = b'INFO {"server_id":"NBQX","version":"2.9.10","proto":1,"max_payload":1048576} \r\n'


def feed(chunks: Sequence[bytes]) -> Greeting:
    heard = b""
    for chunk in chunks:
        heard += chunk
        found = parse_greeting(heard)
        if found is not None:
            return found
    raise AssertionError("the greeting is not whole")


def test_a_greeting_is_read_however_it_is_cut() -> None:
    assert three_ways(feed, OPEN, b"PING\r\n") == [Greeting("2.9.10", False, False)] * 3


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b'"auth_required":true', Greeting("2.9.10", True, False)),
        (b'"nonce":"abc"', Greeting("2.9.10", True, False)),
        (b'"auth_required":false', Greeting("2.9.10", False, False)),
        (b'"tls_required":true', Greeting("2.9.10", False, True)),
    ],
)
def test_what_it_asks_of_clients_is_read(field: bytes, expected: Greeting) -> None:
    assert parse_greeting(OPEN.replace(b'"proto":1', field)) == expected


@pytest.mark.parametrize(
    "heard",
    [b"INFX", b"INFO {]\r\n", b"INFO []\r\n", b"INFO {}\r\n", b"INFO " + b"[" * 20_000 + b"\r\n",
     b"INFO " + b" " * 40_000],
)  # fmt: skip
def test_what_is_no_greeting_is_refused(heard: bytes) -> None:
    with pytest.raises(Malformed):
        parse_greeting(heard)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"INFO {" + tail))
def test_garbage_is_malformed_or_waited_for(heard: bytes) -> None:
    try:
        parse_greeting(heard)
    except Malformed:
        return
