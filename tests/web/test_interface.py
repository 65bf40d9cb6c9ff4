"""The HTTP API: tokens and scopes, what it does, and that it is as its description says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from iotscan.report.json import loads
from iotscan.web.interface import API
from iotscan.web.rates import Rates

from .conftest import Web, at_a_port

ALL = ("read", "scan", "write")


def bearer(web: Web, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {web.store.add_token('t', scopes, '2026-01-01')[1]}"}


@pytest.mark.parametrize("header", [None, "Bearer x", "Basic eDp4", "Bearer "])
def test_who_shows_no_good_token_gets_nothing(web: Web, header: str | None) -> None:
    headers = {"authorization": header} if header else {}
    answer = web.browser.get(f"{API}/scans", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "iotscan token add" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/scans", "read"),
        ("POST", "/scans", "scan"),
        ("DELETE", "/running", "scan"),
        ("PATCH", "/devices/1", "write"),
        ("POST", "/risks", "write"),
    ],
)
def test_a_token_does_what_its_scopes_say_and_no_more(
    web: Web, method: str, path: str, scope: str
) -> None:
    others = bearer(web, *(one for one in ALL if one != scope))
    body = {"consent": True, "rule": "r", "reason": "x", "owner": "y", "expires": "2027-01-01"}
    assert web.browser.request(method, API + path, json=body, headers=others).status_code == 403
    own = bearer(web, scope)
    assert web.browser.request(method, API + path, json=body, headers=own).status_code != 403


def test_a_revoked_token_opens_nothing(web: Web) -> None:
    number, token = web.store.add_token("t", ["read"], "2026-01-01")
    headers = {"authorization": f"Bearer {token}"}
    assert web.browser.get(f"{API}/scans", headers=headers).status_code == 200
    web.store.revoke_token(number)
    assert web.browser.get(f"{API}/scans", headers=headers).status_code == 401


def test_a_program_reads_scans_and_compares_them(web: Web) -> None:
    headers = bearer(web, "read")
    newest, oldest = web.browser.get(f"{API}/scans", headers=headers).json()
    assert (newest["id"], oldest["id"]) == (2, 1)
    report = loads(web.browser.get(f"{API}/scans/2/report/json", headers=headers).text)
    assert report == web.store.report(2)
    compared = web.browser.get(f"{API}/compare?before=1&after=2", headers=headers).json()
    assert {one["change"] for one in compared["findings"]} >= {"new", "still"}
    assert web.browser.get(f"{API}/scans/9", headers=headers).status_code == 404


async def test_a_program_begins_a_scan_and_stops_it(web: Web) -> None:
    headers = bearer(web, "read", "scan")
    web.scanner.hold = True
    wish: dict[str, Any] = {"consent": True, "targets": ["127.0.0.1"], "impact": "listen"}
    begun = await asyncio.to_thread(web.browser.post, f"{API}/scans", json=wish, headers=headers)
    assert begun.status_code == 202
    assert web.browser.post(f"{API}/scans", json=wish, headers=headers).status_code == 409
    assert web.browser.delete(f"{API}/running", headers=headers).status_code == 202
    with web.browser.stream("GET", "/scans/live/events") as events:
        assert "event: end" in "".join(events.iter_text())
    state = web.browser.get(f"{API}/running", headers=headers).json()
    assert (state["running"], state["scan"]) == (False, 3)


@pytest.mark.parametrize(
    "wish", [{}, {"consent": False}, {"consent": True, "targets": ["8.8.8.8"]},
             {"consent": True, "limits": {"logins_per_account": 99}}],
)  # fmt: skip
def test_no_program_can_scan_without_consent_or_beyond_the_limits(
    web: Web, wish: dict[str, Any]
) -> None:
    answer = web.browser.post(f"{API}/scans", json=wish, headers=bearer(web, "scan"))
    assert answer.status_code in (400, 422)
    assert web.scanner.asked == []


def test_who_asks_too_often_has_to_wait(web: Web) -> None:
    object.__setattr__(web.site, "rates", Rates(0.5, 2, lambda: 0.0))
    headers = bearer(web, "read")
    codes = [web.browser.get(f"{API}/scans", headers=headers).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    limited = web.browser.get(f"{API}/scans", headers=headers)
    assert limited.headers["retry-after"] == "3"
    other = bearer(web, "read")
    assert web.browser.get(f"{API}/scans", headers=other).status_code == 200


def test_the_api_is_as_its_description_says(web: Web) -> None:
    """Whatever is asked of it: requests are made up from the description, also wrong ones."""
    headers = bearer(web, *ALL)
    with at_a_port(web.site) as base:
        schema = schemathesis.openapi.from_url(f"{base}{API}/openapi.json")
        made = list(schema.get_all_operations())
        operations = [found.ok() for found in made if isinstance(found, Ok)]
        assert len(operations) == len(made)
        assert len(operations) == 12
        for operation in operations:

            @given(case=operation.as_strategy())
            @settings(max_examples=20, deadline=None, database=None, derandomize=True,
                      suppress_health_check=list(HealthCheck))  # fmt: skip
            def holds(case: schemathesis.Case[Any]) -> None:
                # No schema can say which targets and dates there are; a 400 tells.
                case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

            holds()
