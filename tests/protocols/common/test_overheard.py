"""Lines, frames and sides of other people's conversations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.model import Channel, Sender, TlsFacts, Turn
from iotscan.protocols.common.overheard import (
    LONGEST_LINE,
    clear_turns,
    framed,
    lines,
    observe,
    turn_at,
    turned,
    without_holes,
)
from iotscan.testing import captured


def said(*turns: tuple[Sender, bytes]) -> list[tuple[int, Turn]]:
    return [(i, Turn(sender, float(i), data)) for i, (sender, data) in enumerate(turns)]


def test_lines_are_joined_for_each_side_and_cite_the_turn_that_ended_them() -> None:
    turns = said(("client", b"US"), ("server", b"220 hi\r\n2"), ("client", b"ER x\r\nPA"))
    assert [(line.turn, line.sender, line.text) for line in lines(turns)] == [
        (1, "server", b"220 hi"),
        (2, "client", b"USER x"),
    ]


def test_nothing_is_read_behind_the_start_of_tls() -> None:
    turns = said(("client", b"AUTH TLS\r\n"), ("client", b"\x16\x03\x01\nPASS x\n"))
    assert [line.text for line in lines(turns)] == [b"AUTH TLS"]


def test_a_line_without_an_end_is_left_unread() -> None:
    turns = said(("client", b"A" * (LONGEST_LINE + 1)), ("client", b"\nPASS x\n"))
    assert list(lines(turns)) == []


def test_of_a_line_that_is_cut_the_words_of_a_server_count() -> None:
    turns = said(("server", b"220 Box 1.2.3"), ("client", b"USER ad"), ("client", b"X\r\n"))
    cut = [(i, replace(turn, cut=turn.data != b"X\r\n")) for i, turn in turns]
    assert [(line.turn, line.text) for line in lines(cut)] == [(0, b"220 Box"), (2, b"X")]
    assert [turn.data for _, turn in without_holes(cut)] == [b"220 Box 1.2.3", b"USER ad"]


def test_what_is_cut_is_not_joined_to_what_comes_behind_it() -> None:
    turns = said(("client", b"\3ab"), ("client", b"\1x"))
    assert [m for _, _, m in framed(turns, take, 9)] == [b"ab\1"]
    cut = [(i, replace(turn, cut=True)) for i, turn in turns]
    assert [m for _, _, m in framed(cut, take, 9)] == [b"x"]


def take(data: bytes) -> tuple[bytes, int] | None:
    """A message is a length and so many letters."""
    if data[0] > 9:
        raise Malformed("too long")
    return (data[1 : 1 + data[0]], 1 + data[0]) if len(data) > data[0] else None


@given(st.lists(st.binary(max_size=9), max_size=5), st.integers(1, 7))
def test_messages_are_framed_however_they_are_cut(messages: list[bytes], size: int) -> None:
    stream = b"".join(bytes([len(m)]) + m for m in messages)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    found = list(framed(said(*(("client", piece) for piece in pieces)), take, 100))
    assert [message for _, _, message in found] == messages
    starts = [sum(len(m) + 1 for m in messages[:i]) // size for i in range(len(messages))]
    assert [index for index, _, _ in found] == starts


def test_a_side_is_left_at_its_first_fault_and_the_other_goes_on() -> None:
    turns = said(("client", b"\xff\x01a"), ("server", b"\x01b"), ("client", b"\x01c"))
    assert [message for _, _, message in framed(turns, take, 100)] == [b"b"]


def test_a_message_that_grows_without_end_is_given_up() -> None:
    turns = said(("client", b"\x09a"), ("client", b"b"), ("client", b"c" * 20))
    assert list(framed(turns, take, 2)) == []


def test_a_byte_is_found_in_its_turn() -> None:
    turns = said(("client", b"ab"), ("server", b"xyz"), ("client", b"cd"))
    assert [turn_at(turns, "client", at) for at in range(4)] == [0, 0, 2, 2]
    with pytest.raises(LookupError):
        turn_at(turns, "client", 4)


def test_turning_round_changes_both_sides_and_can_be_undone() -> None:
    talk = captured([("client", b"a"), ("server", b"b")], 21)
    other = turned(talk)
    assert [turn.sender for turn in other.turns] == ["server", "client"]
    assert other.service.endpoint == talk.client
    assert turned(other) == talk


def test_our_own_conversations_are_not_turned_round() -> None:
    talk = captured([], 21)
    with pytest.raises(ValueError, match="who is who"):
        turned(type(talk)(talk.id, talk.service, talk.probe, 0.0))


def test_what_was_said_inside_tls_is_not_clear() -> None:
    talk = captured([("client", b"a")], 21)
    secured = type(talk)(
        "c1",
        talk.service,
        "x",
        0.0,
        talk.turns,
        (Channel(talk.service.endpoint, tls=TlsFacts("TLSv1.3")),),
        client=talk.client,
    )
    assert clear_turns(secured) == ()
    assert len(clear_turns(talk)) == 1


def test_an_observation_names_the_other_side_and_its_turns() -> None:
    seen = observe(captured([("client", b"a")], 21), "x.y", {"a": True}, [3, 1, 3])
    assert seen.facts == {"a": True, "peer": "192.0.2.7"}
    assert seen.proofs[0].turns == (1, 3)
    assert str(seen.endpoint) == "192.0.2.1:21/tcp"
