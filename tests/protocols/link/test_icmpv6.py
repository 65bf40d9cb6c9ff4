"""Echo of ICMPv6 against scapy's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest

from iotscan.errors import Malformed
from iotscan.protocols.link import icmpv6


@given(st.integers(0, 65535), st.integers(0, 65535), st.binary(max_size=64))
def test_a_request_is_what_scapy_reads(identifier: int, sequence: int, data: bytes) -> None:
    read = ICMPv6EchoRequest(icmpv6.echo_request(identifier, sequence, data))
    assert (read.type, read.code, read.id, read.seq) == (128, 0, identifier, sequence)
    assert read.data == data


@given(st.binary(max_size=64))
def test_a_reply_brings_the_data_back(data: bytes) -> None:
    assert icmpv6.echo_reply(bytes(ICMPv6EchoReply(id=7, seq=1, data=data))) == data


@pytest.mark.parametrize(
    "message", [b"", b"\x81\0\0\0\0\0\0", b"\x80\0\0\0\0\0\0\0", b"\x81\1\0\0\0\0\0\0"]
)
def test_other_messages_are_malformed(message: bytes) -> None:
    with pytest.raises(Malformed):
        icmpv6.echo_reply(message)
