"""Google Cast messages, against bytes that pychromecast's generated classes made."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import cast
from iotscan.protocols.makers.cast import Message, Status
from iotscan.testing import three_ways

CONNECT = bytes.fromhex(
    "000000670800120873656e6465722d301a0a72656365697665722d30222875726e3a782d636173743a636f6d2e676f"
    "6f676c652e636173742e74702e636f6e6e656374696f6e280032217b2274797065223a2022434f4e4e454354222c20"
    "226f726967696e223a207b7d7d"
)
GET_STATUS = bytes.fromhex(
    "000000670800120873656e6465722d301a0a72656365697665722d30222375726e3a782d636173743a636f6d2e676f"
    "6f676c652e636173742e7265636569766572280032267b2274797065223a20224745545f535441545553222c202272"
    "657175657374496422 3a20317d"
)
STATUS = bytes.fromhex(
    "000000f50800120a72656365697665722d301a0873656e6465722d30222375726e3a782d636173743a636f6d2e676f"
    "6f676c652e636173742e7265636569766572280032b3017b22726571756573744964223a312c22737461747573223a"
    "7b226170706c69636174696f6e73223a5b7b226170704964223a224343333245373533222c22646973706c61794e61"
    "6d65223a2253706f74696679222c2273746174757354657874223a2243617374696e673a20536f6e67227d5d2c2276"
    "6f6c756d65223a7b226c6576656c223a302e352c226d75746564223a66616c73657d7d2c2274797065223a22524543"
    "45495645525f535441545553227d"
)
RECEIVER = "urn:x-cast:com.google.cast.receiver"


def test_the_question_is_what_the_client_library_writes() -> None:
    assert cast.question() == CONNECT + GET_STATUS


@pytest.mark.parametrize("sample", [CONNECT, GET_STATUS, STATUS])
def test_messages_are_taken_however_they_arrive(sample: bytes) -> None:
    def feed(chunks: Sequence[bytes]) -> tuple[Message, int] | None:
        heard = b""
        for chunk in chunks:
            heard += chunk
            if found := cast.take(heard):
                return found
        return None

    whole, dripped, tailed = three_ways(feed, sample, b"\x00\x00\x00\x07tail")
    assert whole == dripped == tailed
    assert whole is not None
    assert whole[1] == len(sample)
    assert whole[0].encode() == sample


def test_a_status_tells_what_runs() -> None:
    found = cast.take(STATUS)
    assert found is not None
    assert cast.parse_status(found[0]) == Status(("Spotify",), ("Casting: Song",))


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"RECEIVER_STATUS"}',
        '{"type":"RECEIVER_STATUS","status":[]}',
        '{"type":"RECEIVER_STATUS","status":{"applications":[1,{"displayName":5}]}}',
    ],
)
def test_a_status_of_nothing_is_a_status(text: str) -> None:
    assert cast.parse_status(Message("receiver-0", "*", RECEIVER, text)) == Status()


@pytest.mark.parametrize(
    "message",
    [
        Message("receiver-0", "*", RECEIVER, '{"type":"LAUNCH_ERROR"}'),
        Message("receiver-0", "*", RECEIVER, "[]"),
        Message("receiver-0", "*", RECEIVER, "["),
        Message("receiver-0", "*", RECEIVER, "[" * 20_000),
        Message("receiver-0", "*", "urn:x-cast:a", '{"type":"RECEIVER_STATUS"}'),
    ],
)
def test_other_messages_are_no_status(message: Message) -> None:
    with pytest.raises(Malformed):
        cast.parse_status(message)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00\x00\x00",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\x00\x00\x02\x08\x00",
        Message("a", "b", "urn:other", "").encode(),
        Message("", "b", RECEIVER, "").encode(),
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        cast.take(data)


@given(st.binary(max_size=80))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    for sample in (data, len(data).to_bytes(4, "big") + data):
        try:
            cast.take(sample)
        except Malformed:
            continue
