"""Govee's scan, as the maker's guide writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import govee


def answer(cmd: str = "scan", **changes: Any) -> bytes:
    said = {"ip": "192.168.1.23", "device": "1F:80:C5:32:32:36:72:4E", "sku": "H6159",
            "wifiVersionHard": "1.00.10", "wifiVersionSoft": "1.02.03"} | changes  # fmt: skip
    return json.dumps({"msg": {"cmd": cmd, "data": said}}).encode()


def test_a_light_that_answers_takes_orders_from_anybody() -> None:
    device = govee.read_scan(answer())
    assert device.facts() == {
        "protocol": "Govee",
        "vendor": "Govee",
        "model": "H6159",
        "firmware": "1.02.03",
        "device_kind": "bulb",
        "open": True,
        "how": "its LAN control is on and asks for no login",
    }
    assert (device.port, device.numbers) == (4003, ("1F:80:C5:32:32:36:72:4E",))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        govee.SCAN,
        answer(cmd="devStatus"),
        answer(device=None),
        answer(sku=""),
        b'{"msg":[]}',
        b'{"msg":{"cmd":"scan","data":"x"}}',
    ],
)
def test_questions_and_other_messages_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        govee.read_scan(data)


@given(st.binary(max_size=80))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    for said in (data, b'{"msg":' + data + b"}"):
        try:
            govee.read_scan(said)
        except Malformed:
            continue
