"""Kasa: the obscuring, what plugs and bulbs say of themselves, and what later ones say before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import kasa
from iotscan.testing import three_ways

PLUG = {
    "sw_ver": "1.2.6 Build 200727 Rel.121701",
    "type": "IOT.SMARTPLUGSWITCH",
    "model": "HS110(EU)",
    "mac": "50:C7:BF:00:01:90",
    "dev_name": "Smart Wi-Fi Plug With Energy Monitoring",
    "alias": "Kettle",
    "deviceId": "8006E8E9017F556D283C850B4E29BC1F185334E5",
    "latitude_i": 525162,
    "longitude_i": 133777,
    "err_code": 0,
}
LATER = {
    "device_id": "0123456789abcdef0123456789abcdef",
    "device_type": "SMART.TAPOPLUG",
    "device_model": "P110(EU)",
    "mac": "50-C7-BF-00-01-91",
    "factory_default": False,
    "mgt_encrypt_schm": {"encrypt_type": "KLAP", "http_port": 80},
}


def sysinfo(**changes: Any) -> bytes:
    said = {name: value for name, value in (PLUG | changes).items() if value is not None}
    return json.dumps({"system": {"get_sysinfo": said}}).encode()


def later(**changes: Any) -> bytes:
    said = {"result": LATER | changes, "error_code": 0}
    return bytes.fromhex("0200000100000000") + bytes(8) + json.dumps(said).encode()


def test_the_question_is_as_the_makers_app_sends_it() -> None:
    # Made by python-kasa 0.12.
    assert kasa.STREAM_QUESTION.hex() == (
        "0000001dd0f281f88bff9af7d5ef94b6d1b4c09fec95e68fe187e8caf08bf68bf6"
    )
    assert kasa.plain(kasa.QUESTION) == b'{"system":{"get_sysinfo":{}}}'


@given(st.binary(max_size=64))
def test_what_is_obscured_becomes_plain_again(data: bytes) -> None:
    assert kasa.plain(kasa.obscured(data)) == data


def test_a_message_is_read_however_it_arrives() -> None:
    sample = len(sysinfo()).to_bytes(4, "big") + kasa.obscured(sysinfo())

    def feed(chunks: Sequence[bytes]) -> tuple[bytes, int] | None:
        heard = b""
        for chunk in chunks:
            assert kasa.take(heard) is None
            heard += chunk
        return kasa.take(heard)

    assert three_ways(feed, sample, b"tail") == [(sysinfo(), len(sample))] * 3


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n", b"\0\0\0\1{", b"\0\0\1\0\0\0", b"\x16\x03\x01\x02\x00\x01"]
)
def test_other_protocols_are_refused_at_their_first_bytes(data: bytes) -> None:
    with pytest.raises(Malformed):
        kasa.take(data)


def test_a_plug_tells_what_it_is_and_where_it_stands() -> None:
    device = kasa.read_sysinfo(sysinfo())
    assert device.facts() == {
        "protocol": "TP-Link Kasa",
        "vendor": "TP-Link",
        "model": "HS110(EU)",
        "firmware": "1.2.6",
        "device_kind": "plug",
        "name": "Kettle",
        "open": True,
        "how": "it asks for no login",
        "position": True,
    }
    assert device.numbers == (PLUG["mac"], PLUG["deviceId"])


@pytest.mark.parametrize(
    ("changes", "position"),
    [
        ({"latitude_i": 0, "longitude_i": 0}, False),
        ({"latitude_i": None, "longitude_i": None}, None),
        ({"latitude_i": None, "longitude_i": None, "latitude": 52.5, "longitude": 13.4}, True),
        ({"latitude_i": "52", "longitude_i": None}, None),
    ],
)
def test_a_place_that_nobody_set_is_none(changes: dict[str, Any], position: bool | None) -> None:
    assert kasa.read_sysinfo(sysinfo(**changes)).position is position


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"dev_name": "Wi-Fi Smart Light Switch"}, "wall switch"),
        ({"dev_name": "Smart Wi-Fi Dimmer"}, "wall switch"),
        ({"type": None, "mic_type": "IOT.SMARTBULB", "dev_name": None}, "bulb"),
        ({"type": "IOT.NOVELTY"}, ""),
    ],
)
def test_the_kind_is_the_one_it_tells(changes: dict[str, Any], kind: str) -> None:
    assert kasa.read_sysinfo(sysinfo(**changes)).kind == kind


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{}",
        b'{"system":{"get_sysinfo":[]}}',
        b'{"system":{"set_relay_state":{"err_code":0}}}',
        sysinfo(err_code=-1),
        sysinfo(model=None, deviceId=None),
        b"[" * 5000,
    ],
)
def test_what_describes_no_device_is_refused(said: bytes) -> None:
    with pytest.raises(Malformed):
        kasa.read_sysinfo(said)


def test_a_later_device_is_closed_and_says_by_what() -> None:
    device = kasa.read_later(later())
    assert device.facts() == {
        "protocol": "TP-Link discovery",
        "version": "KLAP",
        "vendor": "TP-Link",
        "model": "P110(EU)",
        "device_kind": "plug",
        "open": False,
        "setup": False,
    }
    assert device.port == 20002


@pytest.mark.parametrize(("value", "setup"), [(True, True), (False, False), ("yes", None)])
def test_only_a_plain_word_tells_that_nobody_set_it_up(value: Any, setup: bool | None) -> None:
    assert kasa.read_later(later(factory_default=value)).setup is setup


@pytest.mark.parametrize(
    "data",
    [
        b"",
        kasa.LATER_QUESTION,
        later()[:40],
        b"\1" + later()[1:],
        later().replace(b'"error_code": 0', b'"error_code": 9'),
        later(device_model=None),
        later(device_type=""),
    ],
)
def test_what_is_no_answer_of_a_later_device_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        kasa.read_later(data)


@given(st.binary(max_size=80))
def test_garbage_is_refused_or_waited_for_and_nothing_else(data: bytes) -> None:
    for read in (kasa.take, kasa.read_sysinfo, kasa.read_later):
        try:
            read(data)
        except Malformed:
            continue
