"""KNXnet/IP frames and descriptions, as knxd gives them."""

from __future__ import annotations

import pytest

from iotscan.errors import Malformed
from iotscan.protocols.industrial import knxnetip
from iotscan.protocols.industrial.knxnetip import Description, Frame, decode, encode

# knxd 0.14 with the name "House" and the address 1.1.1.
KNXD = (
    bytes.fromhex("0610020400443601020011010000000000000000e000170cb827eb000103")
    + b"House".ljust(30, b"\0")
    + bytes.fromhex("0802020103010401")
)
SECURED = bytes([6, 6, 3, 1, 4, 1])


def first(data: bytes) -> Frame:
    found = decode(data)
    assert found is not None
    assert found[1] == len(data)
    return found[0]


def test_a_description_tells_name_address_medium_and_services() -> None:
    assert knxnetip.description(first(KNXD)) == Description(
        b"House", "1.1.1", 0x02, False, {2: 1, 3: 1, 4: 1}, None
    )


def test_an_extended_answer_tells_what_is_secured() -> None:
    blocks = first(KNXD).body + SECURED
    answer = encode(knxnetip.EXTENDED_RESPONSE, b"\x08\x01" + bytes(6) + blocks)
    assert knxnetip.description(first(answer)).secured == {3: 1, 4: 1}


def test_questions_want_their_answer_where_they_come_from() -> None:
    assert knxnetip.describe("udp").hex() == "06100203000e0801000000000000"
    assert knxnetip.describe("tcp").hex() == "06100203000e0802000000000000"
    # One search parameter: the descriptions wanted (KNX 03/08/02, 7.6.2), mandatory.
    assert knxnetip.search_extended("udp").hex() == "0610020b00140801000000000000068401020600"


def test_a_description_without_device_or_cut_off_is_malformed() -> None:
    for body in (first(KNXD).body[:40], SECURED, b"\x00", b"\x01\x01", b"\xff\x01\x02"):
        with pytest.raises(Malformed):
            knxnetip.description(Frame(knxnetip.DESCRIPTION_RESPONSE, body))
    with pytest.raises(Malformed):
        knxnetip.description(Frame(0x0420, first(KNXD).body))


@pytest.mark.parametrize("data", ["0620020400060000", "061099990006", "061002040005", "0510"])
def test_what_is_not_knxnet_ip_is_malformed(data: str) -> None:
    with pytest.raises(Malformed):
        decode(bytes.fromhex(data))
