"""NAT-PMP and PCP: what RFC 6886 and RFC 6887 print, and what is neither."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols import natpmp
from iotscan.protocols.natpmp import Answer, MapRequest

ADDRESS = bytes.fromhex("0080 0000 00000a1b cb007109")
REFUSED = bytes.fromhex("0080 0002 00000a1b 00000000")
PCP_MISMATCH = bytes.fromhex("0280 000c 00000000 00000a1b") + bytes(12)
# miniupnpd's own client asking for a door: TCP 8080 outside to 80 inside, an hour long.
NATPMP_MAP = bytes.fromhex("0002 0000 0050 1f90 00000e10")
CLIENT = bytes.fromhex("00000000000000000000ffffc0a80009")
PCP_MAP = (
    bytes.fromhex("0201 0000 00000e10") + CLIENT + b"nonce-of-12b" + bytes.fromhex("06000000")
    + bytes.fromhex("0050 1f90") + bytes.fromhex("00000000000000000000ffff00000000")
)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ADDRESS, Answer(0, "success", 0xA1B, IPv4Address("203.0.113.9"))),
        (REFUSED, Answer(0, "not authorized", 0xA1B)),
        (REFUSED[:8], Answer(0, "not authorized", 0xA1B)),
        (ADDRESS[:8] + bytes(4), Answer(0, "success", 0xA1B)),
        (PCP_MISMATCH, Answer(2, "address mismatch", 0xA1B)),
    ],
)
def test_answers_are_read(data: bytes, expected: Answer) -> None:
    assert natpmp.parse_answer(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        ADDRESS[:11],
        ADDRESS + b"\0",
        b"\0\x80\0\x09" + bytes(8),
        b"\0\x81" + ADDRESS[2:],
        PCP_MISMATCH[:20],
        PCP_MISMATCH + b"\0",
        b"\2\x80\0\x20" + PCP_MISMATCH[4:],
        PCP_MISMATCH[:12] + b"not zeroes !",
        natpmp.ASK_PCP,
    ],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        natpmp.parse_answer(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (NATPMP_MAP, MapRequest(0, "tcp", 80, 8080, 3600)),
        (PCP_MAP, MapRequest(2, "tcp", 80, 8080, 3600, ip_address("192.168.0.9"))),
    ],
)
def test_requests_for_doors_are_read(data: bytes, expected: MapRequest) -> None:
    assert natpmp.parse_map_request(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        NATPMP_MAP[:11],
        NATPMP_MAP + b"\0",
        b"\0\3" + NATPMP_MAP[2:],
        b"\0\2\0\1" + NATPMP_MAP[4:],
        natpmp.ASK_ADDRESS,
        natpmp.ASK_PCP,
        PCP_MAP[:59],
        PCP_MAP + b"\0",
        b"\1" + PCP_MAP[1:],
        PCP_MAP[:37] + b"\1" + PCP_MAP[38:],
    ],
)
def test_what_asks_for_no_door_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        natpmp.parse_map_request(data)


@given(st.binary(max_size=70))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    for parse in (natpmp.parse_answer, natpmp.parse_map_request):
        try:
            parse(data)
        except Malformed:
            continue
