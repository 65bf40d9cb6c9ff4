"""Neighbour discovery overheard: whose MAC has which IPv6 address."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.discovery.ndp import DISCOVERER
from iotscan.errors import Malformed
from iotscan.model import Packet, Sighting
from iotscan.protocols.link import ndp

FRAME_MAC, MAC = "02:00:00:00:00:09", "a4:2b:b0:00:00:01"
OPTION = bytes.fromhex(MAC.replace(":", ""))
TARGET = ip_address("fe80::7").packed


def read(data: bytes, source: str | None = "fe80::1") -> list[Sighting]:
    address = ip_address(source) if source else None
    found: list[Sighting] = []
    for item in DISCOVERER.read(Packet("p1", 0.0, "ndp", data, address, FRAME_MAC, frame=3)):
        assert isinstance(item, Sighting)
        found.append(item)
    return found


def test_a_solicitation_tells_of_its_sender() -> None:
    (seen,) = read(b"\x87\0\0\0\0\0\0\0" + TARGET + b"\1\1" + OPTION)
    assert (seen.mac, seen.addresses) == (MAC, (ip_address("fe80::1"),))
    assert seen.proof.frames == (3,)


def test_an_advertisement_tells_of_its_target() -> None:
    (seen,) = read(b"\x88\0\0\0\x60\0\0\0" + TARGET + b"\2\1" + OPTION)
    assert (seen.mac, seen.addresses, seen.traits) == (MAC, (ip_address("fe80::7"),), {})


def test_without_an_option_the_frame_has_the_mac() -> None:
    (seen,) = read(b"\x87\0\0\0\0\0\0\0" + TARGET)
    assert seen.mac == FRAME_MAC


def test_a_router_says_that_it_is_one() -> None:
    (seen,) = read(b"\x86\0\0\0" + bytes(12) + b"\1\1" + OPTION)
    assert seen.traits == {"kind": "router"}
    (seen,) = read(b"\x88\0\0\0\xe0\0\0\0" + TARGET)
    assert seen.traits == {"kind": "router"}


def test_an_address_that_is_only_asked_for_is_nobody_s_yet() -> None:
    assert read(b"\x87\0\0\0\0\0\0\0" + TARGET, None) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\0\0\0" + bytes(20),
        b"\x87\0\0\0" + TARGET,
        b"\x87\1\0\0\0\0\0\0" + TARGET,
        b"\x88\0\0\0\0\0\0\0" + ip_address("ff02::1").packed,
    ],
    ids=["empty", "echo", "cut", "code", "group"],
)
def test_other_messages_say_nothing(data: bytes) -> None:
    with pytest.raises(Malformed):
        ndp.parse(data)
    assert read(data) == []


@given(st.binary(max_size=120))
def test_garbage_is_harmless(data: bytes) -> None:
    read(b"\x88\0\0\0\0\0\0\0" + TARGET + data)
    read(data)
