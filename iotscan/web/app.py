"""Puts the site together: pages, the HTTP API, and the fence around both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from importlib.resources import files

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from iotscan.errors import IotscanError
from iotscan.report.html import paper
from iotscan.version import __version__
from iotscan.web import changes, live, pages
from iotscan.web.fence import Fence
from iotscan.web.interface import API, api
from iotscan.web.site import Site, Stranger, moved, page

_STATIC = {"app.js": "text/javascript", "web.css": "text/css"}


def build(site: Site, hosts: Collection[str]) -> ASGIApp:
    """The whole site. ``hosts``: the values of the Host header that it answers to."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await site.scans.close()

    app = FastAPI(
        title="iotscan",
        version=__version__,
        summary="Scans of a network: begin them, read them, compare them.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.site = site
    app.include_router(api)
    for router in (pages.router, live.router, changes.router):
        app.include_router(router, include_in_schema=False)
    app.router.routes.append(Route("/static/{name}", _static))
    app.add_exception_handler(Stranger, _stranger)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(IotscanError, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    return Fence(app, hosts)


async def _static(request: Request) -> Response:
    """The style of the report, and our own two files: nothing else is served from disk."""
    name = request.path_params["name"]
    if name == "style.css":
        text, kind = paper.stylesheet(), "text/css"
    elif name in _STATIC:
        text = files("iotscan.web").joinpath("static", name).read_text("utf-8")
        kind = _STATIC[name]
    else:
        raise HTTPException(404)
    return Response(text, media_type=kind, headers={"cache-control": "no-cache"})


async def _stranger(request: Request, error: Exception) -> Response:
    return moved("/enter")


async def _refused(request: Request, error: Exception) -> Response:
    """What went wrong, as JSON for programs and as a page for people."""
    status = error.status_code if isinstance(error, HTTPException) else 400
    text = str(error.detail) if isinstance(error, HTTPException) else str(error)
    headers = error.headers if isinstance(error, HTTPException) else None
    if request.url.path.startswith(f"{API}/"):
        return JSONResponse({"detail": text}, status, headers)
    title = "There is no such page" if status == 404 else "That did not work"
    sessions = request.app.state.site.sessions
    return page(request, "wrong.html.j2", sessions.new(), status, title=title, text=text)


async def _misread(request: Request, error: Exception) -> Response:
    """A number that is none in the address of a page, or a wrong field in the API."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if request.url.path.startswith(f"{API}/"):
        return JSONResponse({"detail": f"{where}: {first['msg']}"}, 422)
    return await _refused(request, HTTPException(404, "The address is not one of ours."))
