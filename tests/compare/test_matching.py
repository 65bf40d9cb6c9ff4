"""Who is who: by what a device is known again, and what is never enough."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.compare.matching import Match, Profile, match

MAC, OTHER_MAC = ("MAC", "00:00:5e:00:53:01"), ("MAC", "00:00:5e:00:53:02")
SERIAL, KEY = ("serial number", "sn12345"), ("SSH host key", "sha256:aa")
NAME = ("name", "hallway")
RANDOM = ("random MAC", "02:00:00:00:00:01")


def profile(key: int, *marks: tuple[str, str], at: str = "", **more: str) -> Profile:
    return Profile(key, frozenset(marks), frozenset({at} - {""}), **more)


def only(earlier: Profile, later: Profile) -> Match | str:
    """The one match there is, or why there is none."""
    found = match([earlier], [later])
    return found.matches[0] if found.matches else found.doubts.get(later.key, "")


@pytest.mark.parametrize("mark", [MAC, SERIAL, KEY, RANDOM, ("UPnP id", "u1"), ("TLS key", "k")])
def test_device_is_known_again_at_another_address_by_its_mark(mark: tuple[str, str]) -> None:
    found = only(profile(1, mark, at="192.0.2.1"), profile(2, mark, at="192.0.2.9"))
    assert isinstance(found, Match)
    assert found.sure
    assert found.because == (" ".join(mark),)


def test_device_with_a_new_random_mac_is_known_again_by_its_host_key() -> None:
    earlier = profile(1, RANDOM, KEY, at="192.0.2.1")
    later = profile(2, ("random MAC", "02:00:00:00:00:99"), KEY, at="192.0.2.2")
    found = only(earlier, later)
    assert isinstance(found, Match)
    assert (found.sure, found.because) == (True, ("SSH host key sha256:aa",))


def test_all_evidence_is_told_strongest_first() -> None:
    marks = (NAME, KEY, SERIAL, MAC)
    found = only(profile(1, *marks, at="192.0.2.1"), profile(2, *marks, at="192.0.2.1"))
    assert isinstance(found, Match)
    assert [words.split(" ")[0] for words in found.because] == [
        *("MAC", "serial", "SSH", "name", "address"),
    ]


def test_two_registered_macs_are_two_devices_whatever_else_they_share() -> None:
    found = only(
        profile(1, MAC, SERIAL, KEY, NAME, at="192.0.2.1"),
        profile(2, OTHER_MAC, SERIAL, KEY, NAME, at="192.0.2.1"),
    )
    assert found == "the same serial number, but another MAC"


@pytest.mark.parametrize("side", ["earlier", "later"])
def test_mark_of_two_devices_identifies_neither(side: str) -> None:
    twins = [profile(1, KEY), profile(2, KEY)]
    one = [profile(3, KEY)]
    found = match(twins, one) if side == "earlier" else match(one, twins)
    assert found.matches == ()


def test_copied_key_stays_useless_after_its_other_user_was_recognised() -> None:
    earlier = [profile(1, MAC, KEY), profile(2, KEY)]
    later = [profile(3, MAC, KEY), profile(4, KEY)]
    assert [(m.earlier, m.later) for m in match(earlier, later).matches] == [(1, 3)]


@pytest.mark.parametrize(
    ("earlier", "later", "doubt"),
    [
        (profile(1, NAME), profile(2, NAME), ""),
        (profile(1, at="192.0.2.1"), profile(2, at="192.0.2.1"), ""),
        (profile(1, NAME, RANDOM), profile(2, NAME, ("random MAC", "02:00:00:00:00:02")), ""),
        (
            profile(1, RANDOM, at="192.0.2.1"),
            profile(2, ("random MAC", "02:00:00:00:00:02"), at="192.0.2.1"),
            "the same address, but another MAC",
        ),
        (
            profile(1, RANDOM, at="192.0.2.1"),
            profile(2, MAC, at="192.0.2.1"),
            "the same address, but another MAC",
        ),
        (
            profile(1, SERIAL, at="192.0.2.1"),
            profile(2, ("serial number", "sn99999"), at="192.0.2.1"),
            "the same address, but another serial number",
        ),
        (
            profile(1, NAME, vendor="Acme"),
            profile(2, NAME, vendor="Lumen"),
            "the same name, but another maker",
        ),
        (
            profile(1, at="192.0.2.1", kind="camera"),
            profile(2, at="192.0.2.1", kind="printer"),
            "the same address, but another kind of device",
        ),
        (
            profile(1, at="192.168.1.1", network="home"),
            profile(2, at="192.168.1.1", network="office"),
            "the same address, but in another network",
        ),
        (profile(1, at="192.0.2.1"), profile(2, at="192.0.2.2"), "-"),
    ],
)
def test_weak_evidence_counts_only_where_nothing_speaks_against_it(
    earlier: Profile, later: Profile, doubt: str
) -> None:
    found = only(earlier, later)
    if doubt == "":
        assert isinstance(found, Match)
        assert not found.sure
    else:
        assert found == doubt.strip("-")


def test_strong_evidence_goes_before_weak() -> None:
    """A camera moved, and another device got its old address."""
    earlier = [profile(1, SERIAL, at="192.0.2.1")]
    later = [profile(2, at="192.0.2.1"), profile(3, SERIAL, at="192.0.2.7")]
    assert [(m.earlier, m.later) for m in match(earlier, later).matches] == [(1, 3)]


MARKS = st.sets(
    st.tuples(
        st.sampled_from(["MAC", "serial number", "SSH host key", "name"]), st.sampled_from("abc")
    ),
    max_size=4,
)
SIDES = st.lists(st.tuples(MARKS, st.sampled_from(["", "192.0.2.1", "192.0.2.2"])), max_size=5)


@given(SIDES, SIDES, st.randoms())
def test_matches_are_one_to_one_and_order_does_not_matter(
    one: list[tuple[set[tuple[str, str]], str]],
    other: list[tuple[set[tuple[str, str]], str]],
    rng: random.Random,
) -> None:
    earlier = [profile(n, *marks, at=at) for n, (marks, at) in enumerate(one)]
    later = [profile(n, *marks, at=at) for n, (marks, at) in enumerate(other)]
    found = match(earlier, later)
    assert len({m.earlier for m in found.matches}) == len(found.matches)
    assert len({m.later for m in found.matches}) == len(found.matches)
    rng.shuffle(earlier)
    rng.shuffle(later)
    assert match(earlier, later) == found
    assert all(m.because for m in found.matches)
