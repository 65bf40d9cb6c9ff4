"""Port numbers as ranges, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.spans import spans, within

PORTS = st.sets(st.integers(1, 65535), max_size=20)


@pytest.mark.parametrize(
    ("ports", "text"),
    [((), ""), ((80,), "80"), ((80, 22, 23, 80), "22-23,80"), ((1, 2, 3), "1-3")],
)
def test_ports_are_written_as_ranges(ports: tuple[int, ...], text: str) -> None:
    assert spans(ports) == text


@given(PORTS, st.integers(1, 65535))
def test_what_was_written_is_within_and_nothing_else(ports: set[int], other: int) -> None:
    text = spans(ports)
    assert all(within(port, text) for port in ports)
    assert within(other, text) == (other in ports)


@pytest.mark.parametrize("text", ["", "x", "-", "5-", ",,", "a-b", "80-x"])
def test_other_text_holds_no_port(text: str) -> None:
    assert not within(80, text)
