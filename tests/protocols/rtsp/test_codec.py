"""RTSP messages, whole, in pieces, between interleaved media, and as garbage."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.rtsp import codec as rtsp
from iotscan.protocols.rtsp.codec import Place, Request, Response
from iotscan.testing import three_ways

BLOCK = b"$\x00\x00\x05\x80RTSP"
ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nServer: x\r\nContent-Length: 4\r\n\r\nv=0\n"


def fed(parts: Sequence[bytes]) -> tuple[object, ...]:
    held = b""
    for part in parts:
        held += part
        found = rtsp.parse_message(held)
        if found is not None:
            assert isinstance(found, Response)
            return found.status, found.reason, found.header("cseq"), found.body
    raise AssertionError("nothing was read")


def test_an_answer_is_read_three_ways_past_interleaved_media() -> None:
    expected = (200, "OK", "7", b"v=0\n")
    assert three_ways(fed, ANSWER, tail=b"RTSP/1.0 4") == [expected] * 3
    assert three_ways(fed, BLOCK + BLOCK + ANSWER, tail=BLOCK) == [expected] * 3


def test_a_request_is_built_and_read_again() -> None:
    data = rtsp.build("DESCRIBE", "rtsp://192.0.2.1/live", 3, [("Accept", "application/sdp")])
    found = rtsp.parse_message(data)
    assert isinstance(found, Request)
    assert (found.method, found.target) == ("DESCRIBE", "rtsp://192.0.2.1/live")
    assert (found.header("cseq"), found.header("user-agent")) == ("3", "iotscan")
    assert found.end == len(data)


@pytest.mark.parametrize(
    ("url", "value"), [("rtsp://h/a b", "x"), ("rtsp://h/\r\n", "x"), ("rtsp://h/", "a\r\nB: c")]
)
def test_nothing_breaks_out_of_its_line(url: str, value: str) -> None:
    with pytest.raises(Malformed):
        rtsp.build("DESCRIBE", url, 1, [("A", value)])


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (b"RTSP/1.0 401 Unauthorized\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
        (b"RTSP/1.0 banana", False),
        (b"OPTIONS * RTSP/1.0\r\n", False),
    ],
)
def test_only_a_status_line_is_an_answer(data: bytes, known: bool) -> None:
    assert rtsp.is_answer(data) is known


def test_questions_find_their_answers_by_number() -> None:
    asked = [
        (0, rtsp.build("OPTIONS", "*", 1)),
        (1, rtsp.build("SETUP", "rtsp://h/a", 2)),
        (4, rtsp.build("PLAY", "rtsp://h/a", 3)),
    ]
    answered = [
        (2, b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"),
        (3, BLOCK + b"RTSP/1.0 454 Gone\r\nCSeq: 3\r\n\r\n"),
    ]
    found = rtsp.exchanges(asked, answered)
    assert [(e.request.method, e.response and e.response.status) for e in found] == [
        ("OPTIONS", None),
        ("SETUP", 200),
        ("PLAY", 454),
    ]
    assert (found[1].asked, found[1].answered) == ((1,), (2,))


def test_a_record_that_begins_inside_media_is_read_from_the_next_head() -> None:
    noise = bytes(range(200, 256)) * 3
    (found,) = rtsp.messages([(0, noise), (1, noise + ANSWER[:20]), (2, ANSWER[20:])])
    assert isinstance(found[0], Response)
    assert found[1] == (1, 2)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("rtsp://192.0.2.1:554/live?x=1", "/live?x=1"),
        ("rtsps://[2001:db8::1]", "/"),
        ("rtsp://h", "/"),
        ("*", "*"),
    ],
)
def test_a_path_is_what_lies_behind_the_host(target: str, path: str) -> None:
    assert rtsp.path_of(target) == path


@given(st.lists(st.binary(max_size=80) | st.sampled_from([ANSWER, BLOCK, b"$", b"PLAY x RTSP/"])))
def test_garbage_never_raises(parts: list[bytes]) -> None:
    said = list(enumerate(parts))
    assert len(list(rtsp.messages(said))) <= rtsp.MOST
    rtsp.exchanges(said, said)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("rtsp://10.0.0.7/live?a=1", Place("10.0.0.7", 554, "/live?a=1", False)),
        ("rtsp://admin:12345@10.0.0.7:8554", Place("10.0.0.7", 8554, "/", False)),
        (" rtsps://[fd00::7]/x ", Place("fd00::7", 322, "/x", True)),
    ],
)
def test_a_url_is_read_without_the_login_in_it(text: str, place: Place) -> None:
    assert rtsp.parse_url(text) == place


@pytest.mark.parametrize(
    "text", ["", "http://10.0.0.7/", "rtsp:///x", "rtsp://h:0/", "rtsp://h:x/", "rtsp://h/a b"]
)
def test_what_is_no_url_of_a_stream_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        rtsp.parse_url(text)


def test_a_url_is_made_without_the_usual_port() -> None:
    assert rtsp.url(ip_address("10.0.0.7"), 554, "/x", False) == "rtsp://10.0.0.7/x"
    assert rtsp.url(ip_address("fd00::7"), 554, "/x", True) == "rtsps://[fd00::7]:554/x"
