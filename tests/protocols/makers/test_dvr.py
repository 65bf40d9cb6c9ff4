"""The first words of recorders' own protocols."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import dvr
from iotscan.testing import NOISE, three_ways

SAID = b'{ "Name" : "KeepAlive", "Ret" : 103, "SessionID" : "0x0" }\n\x00'
XIONGMAI = (
    bytes.fromhex("ff010000 00000000 00000000 0000 ef03") + len(SAID).to_bytes(4, "little") + SAID
)
REALM = b"Realm:Login to 4C0123\r\nRandom:77\r\n\r\n"
DAHUA = bytes.fromhex("b0000078") + len(REALM).to_bytes(4, "little") + bytes(24) + REALM


def fed(parts: Sequence[bytes]) -> tuple[str, int]:
    held = b""
    for part in parts:
        held += part
        found = dvr.parse(held)
        if found is not None:
            return found.product, found.end
    raise AssertionError("nothing was read")


@pytest.mark.parametrize(("data", "product"), [(XIONGMAI, "Xiongmai"), (DAHUA, "Dahua")])
def test_answers_are_read_three_ways(data: bytes, product: str) -> None:
    assert three_ways(fed, data, tail=b"\xff") == [(product, len(data))] * 3


def test_our_hellos_hold_no_login() -> None:
    assert dvr.xiongmai_hello()[14:16] == (1006).to_bytes(2, "little")
    assert b"PassWord" not in dvr.xiongmai_hello()
    assert len(dvr.dahua_hello()) == 32


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK",
        NOISE,
        b"\xff\xfd\x18\xff\xfd\x20",
        XIONGMAI[:14] + b"\x01\x00" + XIONGMAI[16:],
        XIONGMAI.replace(b"Ret", b"Net"),
        XIONGMAI.replace(b"{", b"["),
        DAHUA.replace(b"Realm", b"Dream"),
        b"\xb0" + b"\xff" * 40,
    ],
)
def test_other_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        dvr.parse(data)


@given(st.sampled_from([XIONGMAI, DAHUA]), st.integers(0, 90), st.binary(max_size=9))
def test_damage_is_malformed_or_waits(data: bytes, cut: int, put: bytes) -> None:
    try:
        dvr.parse(data[:cut] + put + data[cut + len(put) :])
    except Malformed:
        return
