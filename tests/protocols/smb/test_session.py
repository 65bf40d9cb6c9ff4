"""SMB's sessions of strangers, in version 2, and NetBIOS before them."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.smb.codec import V2, negotiate_2
from iotscan.protocols.smb.session import Answer, connect, netbios_request, set_up, take


def answer(command: int, status: int, body: bytes, flags: int = 1) -> bytes:
    head = V2 + struct.pack("<HHIHHIIQIIQ", 64, 1, status, command, 1, flags, 0, 5, 0, 0, 0xABCD)
    return (64 + len(body)).to_bytes(4, "big") + head + bytes(16) + body


SETUP = answer(1, 0xC0000016, struct.pack("<HHHH", 9, 1, 72, 7) + b"NTLMSSP")


def test_a_netbios_request_asks_for_any_file_server() -> None:
    asked = netbios_request()
    assert asked[:4] == b"\x81\0\0\x44"
    assert len(asked) == 72
    # "*SMBSERVER" padded with spaces, suffix 0x20, as RFC 1001 section 14.1 writes it.
    assert asked[5:37] == b"CKFDENECFDEFFCFGEFFCCACACACACACA"


def test_a_session_is_set_up_with_the_token_where_its_head_says_it_is() -> None:
    message = set_up(1, 0x77, b"TOKEN")
    assert int.from_bytes(message[:4], "big") == len(message) - 4
    at, length = struct.unpack_from("<HH", message, 4 + 64 + 12)
    assert message[4 + at :] == b"TOKEN"
    assert length == 5
    assert struct.unpack_from("<H", message, 4 + 12) == (1,)
    assert struct.unpack_from("<Q", message, 4 + 40) == (0x77,)


def test_only_the_share_of_pipes_is_connected_to() -> None:
    message = connect(3, 0x77, "192.0.2.7")
    at, length = struct.unpack_from("<HH", message, 4 + 64 + 4)
    assert message[4 + at : 4 + at + length].decode("utf-16-le") == r"\\192.0.2.7\IPC$"


def test_an_answer_is_read_whole_byte_by_byte_and_with_a_tail() -> None:
    wanted = (Answer(1, 0xC0000016, 0xABCD, 1, b"NTLMSSP"), len(SETUP))
    assert take(SETUP) == take(SETUP + b"tail") == wanted
    assert all(take(SETUP[:end]) is None for end in range(len(SETUP)))


def test_a_refusal_has_no_token() -> None:
    refused = answer(1, 0xC000006D, struct.pack("<HHHH", 9, 0, 72, 3) + b"abc")
    assert take(refused) == (Answer(1, 0xC000006D, 0xABCD), len(refused))


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400",
        b"\0\0\0\x10" + V2 + bytes(12),
        answer(1, 0, bytes(8), flags=0),
        b"\0\xff\xff\xff" + V2,
        negotiate_2(),
        b"\0\0\0\x40\xffSMB" + bytes(60),
    ],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        take(data)


@given(st.binary(max_size=120), st.integers(0, 120))
def test_rubbish_never_does_worse_than_malformed(rubbish: bytes, cut: int) -> None:
    for data in (rubbish, SETUP[:cut] + rubbish):
        with suppress(Malformed):
            take(data)
