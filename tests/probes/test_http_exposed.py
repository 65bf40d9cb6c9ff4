"""The HTTP probe beyond pages: known addresses, pictures, proxies, forms, providers' entrances."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest
import websites
from websites import HTML, Answer, Site
from websites import HTTP as PROBE

from iotscan.model import Ending
from iotscan.probe_api import Login
from iotscan.protocols.http.codec import Request
from iotscan.testing import facts_of

VAULT = {"first": b'wr"ong', "second": b"admin", "control": b"Xy7Kq"}
LOGINS = (
    Login("first", "admin", "web"),
    Login("second", "admin", "web"),
    Login("control", "zq81", "web", control=True),
)
facts = partial(facts_of, PROBE)
visited = partial(websites.visited, vault=VAULT)


async def test_a_plug_is_asked_whether_it_wants_a_login() -> None:
    def site(request: Request) -> Answer:
        if request.target == "/shelly":
            return 200, {"Content-Type": "application/json"}, b'{"type":"SHSW-1","auth":false}'
        return (200, HTML, b"<title>Shelly</title>") if request.target == "/" else (404, {}, b"")

    talk, asked = await visited(site)
    (known,) = facts(talk, "http.known")
    assert (known["id"], known["kind"], known["open"]) == ("shelly", "api", True)
    assert [r.target for r in asked].count("/shelly") == 1
    assert all(r.method == "GET" for r in asked)


async def test_a_fragile_plug_is_asked_for_nothing_more() -> None:
    page = b"<title>Tasmota - Shelly</title><img src=/snapshot.jpg>"
    talk, asked = await visited(lambda request: (200, HTML, page))
    assert [request.target for request in asked] == ["/"]
    assert not any("open" in known for known in facts(talk, "http.known"))


async def test_a_plug_is_judged_by_its_start_page_alone() -> None:
    """A Tasmota without a password shows its menu at once; its command page is never asked for."""
    page = b"<title>Tasmota - Main Menu</title><form action='cn'><button>Configuration</button>"
    talk, asked = await visited(lambda request: (200, HTML, page))
    assert [request.target for request in asked] == ["/"]
    (known,) = facts(talk, "http.known")
    assert (known["id"], known["kind"], known["open"]) == ("tasmota", "api", True)
    locked = {"WWW-Authenticate": 'Basic realm="Tasmota"'}
    talk, asked = await visited(lambda request: (401, locked, b"401: Unauthorized"))
    assert [request.target for request in asked] == ["/"]
    (known,) = facts(talk, "http.known")
    assert known["open"] is False


async def test_one_answer_is_judged_in_every_way_that_it_bears() -> None:
    """A Hue bridge is asked once for what tells of its keys, its set-up and its numbers."""
    told = b'{"bridgeid":"ECB5FAFFFE00020C","mac":"ec:b5:fa:00:02:0c","factorynew":true}'

    def site(request: Request) -> Answer:
        if request.target == "/api/config":
            return 200, {"Content-Type": "application/json"}, told
        return (200, HTML, b"hue personal wireless") if request.target == "/" else (404, {}, b"")

    talk, asked = await visited(site)
    assert [request.target for request in asked].count("/api/config") == 1
    known = {one["id"]: one["open"] for one in facts(talk, "http.known")}
    assert known == {"hue-config": True, "hue-keys": False, "hue-setup": True}
    (given,) = facts(talk, "discovery.identifiers")
    assert (given["mac"], given["serial"]) == (True, False)


async def test_of_files_and_pictures_only_the_first_bytes_are_taken() -> None:
    secret = b"\x01\x01\x00\x01dbgarea\x00" + b"S" * 5000

    def site(request: Request) -> Answer:
        if request.target == "/rom-0":
            return 200, {}, secret
        if request.target == "/snapshot.jpg":
            return 200, {"Content-Type": "image/jpeg"}, b"\xff\xd8\xff\xe0" + b"P" * 5000
        return 200, HTML | {"Server": "RomPager/4.07"}, b"<html><img src=/snapshot.jpg></html>"

    talk, asked = await visited(site)
    (known,), (picture,) = facts(talk, "http.known"), facts(talk, "http.picture")
    assert (known["id"], known["open"]) == ("zynos-rom", True)
    assert (picture["path"], picture["open"]) == ("/snapshot.jpg", True)
    heard = talk.said_by("server")
    assert heard.count(b"S") < 100
    assert heard.count(b"P") < 100
    ranges = [r.header("range") for r in asked if r.target in ("/rom-0", "/snapshot.jpg")]
    assert ranges == ["bytes=0-15"] * 2


async def test_a_proxy_is_asked_for_a_closed_port_of_the_device_alone() -> None:
    def site(request: Request) -> Answer:
        if request.target.startswith("http://"):
            return 502, {}, b"could not connect"
        return 400, {}, b"not a proxy request"

    talk, asked = await visited(site)
    assert facts(talk, "http.proxy") == [{"relays": True, "status": 502}]
    assert [r.target for r in asked if "://" in r.target] == ["http://127.0.0.1:1/"]
    assert not any(r.header("host").startswith("iotscan") for r in asked)


async def test_an_ordinary_server_is_not_asked_to_relay() -> None:
    _, asked = await visited(lambda request: (200, HTML, b"<title>x</title>"))
    assert not any("://" in request.target for request in asked)


async def test_a_providers_entrance_is_asked_once_and_never_for_a_login() -> None:
    wish = {"WWW-Authenticate": 'Digest realm="cwmp", nonce="1", qop="auth"'}
    talk, asked = await visited(lambda request: (401, wish, b""), LOGINS)
    (found,) = facts(talk, "http.cwmp")
    assert (found["by"], found["login_asked"]) == ("words", True)
    assert [request.target for request in asked] == ["/"]
    assert facts(talk, "http.login") == []


def grafana(right: Callable[[dict[str, str]], bool]) -> Site:
    def site(request: Request) -> Answer:
        if request.method == "POST" and request.target == "/login":
            fine = right(json.loads(request.body))
            return (200, {}, b'{"message":"Logged in"}') if fine else (401, {}, b"{}")
        return 200, HTML, b"<title>Grafana</title>"

    return site


async def test_a_login_by_a_form_is_proven_by_its_signs_and_a_control() -> None:
    site = grafana(lambda body: body == {"user": "admin", "password": "admin"})
    talk, asked = await visited(site, LOGINS)
    (login,) = facts(talk, "http.login")
    assert login == {
        "accepted": True,
        "login": "second",
        "scheme": "form",
        "attempts": 2,
        "refused": 1,
        "locked_out": False,
        "control_accepted": False,
        "accepts_anything": False,
        "encrypted": False,
    }
    posts = [request for request in asked if request.method == "POST"]
    assert [json.loads(post.body)["password"] for post in posts] == ['wr"ong', "admin", "Xy7Kq"]
    assert b"Xy7Kq" not in talk.said_by("client")


async def test_a_form_that_takes_anything_is_called_so() -> None:
    talk, _ = await visited(grafana(lambda body: True), LOGINS)
    (login,) = facts(talk, "http.login")
    assert (login["accepted"], login["accepts_anything"]) == (True, True)


async def test_a_form_that_nobody_described_is_left_alone() -> None:
    page = b"<form method=post action=/go><input name=u><input type=password name=p></form>"
    _, asked = await visited(lambda request: (200, HTML, page), LOGINS)
    assert all(request.method == "GET" for request in asked)


@pytest.mark.parametrize("answer", [(423, {}, b""), (401, {}, b"Account locked")])
async def test_a_sign_of_lock_out_ends_the_tries(answer: Answer) -> None:
    def site(request: Request) -> Answer:
        return answer if request.method == "POST" else (200, HTML, b"<title>Grafana</title>")

    talk, asked = await visited(site, LOGINS)
    assert talk.ending is Ending.LOCKED_OUT
    assert len([request for request in asked if request.method == "POST"]) == 1
    assert facts(talk, "http.login")[0]["locked_out"] is True


async def test_a_page_leads_to_where_its_product_asks_for_a_login() -> None:
    def site(request: Request) -> Answer:
        if request.target == "/ISAPI/Security/userCheck":
            return 401, {"WWW-Authenticate": 'Basic realm="DS-2CD"'}, b""
        if request.target == "/":
            return 200, HTML, b"<script>location.href='/doc/page/login.asp'</script>"
        return 404, {}, b""

    talk, _ = await visited(site, LOGINS[:1])
    (login,) = facts(talk, "http.login")
    assert (login["accepted"], login["refused"]) == (False, 1)
    realms = [one.get("realm") for one in facts(talk, "http.response")]
    assert "DS-2CD" in realms
