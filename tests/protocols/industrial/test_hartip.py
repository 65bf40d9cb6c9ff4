"""HART-IP messages: sessions, and PDUs with their parity."""

from __future__ import annotations

import pytest

from iotscan.errors import Malformed
from iotscan.protocols.industrial.hartip import Message, decode

# A session is asked for and granted; a short frame with command 0 is passed on.
INITIATE = bytes.fromhex("010000000001000d0100007530")
GRANTED = bytes.fromhex("010100000001000d0100007530")
PASSED = bytes.fromhex("010003000002000d") + bytes([0x02, 0x80, 0x00, 0x00, 0x82])


def test_a_session_is_asked_for_and_granted() -> None:
    assert decode(INITIATE) == (Message(0, 0, 0, 1, b"\x01\0\0\x75\x30"), 13)
    assert decode(GRANTED) == (Message(1, 0, 0, 1, b"\x01\0\0\x75\x30"), 13)


def test_a_pdu_is_taken_by_its_parity() -> None:
    assert decode(PASSED) == (Message(0, 3, 0, 2, b"\x02\x80\0\0\x82"), 13)
    with pytest.raises(Malformed):
        decode(PASSED[:-1] + b"\x83")


@pytest.mark.parametrize(
    "data",
    [
        "030000000001000d0100007530",  # no such version
        "010500000001000d0100007530",  # no such kind
        "010007000001000d0100007530",  # no such identifier
        "0100000000010007",  # shorter than its header
        "010000000001ffff",  # longer than any
        "010000000001000901",  # a session without timer
    ],
)
def test_what_is_not_hart_ip_is_malformed(data: str) -> None:
    with pytest.raises(Malformed):
        decode(bytes.fromhex(data))
