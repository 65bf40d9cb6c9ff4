"""Which version is older: in makers' own schemes, and only where it can be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.assess.rulebook.versions import compare


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("6.40.7", "6.40.8"),
        ("6.40", "6.40.8"),
        ("6.9", "6.10"),
        ("V1.04b12", "1.05"),
        ("1.04B12", "v1.04b13"),
        ("5.20(ABUH.3)C0", "5.21(ABUH.5)C0"),
        ("5.20(ABUH.3)C0", "5.20\t(abuh.4)c0"),
        ("3.0.0.4.386_42643", "3.0.0.4.388_22525"),
        ("firmware v1.0.9.88_10.2.88", "V1.0.11.136_10.2.120"),
        ("V5.5.53 build 180718", "V5.5.53 build 190908"),
        ("1.1.4 Build 20230219 rel.69802", "1.1.5 Build 20230301"),
        ("2.800.0000000.16.R", "2.840.0000000.1.R"),
        ("2019.12.01", "2020.01.01"),
    ],
)
def test_numbers_count_in_their_order(older: str, newer: str) -> None:
    first, second = compare(older, newer), compare(newer, older)
    assert first is not None
    assert second is not None
    assert first < 0 < second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("6.40", "6.40.0"),
        ("V1.04B12", "1.04b12"),
        ("3.0.0.4.386_42643", "3.0.0.4.386.42643"),
        ("1.0 beta 2", "1.0-beta2"),
    ],
)
def test_the_same_however_it_is_written(one: str, other: str) -> None:
    assert compare(one, other) == compare(other, one) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.04", "1.04b12"),  # which build it is does not show
        ("1.04WWb03", "1.04b12"),  # firmware for another region
        ("6.45rc1", "6.45"),
        ("1.2.3", "20210625"),  # a release is not compared with a date
        ("1.2.3", "2021-06-25"),
        ("build 210625", "5.2"),
        ("", "1.0"),
        ("unknown", "1.0"),
    ],
)
def test_what_only_the_maker_knows_is_not_known(one: str, other: str) -> None:
    assert compare(one, other) is None
    assert compare(other, one) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_it_turns_round_and_never_raises(one: str, other: str) -> None:
    forth, back = compare(one, other), compare(other, one)
    assert (forth is None) == (back is None)
    if forth is not None and back is not None:
        assert (forth > 0) == (back < 0)
