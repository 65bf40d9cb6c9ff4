"""WiZ: the two questions that only read, and what lamps and plugs answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import wiz

PILOT = (
    b'{"method":"getPilot","env":"pro","result":{"mac":"a8bb50000197","rssi":-61,"src":"",'
    b'"state":true,"sceneId":0,"temp":2700,"dimming":80}}'
)


def config(**changes: Any) -> bytes:
    said = {"mac": "a8bb50000197", "homeId": 653906, "moduleName": "ESP01_SHRGB1C_31",
            "fwVersion": "1.25.0"} | changes  # fmt: skip
    return json.dumps({"method": "getSystemConfig", "env": "pro", "result": said}).encode()


def test_the_questions_name_methods_that_only_read() -> None:
    for method in (wiz.PILOT, wiz.CONFIG):
        assert method.startswith("get")
        assert json.loads(wiz.question(method)) == {"method": method, "params": {}}


def test_answers_tell_the_module_and_its_firmware() -> None:
    assert wiz.read(PILOT).facts() == {
        "protocol": "WiZ",
        "vendor": "WiZ",
        "open": True,
        "how": "it asks for no login",
    }
    device = wiz.read(config())
    assert (device.model, device.firmware, device.kind) == ("ESP01_SHRGB1C_31", "1.25.0", "bulb")
    assert device.numbers == ("a8bb50000197",)


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        ("ESP10_SOCKET_06", "plug"),
        ("ESP03_FANDIMS_31", "fan"),
        ("ESP56_SHTW3_01", "bulb"),
        ("", ""),
    ],
)
def test_the_kind_stands_in_the_modules_name(module: str, kind: str) -> None:
    assert wiz.read(config(moduleName=module)).kind == kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        wiz.question(wiz.PILOT),
        b'{"method":"getPilot","error":{"code":-32601,"message":"Method not found"}}',
        b'{"method":"setPilot","result":{"mac":"a8bb50000197","success":true}}',
        config(mac="a8bb"),
        config(mac=7),
        b'{"result":{"mac":"a8bb50000197"}}',
        b'{"a":' * 5000,
    ],
)
def test_what_is_no_answer_to_them_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        wiz.read(data)


@given(st.binary(max_size=80))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    for said in (data, b'{"method":"getPilot","result":' + data + b"}"):
        try:
            wiz.read(said)
        except Malformed:
            continue
