"""A broker's start, built by the specification's grammar, and what cannot be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.amqp import codec as amqp
from iotscan.protocols.amqp.codec import Method
from iotscan.protocols.amqp.start import Start, anonymous_start_ok, parse_start


def long(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def field(name: bytes, kind: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + kind + value


CAPABILITIES = field(b"basic.nack", b"t", b"\1") + field(b"deep", b"F", long(b"\1at\1"))
TABLE = (
    field(b"capabilities", b"F", long(CAPABILITIES))
    + field(b"product", b"S", long(b"RabbitMQ"))
    + field(b"number", b"l", bytes(8))
    + field(b"version", b"S", long(b"3.10.8"))
)
ARGUMENTS = b"\x00\x09" + long(TABLE) + long(b"PLAIN AMQPLAIN ANONYMOUS") + long(b"en_US")


def test_a_start_is_read() -> None:
    expected = Start(
        {"product": "RabbitMQ", "version": "3.10.8"}, ("PLAIN", "AMQPLAIN", "ANONYMOUS")
    )
    assert parse_start(Method(amqp.START, ARGUMENTS)) == expected


@pytest.mark.parametrize("size", range(len(ARGUMENTS)))
def test_a_start_that_is_cut_short_is_refused(size: int) -> None:
    with pytest.raises(Malformed):
        parse_start(Method(amqp.START, ARGUMENTS[:size]))


@pytest.mark.parametrize(
    "table",
    [field(b"a", b"?", b""), b"".join(field(b"%d" % i, b"S", long(b"")) for i in range(99))],
    ids=["unknown type", "too many"],
)
def test_broken_tables_are_refused(table: bytes) -> None:
    with pytest.raises(Malformed):
        parse_start(Method(amqp.START, b"\x00\x09" + long(table) + long(b"") + long(b"")))


def test_nobodys_login_is_a_frame_like_any_other() -> None:
    taken = amqp.take(anonymous_start_ok())
    assert taken is not None
    method, size = taken
    assert isinstance(method, Method)
    assert (method.number, size) == (amqp.START_OK, len(anonymous_start_ok()))
    assert amqp.start_ok(method) == ("ANONYMOUS", b"")


@given(st.binary(max_size=60))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    try:
        parse_start(Method(amqp.START, b"\x00\x09" + data))
    except Malformed:
        return
