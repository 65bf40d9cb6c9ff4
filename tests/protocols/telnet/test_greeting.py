"""What a server says first at telnet's port."""

from __future__ import annotations

import pytest

from iotscan.protocols.telnet.greeting import may_be_telnet


@pytest.mark.parametrize(
    ("heard", "may"),
    [
        (b"Welcome to the bridge\r\n", True),
        (b"\xff\xfd\x01\r\nlogin: ", True),
        (b"\r", False),
        # Zeroes move no cursor anywhere: of an anonymised capture, they are what nobody could read.
        (b"\0", False),
        (b"\0\0\0\0\r\n\0", False),
        (b"\x01\x02\x03 binary", False),
        (b"SSH-2.0-x\r\n", False),
    ],
)
def test_text_may_be_telnet_and_what_only_moves_a_cursor_is_no_text(
    heard: bytes, may: bool
) -> None:
    assert may_be_telnet(heard) is may
