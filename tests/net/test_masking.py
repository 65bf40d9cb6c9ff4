"""Secrets are starred with their own length, wherever the bytes were split."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.net.masking import Mask, mask_last


def test_the_last_place_is_masked_since_passwords_come_last() -> None:
    assert mask_last(b"admin:admin\r", b"admin") == b"admin:*****\r"
    assert mask_last(b"admin\r", b"admin") == b"*****\r"


def test_what_cannot_be_masked_is_an_error() -> None:
    with pytest.raises(ValueError, match="not part"):
        mask_last(b"hello", b"secret")


@given(
    before=st.binary(max_size=40),
    after=st.binary(max_size=40),
    secret=st.binary(min_size=1, max_size=20),
    cuts=st.lists(st.integers(0, 100), max_size=8),
)
def test_no_way_of_splitting_lets_a_secret_through(
    before: bytes, after: bytes, secret: bytes, cuts: list[int]
) -> None:
    said = before + secret + after
    edges = sorted({0, len(said), *(cut for cut in cuts if cut < len(said))})
    pieces = [bytearray(said[a:b]) for a, b in itertools.pairwise(edges)]
    mask = Mask(secret)
    for piece in pieces:
        mask.cover(piece)
    recorded = b"".join(pieces)
    assert len(recorded) == len(said)
    assert set(secret) == {0x2A} or recorded.count(b"*") >= len(secret)
    for place in range(len(said)):
        if recorded[place] != said[place]:
            assert recorded[place] == 0x2A
    if b"*" not in said:
        assert secret not in recorded


def test_only_what_follows_at_once_is_an_echo() -> None:
    mask = Mask(b"pass", reach=4, once=True)
    late = bytearray(b"Last login: pass")
    mask.cover(late)
    assert late == b"Last login: pass"
    again = bytearray(b"pass")
    mask.cover(again)
    assert again == b"pass"


def test_an_echo_in_pieces_is_masked_and_later_text_is_not() -> None:
    mask = Mask(b"secret", reach=16, once=True)
    pieces = [
        bytearray(b"\r\nsec"),
        bytearray(b"r"),
        bytearray(b"et\r\nsecret"),
        bytearray(b"secret"),
    ]
    for piece in pieces:
        mask.cover(piece)
    assert b"".join(pieces) == b"\r\n******\r\nsecretsecret"


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        (b"secre", b"*****"),
        (b"secr", b"****"),
        (b"sec", b"***"),
        (b"se", b"se"),
        (b"ecre", b"ecre"),
    ],
)
def test_an_echo_that_was_cut_off_is_masked_too(heard: bytes, kept: bytes) -> None:
    mask = Mask(b"secret", reach=16, once=True)
    piece = bytearray(b"\r\n" + heard)
    mask.cover(piece)
    mask.finish()
    assert piece == b"\r\n" + kept


def test_appended_bytes_of_one_piece_are_looked_at_once() -> None:
    mask = Mask(b"secret")
    piece = bytearray(b"sec")
    mask.cover(piece)
    start = len(piece)
    piece += b"ret!"
    mask.cover(piece, start)
    assert piece == b"******!"
