"""Text from devices does nothing to a terminal, a browser or a reader of either direction."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.text import LONGEST, clean


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"Kitchen lamp", "Kitchen lamp"),
        ("Küche von Zoë".encode(), "Küche von Zoë"),
        (b"\x1b[2J\x1b]0;owned\x07cam", "[2J ]0;owned cam"),
        (b"a\r\nb\tc\x00d", "a b c d"),
        (b"caf\xe9", "caf\\xe9"),
        ("gnp.\u202egpj", "gnp.\\u202egpj"),
        ("a\u2066b\u200fc", "a\\u2066b\\u200fc"),
        ("\ud800", "\\ud800"),
        ("\ue000", "\\ue000"),
        ("\u2028line", "line"),
        (b"", ""),
        ("  spaced   out  ", "spaced out"),
    ],
)
def test_only_readable_text_on_one_line_remains(raw: bytes | str, shown: str) -> None:
    assert clean(raw) == shown


def test_long_text_is_cut_with_a_sign_of_it() -> None:
    assert clean(b"x" * 100_000) == "x" * (LONGEST - 1) + "…"
    assert clean("abcdef", 4) == "abc…"


@given(st.binary(max_size=600) | st.text(max_size=600))
def test_whatever_comes_in_is_harmless_and_short(raw: bytes | str) -> None:
    text = clean(raw)
    assert len(text) <= LONGEST
    assert all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in text)
    assert not set(text) & set(
        "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing_more(raw: str) -> None:
    once = clean(raw)
    assert clean(once) == once


def test_no_character_comes_through_that_could_do_something() -> None:
    harmful = {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
    alone = (chr(number) for number in range(sys.maxunicode + 1))
    assert not [c for c in alone if clean(c) == c and unicodedata.category(c) in harmful]
