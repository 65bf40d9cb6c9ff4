"""Messages of the Android Debug Bridge."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.adb import AUTH, CNXN, Message, greeting, identity, take
from iotscan.testing import three_ways


@given(st.sampled_from([CNXN, AUTH]), st.integers(0, 2**32 - 1), st.binary(max_size=40))
def test_a_message_reads_as_it_was_written(command: bytes, first: int, data: bytes) -> None:
    message = Message(command, first, 4096, data)

    def feed(chunks: Sequence[bytes]) -> list[Message]:
        heard, found = b"", []
        for chunk in chunks:
            heard += chunk
            while heard and (taken := take(heard)) is not None:
                found.append(taken[0])
                heard = heard[taken[1] :]
        return found

    assert three_ways(feed, message.encode(), b"CN") == [[message]] * 3


def test_a_computer_greets_in_the_words_of_the_description() -> None:
    # As adb itself sends it: command, version 1.0.0.0, 4096, length 7, sum 0x232, inverted command.
    head = bytes.fromhex("434e584e 00000001 00100000 07000000 32020000 bcb1a7b1")
    assert greeting() == head + b"host::\0"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP",
        b"CNXX" + bytes(20),
        b"CNXN" + bytes(20),
        bytes(24),
        Message(CNXN, 0, 0).encode()[1:],
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        take(data)


def test_a_message_of_impossible_length_is_refused() -> None:
    head = bytearray(Message(CNXN, 0, 0).encode())
    head[12:16] = b"\xff\xff\xff\xff"
    with pytest.raises(Malformed):
        take(bytes(head))


def test_a_device_says_what_it_is() -> None:
    said = b"device::ro.product.model=TV Box;ro.product.name=box;features=cmd,shell_v2\0"
    found = identity(Message(CNXN, 0, 0, said))
    assert found is not None
    assert found.state == "device"
    assert found.properties == {
        "ro.product.model": "TV Box",
        "ro.product.name": "box",
        "features": "cmd,shell_v2",
    }
    assert identity(Message(AUTH, 1, 0, said)) is None


@given(st.binary(max_size=60))
def test_garbage_is_refused_or_waited_for(data: bytes) -> None:
    for raw in (data, b"CNXN" + data):
        try:
            take(raw)
        except Malformed:
            continue
