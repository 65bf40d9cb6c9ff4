"""What forms change: names, risks, and who may look."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from iotscan.errors import UsageError
from iotscan.web.pages import device_page
from iotscan.web.sessions import COOKIE
from iotscan.web.site import form_of, keep, moved, page, site_of

router = APIRouter()


@router.post("/devices/{device:int}")
async def name_device(request: Request, device: int) -> Response:
    """Give a device a name, and say whether it belongs here."""
    fields = await form_of(request)
    store = site_of(request).store

    def change() -> None:
        store.name_device(device, fields.get("name", "")[:60])
        store.mark_known(device, fields.get("known") == "yes")

    await asyncio.to_thread(change)
    return moved(f"/devices/{device}")


@router.post("/risks")
async def accept(request: Request) -> Response:
    """Accept a risk on a device until a day."""
    fields = await form_of(request)
    store, cookie = site_of(request).store, request.cookies[COOKIE]
    number = fields.get("device", "")
    if not number.isdecimal():
        raise UsageError("the form does not say on which device")
    words = {name: fields.get(name, "") for name in ("reason", "owner", "expires", "port")}

    def change() -> None:
        store.accept(fields.get("rule", ""), int(number), **words)

    try:
        await asyncio.to_thread(change)
    except UsageError as error:
        return await asyncio.to_thread(device_page, request, cookie, int(number), str(error))
    return moved("/risks")


@router.post("/risks/{risk:int}/revoke")
async def revoke(request: Request, risk: int) -> Response:
    """Accept a risk no longer."""
    await form_of(request)
    await asyncio.to_thread(site_of(request).store.revoke, risk)
    return moved("/risks")


@router.get("/enter")
def ask(request: Request) -> Response:
    """Ask for the token, where one is needed."""
    sessions = site_of(request).sessions
    if not sessions.locked:
        return moved("/")
    return page(request, "enter.html.j2", sessions.new(), fault_text="")


@router.post("/enter")
async def enter(request: Request) -> Response:
    """Let a browser in that knows the token; slowly, if it is guessing."""
    site = site_of(request)
    cookie = request.cookies.get(COOKIE, "")
    fields = await request.form()
    if not site.sessions.sent_by(cookie, str(fields.get("token", ""))):
        return moved("/enter")
    wait = site.rates.wait(f"enter {request.client.host if request.client else ''}")
    if wait:
        fault = f"Too many tries. Wait {wait:.0f} seconds."
        return page(request, "enter.html.j2", cookie, 429, fault_text=fault)
    if not site.sessions.opens(str(fields.get("password", ""))):
        fault = "That is not the token. It stands where iotscan was started."
        return page(request, "enter.html.j2", cookie, 403, fault_text=fault)
    response = moved("/")
    keep(response, request, site.sessions.new(known=True))
    return response
