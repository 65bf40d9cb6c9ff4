"""Single answers and requests, as words.

Covers iotscan.protocols.http.facts; iotscan.protocols.http.heard, iotscan.protocols.http.kinds,
iotscan.protocols.http.overheard and iotscan.protocols.http.reading with it, and
iotscan.protocols.http.questions in test_http_talk.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.model import Channel, Endpoint, Outcome, Service, Transcript, Turn
from iotscan.protocols.http.codec import Request, Response
from iotscan.protocols.http.facts import (
    cookie_facts,
    credential_facts,
    favicon_facts,
    firmware_facts,
    header_facts,
    is_html,
    redirects_to_https,
    response_facts,
    wants_tls,
)
from iotscan.protocols.http.reading import login_outcome, read_transcript

FORM = "application/x-www-form-urlencoded"


def response(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    named = tuple((k.replace("_", "-"), v.encode()) for k, v in headers.items())
    return Response(status, "", named, body)


def request(target: str = "/", body: bytes = b"", **headers: str) -> Request:
    named = tuple((k.replace("_", "-"), v.encode()) for k, v in headers.items())
    return Request("POST" if body else "GET", target, named, body)


def test_challenges_are_told_with_their_hashes() -> None:
    field = 'Digest realm="Cam\x1b[2J", algorithm=SHA-256, nonce="a", Basic realm="x"'
    found = response_facts("/", response(401, www_authenticate=field), False)
    assert found["auth_schemes"] == ("digest", "basic")
    assert found["digest_algorithms"] == ("SHA-256",)
    assert found["realm"] == "Cam [2J"


def test_a_401_without_a_challenge_has_no_scheme_and_a_200_no_word_of_it() -> None:
    assert response_facts("/", response(401), False)["auth_schemes"] == ()
    assert "auth_schemes" not in response_facts("/", response(200), False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (response(301, location="https://cam.lan/"), True),
        (response(301, location="HTTPS://cam.lan/"), True),
        (response(301, location="/login"), False),
        (response(200, location="https://cam.lan/"), False),
        (response(200, b"<meta http-equiv=refresh content='0;url=https://cam.lan/'>"), True),
    ],
)
def test_pointers_to_https(given: Response, expected: bool) -> None:
    assert redirects_to_https(given) is expected


@pytest.mark.parametrize(
    "body",
    [
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"<center>The plain HTTP request was sent to HTTPS port</center>",
        b"Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
        b"Bad Request\nThis combination of host and port requires TLS.\n",
    ],
)
def test_servers_that_wanted_tls_say_so(body: bytes) -> None:
    assert wants_tls(response(400, body))
    assert not wants_tls(response(200, body))
    assert not wants_tls(response(400, b"Bad Request"))


def test_strict_transport_counts_over_tls_only_and_for_a_while() -> None:
    lasting = response(strict_transport_security="max-age=31536000; includeSubDomains")
    assert header_facts(lasting, True)["strict_transport_security"] is True
    over = response(strict_transport_security="max-age=0")
    assert header_facts(over, True)["strict_transport_security"] is False
    assert "strict_transport_security" not in header_facts(lasting, False)
    framed = response(content_security_policy="frame-ancestors 'self'")
    assert header_facts(framed, False)["frame_protection"] is True


def test_cookies_that_are_deleted_are_none() -> None:
    assert list(cookie_facts(response(set_cookie="sid=; Max-Age=0"), False)) == []
    (found,) = cookie_facts(response(set_cookie="lang=de; Path=/"), False)
    assert (found["session"], found["secure"], found["http_only"]) == (False, False, False)


def test_pages_without_a_type_are_known_by_their_beginning() -> None:
    assert is_html(response(body=b"  <!DOCTYPE html>"))
    assert not is_html(response(body=b"{}"))
    assert not is_html(response(body=b"<html>", content_type="application/json"))


def test_an_icon_must_be_an_image() -> None:
    assert favicon_facts(response(body=b"<html>not found")) is None
    assert favicon_facts(response(404, b"\x89PNG")) is None
    found = favicon_facts(response(body=b"\x89PNG"))
    assert found is not None
    assert found["bytes"] == 4


PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="user"\r\n\r\ncam\r\n'
    b'--b\r\nContent-Disposition: form-data; name="passwd"\r\nContent-Type: text/plain\r\n\r\n'
    b"s3cret\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("given", "status", "expected"),
    [
        (request(authorization="Basic dGVzdDoxOjM0"), 200, ("basic", "test", "accepted", True)),
        (request(authorization="Basic dGVzdDpmYWlsMg=="), 401, ("basic", "test", "refused", True)),
        (request(authorization="Basic dGVzdDo="), 200, ("basic", "test", "accepted", False)),
        (request(authorization='Digest username="S", realm="r"'), 500,
         ("digest", "S", "unclear", False)),
        (request("/u?ID=K2&PASSWORD=12345678&t=4"), 200, ("query", "K2", "unclear", True)),
        (request("/login", b"username=admin&password=x", content_type=FORM), 302,
         ("form", "admin", "unclear", True)),
        (request("/login", b"user=a&user_pwd=x", content_type=FORM), 403,
         ("form", "a", "refused", True)),
        (request("/login", b"Accept=yes&user=a&Password=9949&Email=b%40c"), 200,
         ("form", "a", "unclear", True)),
        (request("/login", PARTS, content_type="multipart/form-data; boundary=b"), 200,
         ("form", "cam", "unclear", True)),
        (request("/login", b'{"username":"cam","password":"x"}', content_type="application/json"),
         200, ("json", "cam", "unclear", True)),
        (request("/login", b'{"id":1,"params":{"user":"cam","pwd":"x"}}'), 401,
         ("json", "cam", "refused", True)),
    ],
)  # fmt: skip
def test_logins_that_were_overheard(
    given: Request, status: int, expected: tuple[object, ...]
) -> None:
    (found,) = credential_facts(given, response(status))
    words = ("scheme", "username", "outcome", "password_seen")
    assert tuple(found[word] for word in words) == expected
    assert "12345678" not in repr(found)


@pytest.mark.parametrize(
    "given",
    [
        request("/?compass=north&bypass=1&page=2"),
        request("/?password="),
        request("/login", b'{"password":""}', content_type="application/json"),
        request("/login", b'{"password":{"x":1}}', content_type="application/json"),
        request("/login", b"[" * 100_000, content_type="application/json"),
        request("/login", b'{"password":"x"', content_type="application/json"),
        request("/upload", b"password=x\x00\x01"),
        request("/upload", b"password=x", content_type="text/plain"),
        request(authorization="Bearer abc"),
    ],
)
def test_what_is_no_login(given: Request) -> None:
    assert list(credential_facts(given, None)) == []


def test_firmware_is_known_by_its_first_bytes() -> None:
    path = request("/firmware/agent/DCH-G020/1.1.0", host="cdn.example")
    found = firmware_facts(path, response(body=b"\x7fELF...", content_length="253504"))
    assert found is not None
    assert (found["format"], found["named_so"], found["bytes"]) == ("elf", True, 253504)
    zipped = response(body=b"PK\x03\x04")
    assert firmware_facts(request("/fw_1.2.zip"), zipped) is not None
    assert firmware_facts(request("/photos.zip"), zipped) is None
    assert firmware_facts(request("/firmware.html"), response(body=b"<html>")) is None
    assert firmware_facts(path, response(404, b"\x7fELF")) is None


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (response(200), Outcome.ACCEPTED),
        (response(302), Outcome.UNCLEAR),
        (response(401), Outcome.REFUSED),
        (response(401, retry_after="60"), Outcome.LOCKED),
        (response(429), Outcome.LOCKED),
        (response(423), Outcome.LOCKED),
        (response(500), Outcome.UNCLEAR),
        (None, Outcome.UNCLEAR),
    ],
)
def test_what_a_login_came_to(given: Response | None, outcome: Outcome) -> None:
    assert login_outcome(given) is outcome


def talk(*said: tuple[bool, bytes], transport: Mapping[str, str] | None = None) -> Transcript:
    endpoint = Endpoint(ip_address("192.0.2.1"), "udp" if transport else "tcp", 80)
    turns = tuple(Turn("client" if c else "server", 0.0, data) for c, data in said)
    return Transcript("c1", Service(endpoint), "capture", 0.0, turns, (Channel(endpoint),))


def test_datagrams_that_look_like_http_are_not_ours_to_read() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert list(read_transcript(talk((False, answer), transport={"udp": "ssdp"}))) == []
    assert len(list(read_transcript(talk((False, answer))))) == 1


OURS = b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: iotscan\r\n\r\n"
THEIRS = b"GET /?pwd=x HTTP/1.1\r\nAuthorization: Basic "
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: "


@given(st.lists(st.tuples(st.sampled_from([OURS, THEIRS, ANSWER]), st.binary(max_size=50))))
def test_garbage_is_read_without_failing(parts: list[tuple[bytes, bytes]]) -> None:
    said = [(start is not ANSWER, start + rest) for start, rest in parts]
    for one in read_transcript(talk(*said)):
        assert one.kind.startswith("http.")
