from __future__ import annotations

import hmac
import struct

import pytest

from iotscan.errors import Malformed
from iotscan.protocols.logins.ntlm import Challenge, answer, negotiate, parse_challenge
from iotscan.protocols.telnet import codec as telnet
from iotscan.protocols.telnet.ntlm import challenge_in, ntlm_request


def challenge(*pairs: tuple[int, str], version: bool = True) -> bytes:
    """A CHALLENGE message as MS-NLMP section 2.2.1.2 lays it out."""
    info = b"".join(
        struct.pack("<HH", kind, 2 * len(text)) + text.encode("utf-16-le") for kind, text in pairs
    )
    info += bytes(4)
    flags = 0x2000205 if version else 0x205
    head = b"NTLMSSP\0" + struct.pack("<IHHII", 2, 0, 0, 56, flags) + b"12345678" + bytes(8)
    head += struct.pack("<HHI", len(info), len(info), 56)
    return head + struct.pack("<BBHBBBB", 10, 0, 19041, 0, 0, 0, 15) + info


NAMES = ((1, "KIOSK"), (2, "SHOP"), (3, "kiosk.shop.example"), (4, "shop.example"), (9, "x"))
FULL = Challenge("KIOSK", "SHOP", "kiosk.shop.example", "shop.example", "10.0.19041")


def test_a_challenge_tells_names_and_build() -> None:
    assert parse_challenge(challenge(*NAMES)) == FULL
    assert parse_challenge(challenge((1, "KIOSK"), version=False)) == Challenge("KIOSK")


def test_our_message_names_nobody_and_asks_for_a_target() -> None:
    message = negotiate()
    assert len(message) == 32
    assert message[:12] == b"NTLMSSP\0\x01\0\0\0"
    assert message[16:] == bytes(16)
    assert int.from_bytes(message[12:16], "little") & 0x4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"NTLMSSP\0" + bytes(20),
        negotiate() + bytes(40),
        challenge(*NAMES)[:-8],
        b"X" + challenge(*NAMES)[1:],
    ],
)
def test_what_is_no_challenge_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_challenge(data)


def test_broken_names_end_the_list_and_nothing_else() -> None:
    broken = challenge((1, "KIOSK"))
    length = struct.pack("<HH", 1, 10)
    assert parse_challenge(broken.replace(length, struct.pack("<HH", 1, 999))) == Challenge(
        version="10.0.19041"
    )


def test_the_request_is_an_is_command_of_type_ntlm() -> None:
    (event,) = telnet.decode(ntlm_request().encode())
    assert isinstance(event, telnet.Subnegotiation)
    assert (event.option, event.data[:4]) == (37, b"\0\x0f\0\0")
    assert event.data[4:12] == struct.pack("<II", 32, 2)
    assert event.data[12:] == negotiate()


def test_a_reply_is_found_among_other_events() -> None:
    reply = telnet.Subnegotiation(37, b"\x02\x0f\0\x01" + bytes(8) + challenge(*NAMES))
    stream = b"\xff\xfd\x25\xff\xfa\x25\x01\x0f\0\xff\xf0login: " + reply.encode()
    assert challenge_in(telnet.decode(stream)) == FULL
    assert challenge_in(telnet.decode(b"\xff\xfa\x25\x02\x0f\0NTLMSSP\0\xff\xf0")) is None
    assert challenge_in(telnet.decode(b"NTLMSSP\0 as text")) is None


def test_the_answer_of_a_guest_proves_the_empty_password() -> None:
    """MS-NLMP section 3.3.2, worked out by hand: the key is made of MD4 of nothing and the name."""
    asked = challenge((1, "KIOSK"), (7, "ticktock"[:4]))
    message = answer(asked, "guest")
    assert message[:12] == b"NTLMSSP\0\x03\0\0\0"
    length, _, at = struct.unpack_from("<HHI", message, 20)
    proof, blob = message[at : at + 16], message[at + 16 : at + length]
    key = hmac.new(bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0"), digestmod="md5")
    key.update("GUEST".encode("utf-16-le"))
    assert proof == hmac.digest(key.digest(), b"12345678" + blob, "md5")
    assert blob[:2] == b"\1\1"
    assert blob[8:16] == "tick".encode("utf-16-le"), "the server's own clock, where it tells it"
    length, _, at = struct.unpack_from("<HHI", message, 36)
    assert message[at : at + length].decode("utf-16-le") == "guest"


def test_nobody_is_said_to_be_nobody() -> None:
    message = answer(challenge((1, "KIOSK")), "")
    old, new, name = (struct.unpack_from("<HHI", message, at)[0] for at in (12, 20, 36))
    assert (old, new, name) == (1, 0, 0)
    assert int.from_bytes(message[60:64], "little") & 0x800


@pytest.mark.parametrize("data", [b"", negotiate() + bytes(40), challenge(*NAMES)[:-8]])
def test_what_is_no_challenge_is_not_answered(data: bytes) -> None:
    with pytest.raises(Malformed):
        answer(data, "guest")
