"""HTTP as embedded servers write it: split anywhere, half broken, never out of bounds."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.encodings.fields import parse_headers
from iotscan.protocols.http.codec import (
    HEAD_LIMIT,
    build_request,
    host_field,
    parse_request,
    parse_response,
)

PLAIN = (
    b"HTTP/1.1 200 OK\r\nServer: GoAhead-Webs\r\nContent-Length: 5\r\n"
    b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nhello"
)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
    b"4;name=value\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX-Sum: 1\r\n\r\n"
)
BARE_LINE_FEEDS = b"HTTP/1.0 401 Unauthorized\nWWW-Authenticate: Basic realm=x\n\ndenied"


@pytest.mark.parametrize("sample", [PLAIN, CHUNKED])
def test_an_answer_is_the_same_whole_byte_by_byte_and_with_a_tail(sample: bytes) -> None:
    whole = parse_response(sample)
    assert whole is not None
    assert whole.complete
    assert whole.end == len(sample)
    assert all(parse_response(sample[:cut]) is None for cut in range(len(sample)))
    with_tail = parse_response(sample + b"HTTP/1.1 500 No\r\n\r\n")
    assert with_tail == whole


def test_headers_keep_their_order_and_repetitions() -> None:
    answer = parse_response(PLAIN)
    assert answer is not None
    assert [value for name, value in answer.headers if name == "set-cookie"] == [b"a=1", b"b=2"]
    assert answer.header("server") == "GoAhead-Webs"
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"hello")


def test_chunks_are_joined() -> None:
    answer = parse_response(CHUNKED)
    assert answer is not None
    assert answer.body == b"Wikipedia in \r\n\r\nchunks."


def test_a_body_without_length_ends_when_the_device_closes() -> None:
    assert parse_response(BARE_LINE_FEEDS) is None
    answer = parse_response(BARE_LINE_FEEDS, closed=True)
    assert answer is not None
    assert answer.complete
    assert answer.version == "1.0"
    assert (answer.status, answer.body) == (401, b"denied")


def test_a_short_body_is_told_from_a_whole_one() -> None:
    answer = parse_response(PLAIN[:-2], closed=True)
    assert answer is not None
    assert not answer.complete
    assert answer.body == b"hel"
    cut = parse_response(CHUNKED[:-30], closed=True)
    assert cut is not None
    assert not cut.complete


@pytest.mark.parametrize(
    "length", [b"banana", b"-5", b"\xb2", b"99999999999999999999999"], ids=repr
)
def test_a_length_that_is_no_number_counts_as_none(length: bytes) -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\nabc"
    assert parse_response(data) is None
    answer = parse_response(data, closed=True)
    assert answer is not None
    assert answer.body == b"abc"
    assert answer.complete


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nF4240\r\n",
    ],
    ids=["until-close", "length", "chunked"],
)
def test_a_body_over_the_limit_is_cut_at_once_and_says_so(head: bytes) -> None:
    answer = parse_response(head + b"x" * 5000, limit=1000)
    assert answer is not None
    assert not answer.complete
    assert answer.body == b"x" * 1000


def test_a_body_of_just_the_limit_is_complete() -> None:
    answer = parse_response(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12345678", limit=8)
    assert answer is not None
    assert answer.complete


def test_interim_answers_are_skipped_and_an_upgrade_is_final() -> None:
    answer = parse_response(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN)
    assert answer is not None
    assert answer.status == 200
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    answer = parse_response(upgrade + b"\x82\x04")
    assert answer is not None
    assert answer.status == 101
    assert answer.end == len(upgrade)


def test_an_answer_to_head_has_no_body() -> None:
    answer = parse_response(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", method="HEAD")
    assert answer is not None
    assert answer.body == b""
    assert answer.complete


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-dropbear\r\n",
        b"\x16\x03\x01\x00\x05",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 2000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * HEAD_LIMIT,
    ],
    ids=["ssh", "tls", "no-status", "bad-chunk", "endless-chunk-size", "endless-head"],
)
def test_what_is_not_http_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_response(data)


def test_closing_within_the_head_is_malformed() -> None:
    with pytest.raises(Malformed, match="before the end of the head"):
        parse_response(PLAIN[:20], closed=True)


def test_odd_lines_in_a_head_are_passed_over_and_folds_joined() -> None:
    block = b"debug: on\r\nnothing here\r\nRealm: one\r\n\ttwo\r\n: empty\r\n"
    assert parse_headers(block) == (("debug", b"on"), ("realm", b"one two"))


def test_a_request_is_built_and_reads_back() -> None:
    data = build_request("POST", "/ctl", "10.0.0.1:49152", [("SOAPACTION", '"a#b"')], b"<x/>")
    request = parse_request(data)
    assert request is not None
    assert (request.method, request.target, request.body) == ("POST", "/ctl", b"<x/>")
    assert request.header("soapaction") == '"a#b"'
    assert request.header("host") == "10.0.0.1:49152"
    assert request.header("accept-encoding") == "identity"
    assert all(parse_request(data[:cut]) is None for cut in range(len(data)))


@pytest.mark.parametrize(
    ("target", "host"),
    [("/a\r\nX: y", "h"), ("/a b", "h"), ("", "h"), ("/", "h\r\nX: y"), ("/\x00", "h")],
)
def test_a_request_cannot_be_broken_out_of(target: str, host: str) -> None:
    with pytest.raises(Malformed):
        build_request("GET", target, host)
    with pytest.raises(Malformed):
        build_request("GET", "/", "h", [("X", f"{target}\r\n")])


def test_the_host_field_has_brackets_and_no_zone() -> None:
    assert host_field(IPv4Address("10.0.0.1"), 80) == "10.0.0.1"
    assert host_field(IPv4Address("10.0.0.1"), 8080) == "10.0.0.1:8080"
    assert host_field(IPv6Address("fe80::1%eth7"), 80) == "[fe80::1]"


@given(st.binary(max_size=300), st.booleans())
def test_whatever_follows_a_status_line_is_answered_or_malformed(tail: bytes, closed: bool) -> None:
    try:
        answer = parse_response(b"HTTP/1.1 200 OK\r\n" + tail, closed=closed)
    except Malformed:
        return
    assert answer is None or answer.status == 200
