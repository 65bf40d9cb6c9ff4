"""The pages: consent before a scan, what they show, what their forms change, whom they let in."""

from __future__ import annotations

import re

import pytest

from iotscan.model import Impact
from iotscan.web.pages import formats, frameworks
from iotscan.web.sessions import COOKIE

from .conftest import HOSTILE, Web

PAGES = ("/", "/scans", "/scans/1", "/scans/2", "/devices", "/devices/1", "/risks")


@pytest.mark.parametrize("path", [*PAGES, "/compare?before=1&after=2"])
def test_every_page_is_shown_and_obeys_no_device(web: Web, path: str) -> None:
    answer = web.browser.get(path)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_the_hostile_name_is_shown_as_it_is(web: Web) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in web.browser.get("/devices").text
    assert HOSTILE not in web.browser.get("/scans/2").text


@pytest.mark.parametrize(
    "path", ["/scans/99", "/devices/99", "/scans/x", "/nothing", "/compare?before=1", "/static/x"]
)
def test_what_is_not_there_is_told_kindly(web: Web, path: str) -> None:
    answer = web.browser.get(path)
    assert answer.status_code in (400, 404)
    assert "To the first page" in answer.text


def test_nothing_is_scanned_without_consent(web: Web) -> None:
    answer = web.form("/scans", targets="127.0.0.0/30")
    assert answer.status_code == 400
    assert "Say first that you may scan these networks" in answer.text
    assert 'value="127.0.0.0/30"' in answer.text
    assert web.scanner.asked == []


def test_a_scan_is_begun_watched_and_kept(web: Web) -> None:
    web.scanner.hold = True
    page = web.form("/scans", consent="yes", targets="127.0.0.0/31", impact="greet")
    assert page.url.path == "/scans/live"
    (asked,) = web.scanner.asked
    assert (asked.targets, asked.impact) == (("127.0.0.0/31",), Impact.GREET)
    assert "A scan is running" in web.browser.get("/").text
    assert web.form("/scans/live/stop", at="/scans/live").status_code == 200
    with web.browser.stream("GET", "/scans/live/events") as events:
        told = "".join(events.iter_text())
    assert told.count("event: end") == 1
    assert '"services": ["telnet"]' in told
    assert web.browser.get("/scans/live").url.path == "/scans/3"
    assert len(web.store.scans()) == 3


def test_a_form_can_ask_for_less_and_never_for_more(web: Web) -> None:
    object.__setattr__(web.site.settings, "impact", Impact.LISTEN)
    web.form("/scans", consent="yes", impact="login")
    assert web.scanner.asked[0].impact is Impact.LISTEN


@pytest.mark.parametrize("targets", ["8.8.8.0/24", "nonsense/99", "127.0.0.1 0.0.0.0/0"])
def test_targets_that_may_not_be_scanned_are_refused(web: Web, targets: str) -> None:
    answer = web.form("/scans", consent="yes", targets=targets)
    assert answer.status_code == 400
    assert "That did not work" in answer.text
    assert web.scanner.asked == []


@pytest.mark.parametrize("path", ["/scans", "/scans/live/stop", "/risks", "/devices/1"])
def test_a_form_that_is_not_of_this_session_does_nothing(web: Web, path: str) -> None:
    web.browser.get("/")
    fields = {"consent": "yes", "name": "x", "rule": "r", "device": "1"}
    assert web.browser.post(path, data=fields).status_code == 403
    assert web.browser.post(path, data={**fields, "token": "0" * 64}).status_code == 403
    assert web.scanner.asked == []
    assert web.store.devices()[0].name == ""


def test_a_device_is_named_and_known(web: Web) -> None:
    page = web.form("/devices/1", at="/devices/1", name="  Front door ", known="yes")
    assert "<h1>Front door</h1>" in page.text
    first = next(one for one in web.store.devices() if one.id == 1)
    assert (first.name, first.known) == ("Front door", True)
    web.form("/devices/1", at="/devices/1", name="")
    assert not next(one for one in web.store.devices() if one.id == 1).known


def test_a_risk_is_accepted_for_a_time_and_no_longer(web: Web) -> None:
    words = {"rule": "telnet-exposed", "device": "1", "reason": "behind glass", "owner": "me"}
    page = web.form("/risks", at="/devices/1", **words, expires="2027-01-31")
    assert "behind glass" in page.text
    assert [risk.expires for risk in web.store.acceptances()] == ["2027-01-31"]
    web.form("/risks/1/revoke", at="/risks")
    assert web.store.acceptances() == []


@pytest.mark.parametrize("expires", ["", "soon", "2026-13-01"])
def test_a_risk_without_an_end_is_not_accepted(web: Web, expires: str) -> None:
    words = {"rule": "telnet-exposed", "device": "1", "reason": "x", "owner": "me"}
    page = web.form("/risks", at="/devices/1", **words, expires=expires)
    assert page.status_code == 400
    assert "That did not work" in page.text
    assert web.store.acceptances() == []


def test_what_changed_is_compared(web: Web) -> None:
    page = web.browser.get("/compare?before=1&after=2").text
    assert "New findings" in page
    assert "Nothing changed" in web.browser.get("/compare?before=2&after=2").text


@pytest.mark.parametrize("name", formats())
def test_reports_are_saved_and_never_shown_by_the_browser(web: Web, name: str) -> None:
    answer = web.browser.get(f"/scans/2/as/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"]
    for other in ("nothing", "terminal", "requirements"):
        assert web.browser.get(f"/scans/2/as/{other}").status_code == 400


def test_tables_are_offered_of_frameworks_that_give_verdicts_and_of_no_other(web: Web) -> None:
    page = web.browser.get("/scans/2").text
    offered = set(re.findall(r"framework=([a-z0-9-]+)", page))
    assert {"etsi-en-303-645", "owasp-isvs", "nist-ir-8259a", "enisa-baseline-iot"} <= offered
    assert not {"cwe", "eu-nis2", "iotsf-af"} & offered  # only findings are sorted by these
    assert len(offered) == len(frameworks(()))


@pytest.mark.parametrize("name", ["uk-psti", "etsi-en-303-645-v2", "owasp-isvs"])
def test_tables_of_requirements_are_saved(web: Web, name: str) -> None:
    assert f"framework={name}" in web.browser.get("/scans/2").text
    answer = web.browser.get(f"/scans/2/as/requirements?framework={name}")
    assert answer.status_code == 200
    assert f"iotscan-2-{name}.html" in answer.headers["content-disposition"]
    assert web.browser.get('/scans/2/as/requirements?framework="x').status_code == 400


@pytest.mark.parametrize("path", [*PAGES, "/scans/live/events", "/scans/2/as/json"])
def test_without_the_token_nothing_is_shown(locked: Web, path: str) -> None:
    answer = locked.browser.get(path)
    assert answer.url.path == "/enter"
    assert "camera" not in answer.text.lower()
    assert locked.browser.post("/scans", data={"consent": "yes"}).url.path == "/enter"
    assert locked.scanner.asked == []


def test_the_token_opens_the_page(locked: Web) -> None:
    wrong = locked.form("/enter", at="/enter", password="battery staple")
    assert wrong.status_code == 403
    assert locked.browser.get("/").url.path == "/enter"
    assert locked.form("/enter", at="/enter", password="correct horse").url.path == "/"
    assert locked.browser.get("/devices").url.path == "/devices"


def test_the_cookie_is_for_our_pages_alone(web: Web) -> None:
    header = web.browser.get("/").headers["set-cookie"].lower()
    assert header.startswith(f"{COOKIE}=")
    assert "httponly" in header
    assert "samesite=strict" in header
