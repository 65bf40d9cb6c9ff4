"""Tuya's messages in both forms, against what an independent library (tinytuya 1.20) makes."""

from __future__ import annotations

from binascii import crc32
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import tuya
from iotscan.testing import three_ways

# {"ip":"192.168.1.50","gwId":"bf0123456789abcdefghij", … "version": …}
CLEAR_31 = bytes.fromhex(
    "000055aa000000000000000000000098000000007b226970223a223139322e3136382e312e3530222c22677749"
    "64223a226266303132333435363738396162636465666768696a222c22616374697665223a322c2261626c696c"
    "7479223a302c22656e6372797074223a66616c73652c2270726f647563744b6579223a226b65796d39716b7579"
    "77676879727673222c2276657273696f6e223a22332e31227d1afdfa1b0000aa55"
)
SEALED_33 = bytes.fromhex(
    "000055aa00000000000000130000009c00000000d09766676f3369eb10b5e9f132fd802a70172896956a9e330910"
    "344d11ac363f482611d8caa5248ac6cea65bdad007dfc95484d66641cf7820af3e9be42b9f09c2fb8459b1155fc7"
    "5d4bf6699f92cba4c0ba520148045e7605fa0498dfea5aabb162c1feba4a84738ec0fd7fbc8f67097940503ad4b8"
    "ee2424089f37824d90ce6eda8eea40e93b1e3fc14a2570e1827997dc8d520000aa55"
)
SEALED_35 = bytes.fromhex(
    "0000669900000000000000000013000000ab303132333435363738396162042ce52c1986e9abb3bec8436999f733"
    "293fda25acbd8d0b2851e6e71da00fd51b5884a72f672c34128034051fcfa1e5bcc151eb9b5761ea8438e2b63573"
    "02907753c72da02e4fbb9ec12f0a959426f5e37dc8c67f77d30f63906a0a1ba962a814b7e5554b4517c2c599f150"
    "6917e08d506d7171b17503da77e52fa353bd456b36e500fdef605c154d7ea3c55e96b4b1c3853775119a2391e514"
    "dd9ec66d4300009966"
)
ANNOUNCED = {"3.1": CLEAR_31, "3.3": SEALED_33, "3.5": SEALED_35}


def old(payload: bytes, command: int = 19) -> bytes:
    size = (len(payload) + 8).to_bytes(4, "big")
    head = b"\0\0\x55\xaa" + bytes(4) + command.to_bytes(4, "big") + size + payload
    return head + crc32(head).to_bytes(4, "big") + b"\0\0\xaa\x55"


@pytest.mark.parametrize("version", ANNOUNCED)
def test_an_announcement_is_read_in_every_form(version: str) -> None:
    device = tuya.read_announcement(ANNOUNCED[version])
    assert device.facts() == {"protocol": "Tuya", "version": version}
    assert device.numbers[0] == "bf0123456789abcdefghij"
    assert (device.serial, device.port) == (True, 6668)


def test_what_we_say_is_as_others_say_it() -> None:
    assert tuya.heartbeat().hex() == "000055aa00000000000000090000000865930c220000aa55"
    assert tuya.search("192.168.1.2", b"0123456789ab").hex() == (
        "00006699000000000000000000250000003d3031323334353637383961627f0e835e0dc9a2e1b3e59a02"
        "7287fb6b6f25ce36b3b18f073545b9be65ea1fcd44c6340fec27cece411468cc0923905b7100009966"
    )


def test_an_apps_search_announces_no_device() -> None:
    with pytest.raises(Malformed):
        tuya.read_announcement(tuya.search("192.168.1.2", b"0123456789ab"))


@pytest.mark.parametrize("sample", ANNOUNCED.values(), ids=ANNOUNCED)
def test_a_message_is_read_however_it_arrives(sample: bytes) -> None:
    def feed(chunks: Sequence[bytes]) -> int | None:
        heard = b""
        for chunk in chunks:
            assert tuya.take(heard) is None
            heard += chunk
        found = tuya.take(heard)
        return None if found is None else found[1]

    assert three_ways(feed, sample, b"tail") == [len(sample)] * 3


@pytest.mark.parametrize("version", ANNOUNCED)
@pytest.mark.parametrize("place", [24, 40, -9])
def test_a_changed_bit_is_not_believed(version: str, place: int) -> None:
    changed = bytearray(ANNOUNCED[version])
    changed[place] ^= 1
    with pytest.raises(Malformed):
        tuya.read_announcement(bytes(changed))


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b":irc.example NOTICE AUTH :*** Looking up your hostname",
        b"\0\0\x55\xab" + bytes(20),
        b"\0\0\x55\xaa" + bytes(4) + b"\0\0\0\x09" + b"\0\0\0\1" + bytes(8),
        b"\0\0\x55\xaa" + bytes(4) + b"\0\1\0\0" + b"\0\0\0\x08" + bytes(8),
        b"\0\0\x55\xaa" + bytes(4) + b"\0\0\0\x09" + b"\xff\0\0\0" + bytes(8),
        tuya.heartbeat()[:-1] + b"\x56",
    ],
)
def test_other_protocols_and_broken_frames_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        tuya.take(data)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes(4) + b"{}",
        bytes(4) + b'{"gwId":"x"}',
        bytes(4) + b'{"gwId":1,"version":"3.3"}',
        bytes(4) + b"A" * 32,
        bytes(4) + b"A" * 33,
        b"[" * 4000,
    ],
)
def test_a_sound_frame_without_an_announcement_says_nothing(payload: bytes) -> None:
    with pytest.raises(Malformed):
        tuya.read_announcement(old(payload))


def test_more_than_one_message_in_a_datagram_is_none_of_a_device() -> None:
    with pytest.raises(Malformed):
        tuya.read_announcement(CLEAR_31 + CLEAR_31)


@given(st.binary(max_size=120), st.sampled_from([b"", b"\0\0\x55\xaa", b"\0\0\x66\x99"]))
def test_garbage_is_refused_or_waited_for_and_nothing_else(data: bytes, start: bytes) -> None:
    for read in (tuya.take, tuya.read_announcement):
        try:
            read(start + data)
        except Malformed:
            continue
