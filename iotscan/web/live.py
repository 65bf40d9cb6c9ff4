"""Begin a scan, watch it, stop it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, replace

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from iotscan.errors import UsageError
from iotscan.model import Impact
from iotscan.net.interfaces import attachments
from iotscan.net.scope import resolve_targets
from iotscan.settings import Settings
from iotscan.web.pages import Cookie, first_page
from iotscan.web.scans import Busy, Scans
from iotscan.web.site import Site, form_of, moved, page, site_of

router = APIRouter()

STAGES = {
    "": "No scan is running",
    "discover": "Looking for devices",
    "probe": "Checking devices",
    "assess": "Working out what it means",
    "done": "Done",
}
# A browser need not draw more often than this.
_PAUSE = 0.2


@router.post("/scans")
async def begin(request: Request) -> Response:
    """Begin a scan, once the user has agreed to it."""
    fields = await form_of(request)
    site, cookie = site_of(request), request.cookies["iotscan_session"]
    try:
        if fields.get("consent") != "yes":
            raise UsageError("Say first that you may scan these networks.")
        settings = await asyncio.to_thread(wanted, site, fields)
        site.scans.start(settings)
    except Busy:
        return moved("/scans/live")
    except UsageError as error:
        typed = {"targets": fields.get("targets", ""), "impact": fields.get("impact", "login")}
        return await asyncio.to_thread(first_page, request, cookie, str(error), **typed)
    return moved("/scans/live")


def wanted(site: Site, fields: Mapping[str, str]) -> Settings:
    """The settings that a form asks for. Raises UsageError where they cannot be used."""
    if site.fixed:
        return site.settings
    targets = tuple(fields.get("targets", "").replace(",", " ").split()) or site.settings.targets
    try:
        impact = Impact(fields.get("impact", site.settings.impact.value))
    except ValueError:
        raise UsageError("the impact is listen, greet or login") from None
    least = min(impact, site.settings.impact)
    settings = replace(site.settings, targets=targets, impact=least)
    resolve_targets(settings, attachments())
    return settings


@router.get("/scans/live")
def watch(request: Request, cookie: Cookie) -> Response:
    """The scan that runs; when none does, the page of the last."""
    scans = site_of(request).scans
    if not scans.running and scans.ended is not None and scans.ended.scan:
        return moved(f"/scans/{scans.ended.scan}")
    if not scans.running and scans.ended is not None:
        text = f"The scan ended without a report: {scans.ended.fault}"
        return page(request, "wrong.html.j2", cookie, title="The scan failed", text=text)
    if not scans.running:
        return moved("/")
    stage = STAGES[scans.stage]
    return page(request, "live.html.j2", cookie, stage=stage, hosts=scans.hosts)


@router.get("/scans/live/events")
async def events(request: Request, cookie: Cookie) -> Response:
    """The state of the scan as server-sent events (HTML standard, section 9.2)."""
    return StreamingResponse(_told(site_of(request).scans), media_type="text/event-stream")


@router.post("/scans/live/stop")
async def stop(request: Request) -> Response:
    """End the scan; its report holds what is known."""
    await form_of(request)
    site_of(request).scans.stop()
    return moved("/scans/live")


async def _told(scans: Scans) -> AsyncIterator[str]:
    async for stage, hosts in scans.watch():
        state = {"stage": STAGES[stage], "hosts": [asdict(host) for host in hosts]}
        yield f"event: state\ndata: {json.dumps(state)}\n\n"
        await asyncio.sleep(_PAUSE)
    yield f"event: end\ndata: {json.dumps({'page': '/scans/live'})}\n\n"
