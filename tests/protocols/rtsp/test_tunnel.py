"""RTSP in HTTP connections: heads, base64, and what is none of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.model import Turn
from iotscan.protocols.rtsp import tunnel
from iotscan.testing import captured, three_ways

HEAD = b"POST /live HTTP/1.0\r\nX-SessionCookie: abc\r\nContent-Length: 32767\r\n\r\n"
ASKED = [b"OPTIONS rtsp://x/a RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"DESCRIBE rtsp://x/a RTSP/1.0\r\n\r\n"]
POSTED = b"".join(base64.b64encode(one) for one in ASKED)


def test_requests_are_read_in_pieces_of_any_size() -> None:
    def feed(chunks: Sequence[bytes]) -> bytes:
        turns = [(i, Turn("client", 0.0, chunk)) for i, chunk in enumerate(chunks)]
        return b"".join(said for _, said in tunnel.asked(turns))

    assert three_ways(feed, HEAD + POSTED, b"!") == [b"".join(ASKED)] * 3
    assert feed([HEAD, POSTED, b"!"]) == b"".join(ASKED)
    assert feed([HEAD, base64.encodebytes(ASKED[0])]) == ASKED[0]
    assert feed([b"POST / HTTP/1.0\r\n\r\n", POSTED]) == b""
    assert feed([HEAD[:-2] + b"x: " + bytes(9000)]) == b""


def test_what_follows_missing_bytes_is_not_read() -> None:
    turns = [(0, Turn("client", 0.0, HEAD)), (1, Turn("client", 0.0, POSTED[:40], cut=True))]
    said = list(tunnel.asked([*turns, (2, Turn("client", 0.0, POSTED[44:]))]))
    assert b"".join(data for _, data in said) == ASKED[0][:30]


def test_a_half_is_known_by_its_cookie() -> None:
    assert tunnel.name_of(captured([("client", HEAD + POSTED)], 554)) == "abc"
    bytewise = captured([("client", bytes([byte])) for byte in HEAD], 554)
    assert tunnel.name_of(bytewise) == "abc"
    assert not tunnel.shows_login(bytewise)
    login = HEAD.replace(b"Content-Length", b"Authorization: Basic eDp5\r\nContent-Length")
    assert tunnel.shows_login(captured([("client", login)], 554))


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-SessionCookie: abc\r\n",
        b"PUT / HTTP/1.1\r\nX-SessionCookie: abc\r\n\r\n",
        b"",
    ],
)
def test_other_requests_are_no_tunnels(said: bytes) -> None:
    assert tunnel.name_of(captured([("client", said)], 554)) == ""
    assert tunnel.head_of(said) == b""


def test_what_is_carried_can_be_changed_in_its_place() -> None:
    new = tunnel.recoded(POSTED + b"AB", lambda said: said.replace(b"rtsp", b"RTSP"))
    assert len(new) == len(POSTED) + 2
    assert tunnel.decoded(new[:-2]) == b"".join(ASKED).replace(b"rtsp", b"RTSP")


@given(st.binary(max_size=60))
def test_garbage_never_raises(said: bytes) -> None:
    turns = [(0, Turn("client", 0.0, HEAD)), (1, Turn("client", 0.0, said))]
    list(tunnel.asked(turns))
    assert len(tunnel.recoded(said, bytes.swapcase)) == len(said)
