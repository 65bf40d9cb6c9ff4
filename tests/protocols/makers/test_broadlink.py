"""Broadlink's hello, against what an independent library (python-broadlink 0.19) makes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import broadlink

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=2)))


def answer(locked: int = 0, name: bytes = b"Telly", mac: str = "34ea34000198") -> bytes:
    said = bytearray(0x80)
    said[0x26] = 7
    said[0x34:0x36] = b"\x37\x27"
    said[0x3A:0x40] = bytes.fromhex(mac)[::-1]
    said[0x40 : 0x40 + len(name)] = name
    said[0x7F] = locked
    return bytes(said)


def test_the_hello_tells_the_time_and_nothing_else_of_us() -> None:
    # The library's with the address 0.0.0.0, as it sends it by default.
    expected = bytearray.fromhex(
        "000000000000000002000000e807080718010605000000000000000000000000"
        "00000000000006000000000000000000"
    )
    expected[0x20:0x22] = ((0xBEAF + sum(expected)) & 0xFFFF).to_bytes(2, "little")
    assert broadlink.hello(NOW) == bytes(expected)
    west = datetime(2024, 5, 6, tzinfo=timezone(timedelta(hours=-5)))
    assert broadlink.hello(west)[8:12] == b"\xfb\xff\xff\xff"


def test_an_unlocked_device_is_open_and_a_locked_one_is_not() -> None:
    device = broadlink.read_hello(answer())
    assert device.facts() == {
        "protocol": "Broadlink",
        "model": "0x2737",
        "name": "Telly",
        "open": True,
        "how": "it is not locked and gives the key for orders to whoever asks",
    }
    assert device.numbers == ("34:ea:34:00:01:98",)
    locked = broadlink.read_hello(answer(locked=1)).facts()
    assert locked["open"] is False
    assert "how" not in locked


@pytest.mark.parametrize(
    "data",
    [
        b"",
        answer()[:-1],
        broadlink.hello(NOW),
        answer()[:0x26] + b"\6" + answer()[0x27:],
        answer(mac="000000000000"),
        answer(mac="01ea34000198"),
        answer(locked=7),
        answer(name=b"\xff\xfe"),
        b"GET / HTTP/1.1\r\n" * 10,
    ],
)
def test_what_is_no_answer_to_a_hello_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        broadlink.read_hello(data)


@given(st.binary(min_size=100, max_size=160))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    for said in (data, data[:0x26] + b"\7\0" + data[0x28:]):
        try:
            broadlink.read_hello(said)
        except Malformed:
            continue
