"""The HTTP probe against real web servers on loopback, through the real gateway."""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial

import pytest
from websites import HTML, PANEL, Answer, visited
from websites import HTTP as PROBE

from iotscan.model import Ending, Service
from iotscan.probe_api import Login
from iotscan.protocols.http.codec import Request, parse_request
from iotscan.testing import HOSTILE, QUICK, converse, facts_of, on_loopback, only_facts, serve

LOGINS = (Login("first", "admin", "web"),)

VAULT = {"first": b"x"}
facts, only = partial(facts_of, PROBE), partial(only_facts, PROBE)


LOGIN_PAGE = (
    b"<html><title>Cam</title><form action=/go method=post><input type=password name=p></form>"
)


async def test_an_open_panel_is_seen_for_what_it_is() -> None:
    def site(request: Request) -> Answer:
        if request.target == "/favicon.ico":
            return 200, {}, b"\x00\x00\x01\x00icon"
        if request.target == "/js/":
            return 200, HTML, b"<title>Index of /js/</title>"
        headers = HTML | {"Server": "GoAhead\x1b[31m", "Access-Control-Allow-Origin": "*"}
        return 200, headers | {"Set-Cookie": "SESSIONID=4711; Path=/"}, PANEL

    talk, asked = await visited(site)
    service = only(talk, "http.service")
    assert (service["cleartext_content"], service["title"]) == (True, "Router Admin")
    assert service["server"] == "GoAhead [31m"
    page = only(talk, "http.response")
    assert (page["settings_shown"], page["login_form"], page["status"]) == (True, False, 200)
    headers = only(talk, "http.headers")
    assert headers["missing"] == (
        "content_security_policy",
        "frame_protection",
        "content_type_options",
    )
    cookie = only(talk, "http.cookie")
    assert (cookie["session"], cookie["http_only"], cookie["secure"]) == (True, False, False)
    assert "4711" not in repr(cookie)
    assert only(talk, "http.cors")["any_origin"] is True
    assert only(talk, "http.host") == {"foreign_host_accepted": True, "status": 200}
    assert only(talk, "http.directory") == {"path": "/js/", "listing": True, "status": 200}
    icon = only(talk, "http.favicon")
    assert icon["sha256"] == hashlib.sha256(b"\x00\x00\x01\x00icon").hexdigest()
    assert len(asked) == 5
    assert talk.ending is Ending.COMPLETE


async def test_only_plain_gets_without_a_query_are_sent() -> None:
    page = b"<a href='/reboot.cgi?now=1'>x</a><img src='/img/a.png?t=1'><script src=/cgi-bin/x>"
    talk, asked = await visited(lambda request: (200, HTML, page))
    assert talk.ending is Ending.COMPLETE
    for request in asked:
        assert request.method == "GET"
        assert "?" not in request.target
        assert "cgi" not in request.target
        assert request.body == b""
    assert {request.target for request in asked} == {"/", "/favicon.ico", "/img/"}


async def test_a_hardened_page_gives_nothing_to_say() -> None:
    def site(request: Request) -> Answer:
        if request.header("host").startswith("iotscan"):
            return 421, {}, b""
        headers = {
            "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Set-Cookie": "sid=1; HttpOnly; Secure; SameSite=Strict",
        }
        return 200, HTML | headers, LOGIN_PAGE

    talk, _ = await visited(site)
    assert only(talk, "http.headers")["missing"] == ()
    assert only(talk, "http.host")["foreign_host_accepted"] is False
    cors = only(talk, "http.cors")
    assert (cors["any_origin"], cors["reflects_origin"]) == (False, False)
    cookie = only(talk, "http.cookie")
    assert (cookie["secure"], cookie["http_only"], cookie["same_site"]) == (True, True, "strict")
    assert facts(talk, "http.directory") == []
    assert only(talk, "http.response")["settings_shown"] is False


async def test_a_reflected_origin_with_credentials_is_told() -> None:
    def site(request: Request) -> Answer:
        headers = {
            "Access-Control-Allow-Origin": request.header("origin"),
            "Access-Control-Allow-Credentials": "true",
        }
        return 200, HTML | (headers if request.header("origin") else {}), PANEL

    talk, _ = await visited(site)
    cors = only(talk, "http.cors")
    assert (cors["reflects_origin"], cors["credentials"]) == (True, True)


@pytest.mark.parametrize(
    ("action", "clear"),
    [
        ("/login", True),
        ("https://cam.lan/login", False),
        ("http://cam.lan/login", True),
        ("", True),
    ],
)
async def test_where_a_password_would_go(action: str, clear: bool) -> None:
    page = f"<form action='{action}'><input type=password></form>".encode()
    talk, _ = await visited(lambda request: (200, HTML, page))
    found = only(talk, "http.response")
    assert (found["login_form"], found["login_form_cleartext"]) == (True, clear)
    assert only(talk, "http.service")["login_asked"] is True


async def test_a_port_that_only_points_to_https_is_no_cleartext_service() -> None:
    def site(request: Request) -> Answer:
        return 301, {"Location": "https://127.0.0.1/"}, b""

    talk, asked = await visited(site, logins=LOGINS, vault=VAULT)
    service = only(talk, "http.service")
    assert (service["redirects_to_https"], service["cleartext_content"]) == (True, False)
    assert len(asked) == 1


async def test_a_tls_port_that_was_asked_in_clear_is_not_taken_for_http() -> None:
    body = b"<h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port"
    talk, asked = await visited(lambda request: (400, HTML, body))
    assert only(talk, "http.service")["cleartext_content"] is False
    assert only(talk, "http.service")["tls_required"] is True
    assert len(asked) == 1
    answer = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n" + body
    assert not PROBE.recognises(answer)


async def test_pages_behind_the_first_are_visited_on_the_same_server_only() -> None:
    def site(request: Request) -> Answer:
        if request.target == "/":
            return 200, HTML, b'<script>window.location="/web/login.html"</script>'
        if request.target == "/web/login.html":
            return 200, HTML, LOGIN_PAGE + b"<script>location.href='http://192.0.2.1/'</script>"
        return 404, {}, b""

    talk, asked = await visited(site)
    assert [one["path"] for one in facts(talk, "http.response")] == ["/", "/web/login.html"]
    assert [request.target for request in asked][:2] == ["/", "/web/login.html"]


@pytest.mark.parametrize(
    "location",
    [
        "http://192.0.2.77/",
        "//192.0.2.77/",
        "/setup?reset=1",
        "/reboot",
        "http://[::1",
        "/../x",
        "\\",
    ],
)
async def test_a_redirect_that_leads_away_or_does_something_is_not_followed(location: str) -> None:
    talk, asked = await visited(lambda request: (302, {"Location": location}, b""))
    assert {request.target for request in asked} == {"/", "/favicon.ico"}
    assert talk.ending is Ending.COMPLETE


async def test_redirects_in_a_circle_end() -> None:
    def site(request: Request) -> Answer:
        return 302, {"Location": "/b" if request.target == "/" else "/"}, b""

    talk, asked = await visited(site)
    assert talk.ending is Ending.COMPLETE
    assert len(asked) < 8


async def test_a_fragile_device_is_asked_once_and_left_alone() -> None:
    page = b"<title>Plug</title><div>Tasmota 8.1 by Theo Arends</div>"
    _, asked = await visited(lambda request: (200, HTML, page))
    assert len(asked) == 1


async def test_questions_that_go_unanswered_once_are_let_be_and_twice_end_the_visit() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readuntil(b"\r\n\r\n")
        plain = first.startswith(b"GET / ") and b"iotscan.invalid" not in first
        if plain:
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PANEL)
            return
        await reader.read()

    async with serve(silent) as port:
        talk = await converse(PROBE, on_loopback(port, "http"))
    assert talk.ending is Ending.TIMEOUT
    assert only(talk, "http.response")["status"] == 200


async def test_closing_without_a_word_is_no_answer() -> None:
    talk, _ = await visited(lambda request: None)
    assert talk.ending is Ending.CLOSED
    assert list(PROBE.read(talk)) == []


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_a_hostile_peer_ends_in_the_truth(name: str) -> None:
    async with serve(HOSTILE[name]) as port:
        talk = await converse(PROBE, on_loopback(port, "http"), LOGINS, vault=VAULT)
    assert facts(talk, "http.login") == []
    if name != "HTTP answer":
        assert talk.ending is not Ending.COMPLETE
        assert list(PROBE.read(talk)) == []
    if name in ("SSH greeting", "SMTP greeting", "endless bytes", "random bytes", "TLS alert"):
        assert talk.ending is Ending.WRONG_PROTOCOL


async def test_an_endless_page_is_cut() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while True:
            writer.write(b"<a>reboot</a>" * 300)
            await writer.drain()

    async with serve(pour) as port:
        talk = await converse(PROBE, on_loopback(port, "http"))
    assert len(talk.said_by("server")) <= QUICK.conversation_bytes
    assert only(talk, "http.service")["cleartext_content"] is True


def test_what_is_recognised_and_handled() -> None:
    assert PROBE.recognises(b"HTTP/1.0 401 Unauthorized\r\n")
    assert PROBE.recognises(b"HTTP/1.1 200")
    assert not PROBE.recognises(b"RTSP/1.0 200 OK\r\n")
    assert not PROBE.recognises(b"HTTP/2.0 200")
    assert not PROBE.recognises(b"")
    assert PROBE.handles(on_loopback(80, "http"))
    assert not PROBE.handles(Service(on_loopback(80, "http").endpoint, "mqtt"))
    (opening,) = PROBE.openings
    assert opening.anywhere
    assert 443 in opening.tls
    request = parse_request(opening.says)
    assert request is not None
    assert (request.method, request.target) == ("GET", "/")
