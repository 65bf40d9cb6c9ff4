"""The upgrade to WebSocket and its frames, against the examples of RFC 6455."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.http import codec as http
from iotscan.protocols.http.websocket import (
    BINARY,
    CLOSE,
    KEY,
    PING,
    PLAIN_MASK,
    TEXT,
    Frame,
    Head,
    Reader,
    accept_value,
    agrees,
    asks_upgrade,
    encode_frame,
    subprotocol,
    upgrade_answer,
    upgrade_request,
)
from iotscan.testing import three_ways

# RFC 6455 section 1.3.
RFC_KEY, RFC_ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
ANSWER = upgrade_answer(KEY, "mqtt")


def read(chunks: Sequence[bytes]) -> list[Head | Frame]:
    reader = Reader()
    items = []
    for chunk in chunks:
        reader.receive(chunk)
        while (item := reader.next()) is not None:
            items.append(item)
    return items


def answer(data: bytes) -> http.Response:
    head = http.parse_response(data)
    assert head is not None
    return head


def test_the_accept_value_is_the_one_of_the_rfc() -> None:
    assert accept_value(RFC_KEY) == RFC_ACCEPT


def test_a_request_says_what_it_asks_for() -> None:
    request = http.parse_request(upgrade_request("192.0.2.1:9001", "/mqtt", "mqtt"))
    assert request is not None
    assert asks_upgrade(request)
    assert subprotocol(request) == "mqtt"
    assert request.target == "/mqtt"
    assert request.header("host") == "192.0.2.1:9001"
    assert request.header("connection") == "Upgrade"


def test_an_answer_agrees_only_to_the_key_that_asked() -> None:
    assert agrees(answer(ANSWER), KEY)
    assert agrees(answer(ANSWER))
    assert not agrees(answer(ANSWER), RFC_KEY)
    assert not agrees(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    assert not asks_upgrade(answer(ANSWER))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("mask", [None, PLAIN_MASK, b"\x37\xfa\x21\x3d"])
def test_frames_of_every_size_come_back(size: int, mask: bytes | None) -> None:
    payload = bytes(i % 251 for i in range(size))
    head, frame = read([ANSWER, encode_frame(payload, mask=mask)])
    assert isinstance(head, http.Response)
    assert frame == Frame(BINARY, payload)


def test_the_masked_hello_of_the_rfc() -> None:
    # Section 5.7: a single-frame masked text message.
    frame = read([ANSWER, bytes.fromhex("818537fa213d7f9f4d5158")])[1]
    assert frame == Frame(TEXT, b"Hello")
    assert encode_frame(b"Hello", TEXT, b"\x37\xfa\x21\x3d").hex() == "818537fa213d7f9f4d5158"


def test_a_mask_of_zeros_leaves_the_payload_readable() -> None:
    assert encode_frame(b"secret", mask=PLAIN_MASK).endswith(b"\0\0\0\0secret")


def test_a_connection_is_read_alike_whole_byte_by_byte_and_with_a_tail() -> None:
    sample = ANSWER + encode_frame(b"\x20\x02\x00\x00") + encode_frame(b"", PING)
    whole, dripped, tailed = three_ways(read, sample, tail=b"\x82\x7e")
    assert [type(item) for item in whole] == [http.Response, Frame, Frame]
    assert whole[1:] == dripped[1:] == tailed[1:]


@pytest.mark.parametrize(
    "wrong",
    [
        b"\xc2\x00",  # a reserved bit: an extension nobody asked for
        b"\x83\x00",  # a reserved opcode
        bytes((0x80 | CLOSE, 126)),  # a long control frame
        bytes((CLOSE, 0)),  # a control frame in parts
        b"\x82\x7f" + (1 << 40).to_bytes(8, "big"),
    ],
)
def test_frames_against_the_rfc_are_malformed(wrong: bytes) -> None:
    reader = Reader(largest=1 << 20)
    reader.receive(ANSWER + wrong)
    assert reader.next() is not None
    with pytest.raises(Malformed):
        reader.next()


def test_another_protocol_is_no_head() -> None:
    with pytest.raises(Malformed):
        read([b"SSH-2.0-dropbear\r\n\r\n"])


@given(st.binary(max_size=80))
def test_garbage_behind_a_head_is_frames_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        read([ANSWER + data])
