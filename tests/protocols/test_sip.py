"""SIP messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols import sip

ANSWER = b"SIP/2.0 401 Unauthorized\r\ni: 7@a\r\nCSeq:  2   REGISTER\r\nl: 2\r\n\r\nab"


def test_an_answer_is_read_with_its_compact_names() -> None:
    found = sip.parse_message(ANSWER)
    assert (found.status, found.method, found.end) == (401, "", len(ANSWER))
    assert found.transaction == ("7@a", "2 REGISTER")


def test_our_question_is_a_request_that_rings_at_nobody() -> None:
    found = sip.parse_message(sip.options("udp"))
    assert (found.method, found.status) == ("OPTIONS", 0)
    assert found.header("via").startswith("SIP/2.0/UDP ")
    assert found.header("content-length") == "0"


@pytest.mark.parametrize(
    ("heard", "known"),
    [(ANSWER, True), (b"SIP/2.0 200 OK\r\n", True), (sip.options("tcp"), False), (b"SIP", False)],
)
def test_only_a_status_line_is_an_answer(heard: bytes, known: bool) -> None:
    assert sip.is_answer(heard) is known


def test_messages_of_a_stream_are_found_past_garbage() -> None:
    said = [(0, b"\0\0\r\n\r\n"), (4, ANSWER[:9]), (5, ANSWER[9:] + sip.options("tcp"))]
    found = [(message.method or message.status, turns) for message, turns in sip.messages(said)]
    assert found == [(401, (4, 5)), ("OPTIONS", (5,))]


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"REGISTER sip:a SIP/2.0\r\n"])
def test_what_is_not_sip_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        sip.parse_message(data)


@given(st.lists(st.binary(max_size=80) | st.sampled_from([ANSWER, b"SIP/2.0 200 "]), max_size=9))
def test_garbage_never_raises(parts: list[bytes]) -> None:
    assert len(list(sip.messages(list(enumerate(parts))))) <= sip.MOST
