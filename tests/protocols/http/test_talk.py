"""Questions and answers paired."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.protocols.http.questions import (
    Question,
    ask,
    ask_proxy,
    is_ours,
    question_of,
    submit,
)
from iotscan.protocols.http.talk import exchanges

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NO = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def shape(turns: list[tuple[int, bool, bytes]]) -> list[tuple[str, int]]:
    return [
        (one.request.target if one.request else "", one.response.status if one.response else 0)
        for one in exchanges(turns)
    ]


def test_exchanges_on_one_connection_are_paired_in_order() -> None:
    turns = [(0, True, GET), (1, False, OK), (4, True, POST), (5, False, NO)]
    found = exchanges(turns)
    assert shape(turns) == [("/a", 200), ("/b", 404)]
    assert (found[1].asked, found[1].answered) == ((4,), (5,))


def test_pipelined_and_cut_into_turns() -> None:
    turns = [(0, True, GET + POST[:30]), (1, True, POST[30:])]
    turns += [(2, False, OK[:10]), (3, False, OK[10:] + NO)]
    found = exchanges(turns)
    assert shape(turns) == [("/a", 200), ("/b", 404)]
    assert (found[1].asked, found[1].answered) == ((0, 1), (3,))
    assert found[0].answered == (2, 3)


def test_how_turns_are_cut_changes_nothing() -> None:
    client, server = GET + POST, OK + NO
    whole = shape([(0, True, client), (1, False, server)])
    for size in (1, 2, 7, 60):
        asked = [(i, True, client[i : i + size]) for i in range(0, len(client), size)]
        heard = [(999 + i, False, server[i : i + size]) for i in range(0, len(server), size)]
        assert shape(asked + heard) == whole


def test_a_recording_that_begins_in_the_middle_is_read_from_the_first_head_on() -> None:
    turns = [(0, False, b"rest of a body"), (1, True, GET), (2, False, OK)]
    assert shape(turns) == [("/a", 200)]


def test_a_body_that_ends_with_the_connection() -> None:
    (found,) = exchanges([(0, True, GET), (1, False, b"HTTP/1.0 200 OK\r\n\r\nabc")])
    assert found.response is not None
    assert found.response.body == b"abc"


def test_after_a_change_of_protocol_nothing_is_read() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    turns = [(0, True, GET), (1, False, switch + b"\x82\x05hello")]
    assert shape(turns) == [("/a", 101)]


def test_an_odd_version_is_read_and_moves_nothing() -> None:
    odd = GET.replace(b"HTTP/1.1", b"HTTP/1.0.8")
    (first, second) = exchanges([(0, True, odd), (1, True, GET)])
    assert first.request is not None
    assert (first.request.target, first.request.version) == ("/a", "1.0")
    assert (first.asked, second.asked) == ((0,), (1,))


def test_other_protocols_give_nothing() -> None:
    assert exchanges([(0, True, b"EHLO x\r\n"), (1, False, b"250 ok\r\n")]) == []
    assert exchanges([]) == []


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), max_size=6))
def test_garbage_is_read_without_failing(parts: list[tuple[bool, bytes]]) -> None:
    said = [
        (i, client, (GET if client else OK)[:20] + data) for i, (client, data) in enumerate(parts)
    ]
    assert len(exchanges(said)) <= len(parts) * 2


def test_the_wish_for_a_proxy_and_a_login_by_a_form_are_known_again() -> None:
    said = {
        Question.PROXY: ask_proxy("192.0.2.1:8080", "192.0.2.1"),
        Question.FORM: submit("/login", "192.0.2.1", "application/json", b"{}"),
    }
    for question, data in said.items():
        (found,) = exchanges([(0, True, data)])
        assert found.request is not None
        assert question_of(found.request) is question


def test_every_question_is_known_again() -> None:
    for question in set(Question) - {Question.PROXY, Question.FORM}:
        path = "/favicon.ico" if question is Question.ICON else "/"
        secret = "Basic eA==" if question is Question.LOGIN else ""
        (found,) = exchanges([(0, True, ask(question, "192.0.2.1", path, secret))])
        assert found.request is not None
        assert is_ours(found.request)
        assert question_of(found.request) is question
    (other,) = exchanges([(0, True, GET)])
    assert other.request is not None
    assert not is_ours(other.request)


@pytest.mark.parametrize(
    "kept", [b"HTTP/1.1 200 O", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nServer: boa\r\nDa"]
)
def test_of_an_answer_with_holes_the_beginning_of_its_head_is_enough(kept: bytes) -> None:
    said = [(0, False, b"rest of another"), (1, True, GET[:9]), (2, False, kept)]
    assert exchanges(said) == []
    (found,) = exchanges(said, cut=True)
    assert found.response is not None
    assert (found.response.status, found.answered) == (200, (2,))
    assert found.response.header("server") == ("boa" if b"boa" in kept else "")


@pytest.mark.parametrize("kept", [b"HTTP/1.1 20", b"HTTP/1.1 two hundred", b"", b"RTSP/1.0 200 OK"])
def test_less_than_a_status_is_no_answer(kept: bytes) -> None:
    assert exchanges([(0, False, kept)], cut=True) == []


BASIC = b"GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\nUser-Agent: som"
FORM = b"POST /in HTTP/1.1\r\nContent-Length: 90\r\n\r\n"


def test_each_question_is_read_on_its_own_where_bytes_are_missing() -> None:
    image = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nJFIF"
    turns = [(0, True, GET), (1, False, image), (2, False, b"more of it"), (3, True, POST)]
    turns += [(4, False, NO)]
    found = exchanges(turns, cut=True)
    assert [one.response.status for one in found if one.response] == [200, 404]
    assert [one.answered for one in found] == [(1, 2), (4,)]


def test_of_a_question_that_is_cut_its_whole_lines_are_read() -> None:
    (one,) = exchanges([(0, True, BASIC), (1, False, b"HTTP/1.1 200 OK\r\nServ")], cut=True)
    assert one.request is not None
    assert one.request.headers == (("host", b"x"), ("authorization", b"Basic YTpi"))
    assert one.response is not None
    assert (one.response.status, one.whole) == (200, False)
    assert exchanges([(0, True, BASIC)]) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"user=ann&pass", b"user=ann"),
        (b"user=ann&password=hun", b"user=ann&password=hun"),
        (b"password=hunter2&user=an", b"password=hunter2"),
    ],
)
def test_of_a_form_that_is_cut_its_whole_fields_are_read(sent: bytes, kept: bytes) -> None:
    (one,) = exchanges([(0, True, FORM + sent)], cut=True)
    assert one.request is not None
    assert one.request.body == kept


def test_what_comes_behind_missing_bytes_is_not_of_the_form() -> None:
    sent = [(0, True, FORM + b"user=ad"), (1, True, b"min&password=x")]
    whole, holed = (exchanges(sent, cut=True, holes=holes)[0].request for holes in ((), {0}))
    assert whole is not None
    assert holed is not None
    assert (whole.body, holed.body) == (b"user=admin&password=x", b"")
