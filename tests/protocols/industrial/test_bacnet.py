"""BACnet messages: links, networks and properties, as bacpypes3 gives them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.industrial import bacnet
from iotscan.protocols.industrial.bacnet import Message

# bacpypes3 0.0.110, device 1201: I-Am, vendor name, model name; an error for device 4194303.
I_AM = bytes.fromhex("810a001501001000c4020004b122040091002203e7")
VENDOR = bytes.fromhex("810a0025010030020c0c020004b119793e7511004c616e7465726e20436f6e74726f6c733f")
ERROR = bytes.fromhex("810a000d010050010c9101911f")


def message(data: bytes) -> Message:
    found = bacnet.decode(data)
    assert found is not None
    return bacnet.message(found[0])


def test_an_announcement_names_device_and_vendor() -> None:
    said = message(I_AM)
    assert bacnet.announced(said) == 1201
    assert bacnet.vendor_number(said) == 999
    with pytest.raises(Malformed):
        bacnet.announced(message(VENDOR))


def test_a_property_is_read() -> None:
    instance, number, value = bacnet.device_property(message(VENDOR))
    assert (instance, number) == (1201, bacnet.VENDOR_NAME)
    assert bacnet.character_string(value) == "Lantern Controls"


def test_a_refusal_is_an_answer_without_value() -> None:
    said = message(ERROR)
    assert (said.kind, said.invoke, said.service) == (bacnet.ERROR, 1, bacnet.READ_PROPERTY)
    with pytest.raises(Malformed):
        bacnet.device_property(said)


def test_the_questions_are_reads() -> None:
    asked = message(bacnet.read_property(3, bacnet.ANY_INSTANCE, bacnet.MODEL_NAME))
    assert (asked.kind, asked.service, asked.invoke) == (
        bacnet.CONFIRMED,
        bacnet.READ_PROPERTY,
        3,
    )
    assert asked.body == bytes.fromhex("0c023fffff1946")
    assert bacnet.who_is() == bytes.fromhex("810a000801001008")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("7400414243", "ABC"),
        ("750400414243", "ABC"),
        ("75fe000400414243", "ABC"),
        ("7400c38441", "ÄA"),
        ("7305c441", "ÄA"),
        ("75050400c40041", "ÄA"),
    ],
)
def test_character_strings_come_in_several_codes(value: str, text: str) -> None:
    assert bacnet.character_string(bytes.fromhex(value)) == text


@pytest.mark.parametrize("value", ["", "c402", "7510004142", "70", "75"])
def test_what_is_no_character_string_is_malformed(value: str) -> None:
    with pytest.raises(Malformed):
        bacnet.character_string(bytes.fromhex(value))


def test_a_message_from_another_network_is_known_as_routed() -> None:
    npdu = bytes.fromhex("01080005010a1000c4020004b1")
    said = bacnet.application(npdu)
    assert said.routed
    assert bacnet.announced(said) == 1201


def test_a_message_to_another_network_is_read_past_its_address() -> None:
    npdu = bytes.fromhex("0120ffff00ff1008")
    assert bacnet.application(npdu).service == bacnet.WHO_IS


def test_a_forwarded_message_is_read_behind_its_origin() -> None:
    data = bacnet.encode(bacnet.FORWARDED, bytes.fromhex("c0a80005bac0") + I_AM[4:])
    found = bacnet.decode(data)
    assert found is not None
    assert found[0].forwarded
    assert bacnet.announced(bacnet.message(found[0])) == 1201


def test_tables_have_entries_of_ten_bytes() -> None:
    told = bacnet.decode(bacnet.encode(bacnet.FDT, bytes(20)))
    assert told is not None
    assert len(bacnet.table(told[0])) == 2
    for data in (bacnet.encode(bacnet.FDT, bytes(9)), I_AM):
        other = bacnet.decode(data)
        assert other is not None
        with pytest.raises(Malformed):
            bacnet.table(other[0])


@pytest.mark.parametrize("cut", range(len(VENDOR)))
def test_a_datagram_that_is_cut_off_is_malformed(cut: int) -> None:
    with pytest.raises(Malformed):
        bacnet.decode(VENDOR[:cut])


@given(data=st.binary(max_size=60))
def test_no_network_message_does_worse_than_malformed(data: bytes) -> None:
    for npdu in (data, b"\x01\x00" + data, b"\x01\x28" + data, b"\x01\x00\x10\x00" + data):
        try:
            said = bacnet.application(npdu)
            bacnet.announced(said)
            bacnet.vendor_number(said)
        except Malformed:
            continue


@given(data=st.binary(max_size=60))
def test_no_property_does_worse_than_malformed(data: bytes) -> None:
    said = Message(bacnet.COMPLEX_ACK, bacnet.READ_PROPERTY, 1, data)
    try:
        bacnet.character_string(bacnet.device_property(said)[2])
    except Malformed:
        return
