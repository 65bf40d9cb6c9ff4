"""EtherNet/IP encapsulation and identities, as cpppo gives them."""

from __future__ import annotations

import pytest

from iotscan.errors import Malformed
from iotscan.protocols.industrial import enip
from iotscan.protocols.industrial.enip import Identity, Packet, decode, encode

# cpppo 5.2, a simulated ControlLogix.
ANSWER = bytes.fromhex(
    "63003c000000000000000000696f747363616e000000000001000c00360001000002af12"
    "00000000000000000000000001000e003600140b60311a066c0014313735362d4c36312f"
    "42204c4f47495835353631ff"
)


def first(data: bytes) -> Packet:
    found = decode(data)
    assert found is not None
    return found[0]


def test_an_answer_lists_the_identity() -> None:
    assert enip.identities(first(ANSWER)) == [
        Identity(1, 0x0E, 54, "20.11", 0x006C061A, b"1756-L61/B LOGIX5561")
    ]


def test_a_question_is_a_header_without_session() -> None:
    asked = encode(Packet(enip.LIST_IDENTITY, 0, 0, b"us", b""))
    assert asked == bytes.fromhex("6300") + bytes(10) + b"us" + bytes(10)
    assert first(asked) == Packet(enip.LIST_IDENTITY, 0, 0, b"us" + bytes(6), b"")


@pytest.mark.parametrize("cut", range(24, len(ANSWER)))
def test_an_identity_that_is_cut_off_is_malformed(cut: int) -> None:
    shorter = bytearray(ANSWER[:cut])
    shorter[2:4] = (cut - 24).to_bytes(2, "little")
    with pytest.raises(Malformed):
        enip.identities(first(bytes(shorter)))


SESSION = b"\x07\0\0\0"


@pytest.mark.parametrize(
    ("command", "session", "status", "options", "body"),
    [
        (0x99, bytes(4), 0, 0, b""),  # no such command
        (0x63, bytes(4), 7, 0, b""),  # no such status
        (0x63, bytes(4), 0, 1, b""),  # options are always zero
        (0x6F, SESSION, 0, 0, b"\1\0\0\0\0\0\1\0\0\0\0\0"),  # interface handle of another protocol
        (0x6F, bytes(4), 0, 0, bytes(6) + b"\1\0\0\0\0\0"),  # a request without session
        (0x6F, SESSION, 0, 0, bytes(6) + b"\1\0\x77\x77\0\0"),  # no such item
        (0x6F, SESSION, 0, 0, bytes(6) + b"\1\0\0\0\5\0"),  # an item that is cut off
        (0x65, bytes(4), 0, 0, b"\2\0\0\0"),  # no such version
        (0x66, SESSION, 0, 0, b"x"),
    ],
)
def test_what_is_not_ethernet_ip_is_malformed(
    command: int, session: bytes, status: int, options: int, body: bytes
) -> None:
    head = command.to_bytes(2, "little") + len(body).to_bytes(2, "little") + session
    head += status.to_bytes(4, "little") + bytes(8) + options.to_bytes(4, "little")
    with pytest.raises(Malformed):
        decode(head + body)


def test_a_request_inside_a_session_is_read() -> None:
    body = bytes(6) + b"\2\0" + b"\0\0\0\0" + b"\xb2\0\2\0\1\2"
    data = b"\x6f\0" + len(body).to_bytes(2, "little") + SESSION + bytes(16) + body
    assert first(data).session == 7


def test_only_an_answer_to_the_question_has_identities() -> None:
    with pytest.raises(Malformed):
        enip.identities(Packet(0x04, 0, 0, bytes(8), b"\1\0"))
