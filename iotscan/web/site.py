"""What every page needs: the store, the scan that runs, who is looking, how pages are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import HTTPException, Request
from jinja2 import ChoiceLoader, Environment, PackageLoader
from starlette.responses import HTMLResponse, RedirectResponse, Response

from iotscan.report.html import paper
from iotscan.settings import Settings
from iotscan.store import Store
from iotscan.web.rates import Rates
from iotscan.web.scans import Scans
from iotscan.web.sessions import COOKIE, Sessions


@dataclass(frozen=True, slots=True)
class Site:
    """``settings``: what a scan is begun with where a form says nothing else; ``fixed``: the page
    scans those targets and no others (the demo). ``today``: the date in ISO 8601.
    """

    store: Store
    scans: Scans
    sessions: Sessions
    rates: Rates
    settings: Settings
    today: Callable[[], str]
    fixed: bool = False


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


class Stranger(Exception):
    """A browser that has to show the token first."""


def visitor(request: Request) -> str:
    """The cookie of a browser that may look; a fresh one where none is needed. Raises Stranger."""
    sessions = site_of(request).sessions
    cookie = request.cookies.get(COOKIE, "")
    if sessions.admits(cookie):
        return cookie
    if sessions.locked:
        raise Stranger
    return sessions.new()


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that one of our own pages sent in this session."""
    cookie = request.cookies.get(COOKIE, "")
    sessions = site_of(request).sessions
    if not sessions.admits(cookie):
        raise Stranger
    fields = {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
    if not sessions.sent_by(cookie, fields.get("token", "")):
        raise HTTPException(403, "This form is out of date. Go back, reload the page, try again.")
    return fields


def page(
    request: Request, template: str, cookie: str, status: int = 200, **values: Any
) -> Response:
    """A page for this visitor."""
    site = site_of(request)
    known = {
        "form_token": site.sessions.form_token(cookie),
        "here": request.url.path,
        "running": site.scans.running,
    }
    html = environment().get_template(template).render(known | values)
    response = HTMLResponse(html, status)
    if request.cookies.get(COOKIE) != cookie:
        keep(response, request, cookie)
    return response


def keep(response: Response, request: Request, cookie: str) -> None:
    """Give the browser its cookie: no script reads it, no other site's request carries it."""
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=secure)


def moved(path: str) -> Response:
    """After a form was taken: the browser asks for that page, and reloading sends nothing again."""
    return RedirectResponse(path, 303)


@cache
def environment() -> Environment:
    """The report's templates and words, in the frame of this page."""
    own = PackageLoader("iotscan.web")
    return paper.environment().overlay(
        loader=ChoiceLoader([own, PackageLoader("iotscan.report.html")])
    )
