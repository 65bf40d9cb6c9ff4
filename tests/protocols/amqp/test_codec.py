"""The opening of AMQP connections."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.amqp.codec import (
    Header,
    Method,
    Other,
    SaslInit,
    SaslOutcome,
    amqplain_user,
    start_ok,
    take,
)


def frame(payload: bytes, kind: int = 1) -> bytes:
    return struct.pack(">BHI", kind, 0, len(payload)) + payload + b"\xce"


def ok(mechanism: bytes, response: bytes) -> bytes:
    short = bytes([len(mechanism)]) + mechanism
    answer = len(response).to_bytes(4, "big") + response
    return frame(struct.pack(">HH", 10, 11) + b"\0\0\0\0" + short + answer + b"\x05en_US")


# pika's PLAIN response and RabbitMQ's AMQPLAIN table.
TABLE = b"\x05LOGINS\0\0\0\x03cam\x08PASSWORDS\0\0\0\x06s3cret"


def sasl(kind: int, values: bytes) -> bytes:
    body = b"\x00\x53" + bytes([kind]) + b"\xc0" + bytes([len(values) + 1, 2]) + values
    return struct.pack(">IBBH", 8 + len(body), 2, 1, 0) + body


@pytest.mark.parametrize(
    ("raw", "item"),
    [
        (b"AMQP\0\0\x09\x01", Header("0-9-1")),
        (b"AMQP\x03\x01\0\0", Header("1.0 with SASL")),
        (frame(struct.pack(">HH", 10, 30) + b"x"), Method(30, b"x")),
        (frame(struct.pack(">HH", 60, 40)), Other((60, 40))),
        (frame(struct.pack(">HH", 60, 41)), Other()),
        (frame(b"", 8), Other()),
        (sasl(0x41, b"\xa3\x05PLAIN\xa0\x0b\0cam\0s3cret"), SaslInit("PLAIN", b"\0cam\0s3cret")),
        (sasl(0x44, b"\x50\x00\x40"), SaslOutcome(0)),
    ],
)
def test_headers_and_frames_are_read(raw: bytes, item: object) -> None:
    assert take(raw + b"more") == (item, len(raw))
    for end in range(1, len(raw)):
        assert take(raw[:end]) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"AMQP\x09\0\0\0",
        frame(b"abcd")[:-1] + b"\0",
        b"\x01\0\0\xff\xff\xff\xff\xff",
        b"GET / HT",
        b"\x16\x03\x01\x02\0\x01\0\x01",
    ],
)
def test_what_is_no_amqp_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        take(raw)


def test_a_start_ok_holds_mechanism_and_response() -> None:
    found = take(ok(b"PLAIN", b"\0cam\0s3cret"))
    assert found is not None
    method, _ = found
    assert isinstance(method, Method)
    assert start_ok(method) == ("PLAIN", b"\0cam\0s3cret")
    with pytest.raises(Malformed):
        start_ok(Method(11, method.arguments[:12]))


@pytest.mark.parametrize(
    ("table", "user"),
    [(TABLE, b"cam"), (TABLE[:13], None), (b"", None), (b"\x05LOGINI\0\0\0\1", None)],
)
def test_amqplain_holds_a_name_and_a_password(table: bytes, user: bytes | None) -> None:
    assert amqplain_user(table) == user


@given(st.binary(max_size=60))
def test_garbage_is_refused_or_waited_for(raw: bytes) -> None:
    with contextlib.suppress(Malformed):
        take(raw)
    amqplain_user(raw)
    with contextlib.suppress(Malformed):
        start_ok(Method(11, raw))
