"""Logins on web pages, as data."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs

import pytest

from iotscan.model import Outcome
from iotscan.protocols.http import forms as http_forms
from iotscan.protocols.http.codec import Response, parse_response
from iotscan.protocols.http.forms import Form

FORMS = {form.id: form for form in http_forms.catalogue()}


def answer(status: int, body: str = "", *fields: str) -> Response:
    lines = [f"HTTP/1.1 {status} x", *fields, f"Content-Length: {len(body)}", "", body]
    found = parse_response("\r\n".join(lines).encode())
    assert found is not None
    return found


def page(text: str) -> dict[str, Response]:
    return {"/": answer(200, text, "Content-Type: text/html")}


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.id)
def test_every_entry_can_be_filled_and_tells_its_signs_apart(form: Form) -> None:
    if form.challenge:
        assert form.challenge.startswith("/")
        return
    body, secret = form.fill("ad&min", b'p"&w')
    assert form.path.startswith("/")
    assert secret in body
    if form.type == "json":
        assert "ad&min" in json.dumps(json.loads(body))
    else:
        assert "ad&min" in {
            value for values in parse_qs(body.decode()).values() for value in values
        }
    assert form.accepted.status
    assert form.refused.status
    assert form.outcome(answer(599)) is Outcome.UNCLEAR
    assert form.outcome(None) is Outcome.UNCLEAR


def test_a_secret_is_hidden_in_the_form_it_travels_in() -> None:
    body, secret = FORMS["qnap"].fill("admin", b"a b")
    (sent,) = parse_qs(body.decode())["pwd"]
    assert base64.b64decode(sent) == b"a b"
    assert body.endswith(secret)
    _, secret = FORMS["reolink"].fill("admin", b'q"')
    assert secret == b'q\\"'
    assert FORMS["reolink"].fill("admin", b"")[1] == b""


@pytest.mark.parametrize(
    ("form", "given", "outcome"),
    [
        ("grafana", answer(200, '{"message":"Logged in"}'), Outcome.ACCEPTED),
        ("grafana", answer(401, '{"message":"Invalid username"}'), Outcome.REFUSED),
        ("grafana", answer(200, "<html>"), Outcome.UNCLEAR),
        ("grafana", answer(401, "Too many attempts, try again later"), Outcome.LOCKED),
        ("grafana", answer(429), Outcome.LOCKED),
        ("grafana", answer(401, "", "Retry-After: 30"), Outcome.LOCKED),
        ("luci", answer(302, "", "Set-Cookie: sysauth_http=1"), Outcome.ACCEPTED),
        ("luci", answer(302, "", "Location: /cgi-bin/luci"), Outcome.UNCLEAR),
        ("luci", answer(403, '<input name="luci_password">'), Outcome.REFUSED),
        ("reolink", answer(200, '[{"code":0,"value":{"Token":{}}}]'), Outcome.ACCEPTED),
        ("reolink", answer(200, '[{"error":{"rspCode" : -7}}]'), Outcome.REFUSED),
    ],
)
def test_only_its_own_signs_tell_how_a_login_went(
    form: str, given: Response, outcome: Outcome
) -> None:
    assert FORMS[form].outcome(given) is outcome


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<title>Grafana</title>", "grafana"),
        ('<meta http-equiv=refresh content="0; URL=/cgi-bin/luci/">', "luci"),
        ('<script>location="/doc/page/login.asp"</script>', "hikvision"),
        ("<title>My page about Grafana</title>", None),
        ("<form><input type=password>", None),
    ],
)
def test_a_page_shows_whose_login_it_is(text: str, found: str | None) -> None:
    form = http_forms.suiting(page(text))
    assert (form.id if form else None) == found
