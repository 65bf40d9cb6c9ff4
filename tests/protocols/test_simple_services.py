"""The character generator's ring and the echo of our phrase; and what only looks like them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.protocols.simple_services import is_ring

RING = bytes(range(0x20, 0x7F)) * 2


@given(st.integers(0, 94), st.integers(24, 95))
def test_any_stretch_of_the_ring_is_known(start: int, length: int) -> None:
    line = RING[start : start + length]
    assert is_ring(line)
    assert is_ring(line + b"\r\n" + RING[start + 1 : start + length])


@pytest.mark.parametrize(
    "heard",
    [
        b"",
        RING[:23],
        RING[:30] + b"!" + RING[30:60],
        b"login: ",
        b"abcdefghijklmnop\r\n",
        b"\0" * 72,
    ],
    ids=["nothing", "too short", "broken", "a prompt", "an alphabet", "zeroes"],
)
def test_other_text_is_not(heard: bytes) -> None:
    assert not is_ring(heard)
