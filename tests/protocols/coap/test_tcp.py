"""CoAP's framing over TCP, fed whole, byte by byte and with a tail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.coap import codec as coap
from iotscan.protocols.coap.codec import Message, get
from iotscan.protocols.coap.tcp import decode_tcp, encode_tcp
from iotscan.testing import three_ways

# RFC 8323 section 5.3: Max-Message-Size 1,152 and Block-Wise-Transfer.
GREETING = bytes.fromhex("40e122048020")


def first(chunks: Sequence[bytes]) -> Message | None:
    heard = b""
    for chunk in chunks:
        heard += chunk
        message = decode_tcp(heard)
        if message is not None:
            return message
    return None


def test_our_greeting_is_the_one_of_the_standard() -> None:
    assert encode_tcp(coap.csm(1152)) == GREETING
    greeting = decode_tcp(GREETING)
    assert greeting is not None
    assert (greeting.code, greeting.type, greeting.size) == (coap.CSM, None, 6)
    assert list(greeting.values(coap.MAX_MESSAGE_SIZE)) == [b"\x04\x80"]
    assert greeting.has(coap.BLOCK_WISE)


@pytest.mark.parametrize("size", [0, 12, 13, 268, 269, 5_000, 65_804, 65_805, 70_000])
def test_every_length_form_is_read_three_ways(size: int) -> None:
    message = Message(coap.CONTENT, None, 0, b"tokn", (), b"x" * max(0, size - 1))
    wire = encode_tcp(message)
    # Byte by byte takes the square of the length, so the long ones come whole only.
    ways = [first([wire]), first([wire + b"\x00\x00"])]
    if size < 6_000:
        ways = three_ways(first, wire, tail=GREETING)
    for read in ways:
        assert read == message
        assert read is not None
        assert read.size == len(wire)


def test_the_rest_of_a_stream_begins_where_the_size_says() -> None:
    stream = GREETING + encode_tcp(get("/a", 0, b"1", kind=None))
    greeting = decode_tcp(stream)
    assert greeting is not None
    request = decode_tcp(stream[greeting.size :])
    assert request is not None
    assert (request.code, request.path, request.token) == (coap.GET, "/a", b"1")


def test_an_empty_message_is_read() -> None:
    empty = decode_tcp(b"\x00\x00")
    assert empty is not None
    assert (empty.code, empty.size) == (coap.EMPTY, 2)


@pytest.mark.parametrize(
    "foreign",
    [
        b"SSH-2.0-dropbear\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"220 mail ESMTP\r\n",
        b"\xff\xfd\x18\xff\xfd\x20",
        b"\xf0\xff\xff\xff\xff\x45",  # an announced length of four gigabytes
        b"\x0f\x45",
        b"\x10\x00\xff",
    ],
)
def test_other_protocols_are_refused_as_soon_as_they_show(foreign: bytes) -> None:
    with pytest.raises(Malformed):
        decode_tcp(foreign)


@given(st.binary(max_size=100))
def test_arbitrary_bytes_give_a_message_nothing_or_malformed(data: bytes) -> None:
    try:
        message = decode_tcp(data)
    except Malformed:
        return
    assert message is None or 2 <= message.size <= len(data)
