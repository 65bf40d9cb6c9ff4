"""S7comm in its transport, as snap7 speaks it."""

from __future__ import annotations

import pytest

from iotscan.errors import Malformed
from iotscan.protocols.industrial import s7comm
from iotscan.protocols.industrial.s7comm import Cotp, Message

# snap7 3.3, a simulated S7-315: connection, set-up, and the list of its module.
CONFIRMED = bytes.fromhex("0300001611d06973000100c0010ac1020100c2020102")
AGREED = bytes.fromhex("0300001b02f080320300000001000800000000f0000001000101e0")
MODULE = bytes.fromhex(
    "0300004302f080320700000002000c0026000112081284010000000000ff09002200110000001a0001"
    "000136455337203331352d32454831342d304142300000030300"
)


def tpdu(data: bytes) -> Cotp:
    found = s7comm.decode(data)
    assert found is not None
    assert found[1] == len(data)
    return found[0]


def test_a_confirmation_repeats_what_was_asked() -> None:
    assert s7comm.confirmed(tpdu(CONFIRMED), 0x6973)
    assert not s7comm.confirmed(tpdu(CONFIRMED), 0x6974)
    # A remote desktop confirms without TSAPs.
    assert not s7comm.confirmed(tpdu(bytes.fromhex("0300000b06d06973123400")), 0x6973)
    assert not s7comm.confirmed(tpdu(s7comm.connect(0x6973, 0x102)), 0)


def test_a_connection_request_names_the_slot() -> None:
    asked = tpdu(s7comm.connect(0x6973, 0x0101))
    assert (asked.kind, asked.source, asked.destination) == (s7comm.CONNECT, 0x6973, 0)
    assert asked.parameters == {0xC1: b"\1\0", 0xC2: b"\1\1", 0xC0: b"\x0a"}


def test_the_set_up_is_agreed() -> None:
    asked, told = s7comm.message(tpdu(s7comm.setup(1))), s7comm.message(tpdu(AGREED))
    assert (asked.rosctr, asked.function) == (s7comm.JOB, 0xF0)
    assert (told.rosctr, told.function, told.error) == (s7comm.ACK_DATA, 0xF0, 0)
    assert (s7comm.asks(asked), s7comm.asks(told)) == (True, False)


def test_a_list_gives_its_records() -> None:
    asked, told = s7comm.message(tpdu(s7comm.read_list(2, 0x11))), s7comm.message(tpdu(MODULE))
    assert (s7comm.asks(asked), s7comm.asks(told)) == (True, False)
    identifier, records = s7comm.listed(told)
    assert identifier == s7comm.MODULE
    assert records[1][:20] == b"6ES7 315-2EH14-0AB0\0"


def test_a_refusal_or_a_cut_list_is_none() -> None:
    told = s7comm.message(tpdu(MODULE))
    asked = s7comm.message(tpdu(s7comm.read_list(2, 0x11)))
    refused = Message(s7comm.USERDATA, 2, 0, told.parameters, b"\x0a" + told.data[1:])
    for found in (asked, refused, Message(s7comm.USERDATA, 2, 0, told.parameters, told.data[:-1])):
        with pytest.raises(Malformed):
            s7comm.listed(found)


@pytest.mark.parametrize(
    "data",
    [
        b"\x03\0\0\x06\x02\xf0\x80",  # shorter than a TPDU
        b"\x03\0\0\x07\x05\xf0\x80",  # a header longer than its message
        b"\x03\0\0\x08\x02\x10\x80\0",  # no such TPDU
        b"\x03\0\0\x09\x03\xf0\x80\0\0",  # a data TPDU of another class
        b"\x03\0\0\x0c\x07\xe0\0\0\0\1\0\xc1",  # a parameter that is cut off
        b"\x16\x03\x01\0\x05\x01\0\0\0",
    ],
)
def test_what_is_no_transport_message_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        s7comm.decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x72" + AGREED[8:],  # S7comm plus
        b"\x32\x09" + AGREED[9:],
        b"\x32\x03\0\1" + AGREED[11:],
        AGREED[7:-1],
        b"\x32",
    ],
)
def test_what_is_no_s7comm_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        s7comm.message(Cotp(s7comm.DATA, 0, 0, {}, data))
