"""What a Hi-Flying module answers to its word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import magichome


@pytest.mark.parametrize(
    ("data", "model"),
    [
        (b"192.168.1.7,ACCF23000204,AK001-ZJ2101", "AK001-ZJ2101"),
        (b"10.10.123.3,D8F15BABCDEF,HF-LPB100-ZJ200\r\n", "HF-LPB100-ZJ200"),
        (b"192.168.1.7,ACCF23000204,", ""),
    ],
)
def test_a_module_tells_its_mac_and_its_firmware(data: bytes, model: str) -> None:
    device = magichome.read_answer(data)
    assert (device.model, device.open) == (model, True)
    assert device.numbers[0] in data.decode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        magichome.QUESTION,
        b"+ok=1.0.04a\r\n\r\n",
        b"192.168.1.7,accf23000204,AK001",
        b"192.168.1.7,ACCF230002,AK001",
        b"192.168.1.7,ACCF23000204,AK001,more",
        b"192.168.1.7,ACCF23000204,AK001" + b" " * 300,
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        magichome.read_answer(data)


@given(st.binary(max_size=60))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    try:
        magichome.read_answer(data)
    except Malformed:
        return
