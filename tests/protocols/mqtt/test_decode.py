"""Reading packets that were written by hand from the standards, and refusing bent ones."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.mqtt import packets as mqtt
from iotscan.protocols.mqtt.decode import decode_body
from iotscan.protocols.mqtt.wire import Property

# Client "c", clean, keep alive 60, user "u", password "pw", will "w" = "x" retained with QoS 1.
CONNECT = "00044d515454" + "04" + "ee" + "003c" + "000163" + "000177" + "000178" + "000175"
CONNECT += "00027077"


def test_a_connect_of_3_1_1_with_everything_in_it() -> None:
    will = mqtt.Will("w", b"x", qos=1, retain=True)
    assert decode_body(1, 0, bytes.fromhex(CONNECT), 4) == mqtt.Connect(
        4, "c", True, 60, "u", b"pw", will
    )


def test_a_connect_of_3_1_from_a_bridge() -> None:
    body = bytes.fromhex("00064d514973647083" + "02" + "000a" + "000163")
    assert decode_body(1, 0, body, 4) == mqtt.Connect(3, "c", True, 10, bridge=True)


def test_a_connect_of_3_1_may_leave_out_the_fields_it_announces() -> None:
    body = bytes.fromhex("00064d514973647003" + "c2" + "000a" + "000163")
    assert decode_body(1, 0, body, 4) == mqtt.Connect(3, "c", True, 10)
    with pytest.raises(Malformed):
        decode_body(1, 0, bytes.fromhex("00044d51545404" + "c2" + "000a" + "000163"), 4)


def test_a_connect_of_5_with_an_authentication_method() -> None:
    body = bytes.fromhex("00044d51545405" + "02" + "003c" + "05" + "1500024448" + "000163")
    packet = decode_body(1, 0, body, 4)
    assert isinstance(packet, mqtt.Connect)
    assert packet.authentication_method == "DH"
    assert not packet.anonymous
    assert packet.username is None


def test_the_shape_of_a_connack_shows_its_version() -> None:
    assert decode_body(2, 0, b"\x00\x05", 5) == mqtt.Connack(5)
    assert decode_body(2, 0, b"\x01\x00", 4) == mqtt.Connack(0, session_present=True)
    assert decode_body(2, 0, bytes.fromhex("0084" + "00"), 4) == mqtt.Connack(0x84)
    assert decode_body(2, 0, bytes.fromhex("0000" + "03" + "21000a"), 4) == mqtt.Connack(
        0, properties=(Property("receive_maximum", 10),)
    )


def test_a_message_by_version() -> None:
    body = bytes.fromhex("0003612f62" + "0007" + "00" + "6869")
    assert decode_body(3, 0x0B, body, 5) == mqtt.Publish("a/b", b"hi", 1, True, True, 7)
    assert decode_body(3, 0x02, body, 4) == mqtt.Publish("a/b", b"\x00hi", 1, packet_id=7)


def test_codes_of_a_suback_are_read_as_they_stand() -> None:
    assert decode_body(9, 0, bytes.fromhex("0001" + "000280"), 4) == mqtt.Suback(1, (0, 2, 0x80))
    assert decode_body(9, 0, bytes.fromhex("0001" + "00" + "a2"), 5) == mqtt.Suback(1, (0xA2,))


def test_farewells_and_acknowledgements_may_be_short() -> None:
    assert decode_body(14, 0, b"", 5) == mqtt.Disconnect()
    assert decode_body(14, 0, b"\x87", 5) == mqtt.Disconnect(0x87)
    assert decode_body(4, 0, b"\x00\x01", 5) == mqtt.Acknowledgement(4, 1)
    assert decode_body(4, 0, b"\x00\x01\x10", 5) == mqtt.Acknowledgement(4, 1, 0x10)
    assert decode_body(15, 0, b"\x18", 5) == mqtt.Auth(0x18)


@pytest.mark.parametrize(
    ("kind", "flags", "body", "version"),
    [
        (1, 0, CONNECT + "00", 4),  # something behind the last field
        (1, 0, CONNECT[:-2], 4),
        (1, 0, CONNECT.replace("04ee", "04ef"), 4),  # reserved flag
        (1, 0, CONNECT.replace("04ee", "04fe"), 4),  # will with quality of service 3
        (1, 0, CONNECT.replace("4d515454", "4d515455"), 4),
        (1, 0, CONNECT.replace("04ee", "06ee"), 4),  # a version that does not exist
        (2, 0, "00", 4),
        (2, 0, "0200", 4),
        (2, 0, "0105", 4),  # a session is present, and yet refused
        (3, 0, "0003612f2b", 4),  # wildcard
        (3, 0, "000068", 4),  # no topic
        (3, 6, "00016100016869", 4),
        (3, 2, "0001610000", 4),  # packet identifier 0
        (8, 2, "0001", 4),
        (8, 2, "0001000000", 4),  # empty filter
        (9, 0, "0001", 4),
        (10, 2, "0001", 4),
        (11, 0, "000100", 4),
        (12, 0, "00", 4),
        (14, 0, "00", 4),
        (15, 0, "", 4),
        (0, 0, "", 4),
    ],
)
def test_what_the_standard_forbids_is_malformed(
    kind: int, flags: int, body: str, version: int
) -> None:
    with pytest.raises(Malformed):
        decode_body(kind, flags, bytes.fromhex(body), version)


@given(st.integers(0, 15), st.integers(0, 15), st.binary(max_size=60), st.sampled_from([3, 4, 5]))
def test_garbage_is_malformed_or_a_packet(kind: int, flags: int, body: bytes, version: int) -> None:
    with suppress(Malformed):
        decode_body(kind, flags, body, version)
