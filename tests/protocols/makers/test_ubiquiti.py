"""Ubiquiti's discovery: a gateway's own announcement, and answers as published."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import ubiquiti

# A security gateway's announcement of version 2, as it was on a wire.
GATEWAY = bytes.fromhex(
    "020600ab02000a802aa88d692bc0a8021502000a802aa88d692cc0a80101010006802aa88d692b0a00040000de60"
    "0b000475626e740c000455475733030038556e6946695365637572697479476174657761792e45522d653132302e"
    "76342e332e33332e343933363038362e3136313230332e3230333116000e342e332e33332e343933363038361500"
    "04554757331700010018000100130006802aa88d692b120004000015cf1b0005342e302e30"
)


def field(number: int, value: bytes) -> bytes:
    return struct.pack("!BH", number, len(value)) + value


def answer(*fields: bytes, version: int = 1, command: int = 0) -> bytes:
    body = b"".join(fields)
    return struct.pack("!BBH", version, command, len(body)) + body


MAC = field(0x01, bytes.fromhex("44d9e7000213"))
CAMERA = answer(
    field(0x02, bytes.fromhex("44d9e7000213") + IPv4Address("10.0.0.9").packed),
    MAC,
    field(0x0A, struct.pack("!I", 2_684_362)),
    field(0x0B, b"Porch"),
    field(0x0C, b"LM5"),
    field(0x0D, b"home"),
    field(0x03, b"XM.ar7240.v5.5.9.21734.140403.1801"),
    field(0x14, b"NanoStation Loco M5"),
)


def test_a_gateway_is_read_as_it_was_on_the_wire() -> None:
    found = ubiquiti.parse(GATEWAY)
    assert (found.protocol, found.hostname, found.platform, found.model) == (
        2,
        "ubnt",
        "UGW3",
        "UGW3",
    )
    assert found.mac == "80:2a:a8:8d:69:2b"
    assert found.addresses == (IPv4Address("192.168.2.21"), IPv4Address("192.168.1.1"))
    assert found.firmware == "UniFiSecurityGateway.ER-e120.v4.3.33.4936086.161203.2031"
    assert (found.version, found.uptime, found.unadopted) == ("4.3.33.4936086", 0xDE60, False)
    assert ubiquiti.read(GATEWAY).facts() == {
        "protocol": "Ubiquiti discovery",
        "version": "2",
        "vendor": "Ubiquiti",
        "model": "UGW3",
        "firmware": "4.3.33.4936086",
        "name": "ubnt",
        "setup": False,
    }


def test_an_answer_of_the_first_version_is_read() -> None:
    found = ubiquiti.parse(CAMERA)
    assert (found.protocol, found.hostname, found.network) == (1, "Porch", "home")
    assert (found.model, found.platform, found.uptime) == ("NanoStation Loco M5", "LM5", 2_684_362)
    assert "setup" not in ubiquiti.read(CAMERA).facts()


def test_a_device_as_it_left_the_factory_says_so() -> None:
    fresh = answer(MAC, field(0x0C, b"U7LT"), field(0x17, b"\x01"), field(0x1C, b"\x00\x16"),
                   version=2, command=9)  # fmt: skip
    assert ubiquiti.parse(fresh).ssh_port == 22
    assert ubiquiti.read(fresh).facts()["setup"] is True


@pytest.mark.parametrize("length", range(len(CAMERA)))
def test_what_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(Malformed):
        ubiquiti.parse(CAMERA[:length])


@pytest.mark.parametrize(
    "data",
    [
        ubiquiti.ASK_V1,
        ubiquiti.ASK_V2,
        CAMERA + b"\0",
        b"\x03" + CAMERA[1:],
        b"\x01\x06" + CAMERA[2:],
        answer(MAC),
        answer(field(0x0B, b"Porch")),
        answer(*[field(0x0B, b"x")] * 80),
        answer(MAC, b"\x0b\xff\xff"),
    ],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        ubiquiti.parse(data)


@given(st.binary(max_size=80))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    for sample in (data, struct.pack("!BBH", 1, 0, len(data)) + data):
        try:
            ubiquiti.read(sample).facts()
        except Malformed:
            continue
