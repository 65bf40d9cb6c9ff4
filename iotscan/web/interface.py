"""The HTTP API, version 1: the same scans, devices and risks, for programs.

Every request carries a token (RFC 6750) made with ``iotscan token add``; its scopes say what it may
do. The description is served as OpenAPI 3.1 beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from iotscan.errors import UsageError
from iotscan.model.difference import Difference
from iotscan.store import AcceptedRisk, ApiToken, KnownDevice, Scan
from iotscan.web.live import STAGES, wanted
from iotscan.web.pages import download
from iotscan.web.scans import Busy, HostState
from iotscan.web.site import Site, site_of

API = "/api/v1"
# Databases count in 64 bits, and no browser in more than 53.
_LARGEST = 2**53 - 1

Number = Annotated[int, Path(ge=1, le=_LARGEST)]


class Problem(BaseModel):
    """Why a request was not done, in a sentence."""

    detail: str


class Begin(BaseModel):
    """A scan to begin. ``consent``: these networks are yours, or you may scan them."""

    model_config = ConfigDict(extra="forbid")
    consent: Literal[True]
    targets: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(
        default=[], max_length=256, description="Addresses, networks or names; empty: the usual."
    )
    impact: Literal["listen", "greet", "login"] = "login"


class Running(BaseModel):
    """The scan that runs, or how the last one since the start ended."""

    running: bool
    stage: str
    hosts: list[HostState]
    scan: int | None = Field(description="The stored scan, once it has ended.")
    fault: str = Field(description="Why there is none.")


class DeviceWords(BaseModel):
    """What the user says of a device; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=60)] | None = None
    known: bool | None = None


class RiskWords(BaseModel):
    """A risk to accept, on one device or (without ``device``) on all."""

    model_config = ConfigDict(extra="forbid")
    rule: Annotated[str, Field(min_length=1, max_length=100)]
    device: Annotated[int, Field(ge=1, le=_LARGEST)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    owner: Annotated[str, Field(min_length=1, max_length=60)]
    expires: Annotated[str, Field(description="The last day it holds, as 2027-01-31.")]
    port: Annotated[str, Field(max_length=20, description="As 23/tcp; empty: any.")] = ""


class Mark(BaseModel):
    """Something that a device is told by, such as its MAC or the key of its SSH server."""

    kind: str
    value: str


class DeviceTold(BaseModel):
    """A device over all stored scans. ``sure`` is false where it was last told by an address or a
    name alone; ``because`` says by what.
    """

    id: int
    name: str = Field(description="What the user calls it.")
    label: str
    known: bool = Field(description="The user said that it belongs here.")
    key: str = Field(description="Its key in the report of the last scan that saw it.")
    addresses: list[str]
    mac: str
    randomised: bool
    vendor: str
    model: str
    firmware: str
    kind: str
    first_seen: str
    last_seen: str
    last_scan: int
    scans: int
    marks: list[Mark]
    sure: bool
    because: list[str]


class Made(BaseModel):
    """The number of what was made."""

    id: int


_bearer = HTTPBearer(auto_error=False, description="A token of `iotscan token add`.")
_PROBLEMS: Mapping[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "It cannot be done so."},
    401: {"model": Problem, "description": "No token, or none that is good."},
    403: {"model": Problem, "description": "The token does not allow this."},
    422: {"model": Problem, "description": "A field is wrong."},
    429: {"model": Problem, "description": "Too many requests; Retry-After says how long to wait."},
}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "Not there."}}
_BUSY: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "One is running."}}

api = APIRouter(prefix=API, responses=dict(_PROBLEMS), tags=["iotscan"])


def allowed(scope: str) -> Callable[..., Site]:
    """A dependency: the site, for who shows a token of this scope and does not ask too often."""

    def check(
        request: Request,
        shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Site:
        site = site_of(request)
        token = site.store.token(shown.credentials) if shown is not None else None
        asker = request.client.host if request.client else ""
        wait = site.rates.wait(f"token {token.id}" if token else f"stranger {asker}")
        if wait:
            seconds = {"retry-after": str(int(wait) + 1)}
            raise HTTPException(429, "Too many requests: wait a little.", seconds)
        if token is None:
            challenge = {"www-authenticate": 'Bearer realm="iotscan"'}
            raise HTTPException(401, "Show a token: `iotscan token add NAME` makes one.", challenge)
        if scope not in token.scopes:
            raise HTTPException(403, _lacking(token, scope))
        return site

    return check


def _lacking(token: ApiToken, scope: str) -> str:
    return f"The token {token.name!r} has the scopes {', '.join(token.scopes)}, and not {scope}."


Reading = Annotated[Site, Depends(allowed("read"))]
Scanning = Annotated[Site, Depends(allowed("scan"))]
Writing = Annotated[Site, Depends(allowed("write"))]


@api.get("/scans")
def scans(site: Reading, most: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[Scan]:
    """The stored scans, newest first."""
    return site.store.scans(most)


@api.get("/scans/{scan}", responses=_MISSING)
def one_scan(site: Reading, scan: Number) -> Scan:
    """One stored scan, without its report."""
    return _found(site, scan)


@api.get(
    "/scans/{scan}/report/{format}",
    responses={**_MISSING, 200: {"content": {"application/octet-stream": {}}}},
    response_class=Response,
)
def report(
    site: Reading,
    scan: Number,
    format: Annotated[str, Path(max_length=40)],
    framework: Annotated[str, Query(max_length=60, description="For requirements.")] = "",
) -> Response:
    """The report of a scan in any format that `iotscan scan --output` knows, json before all."""
    _found(site, scan)
    return download(site, scan, format, framework)


@api.post("/scans", status_code=202, responses=_BUSY)
async def begin(site: Scanning, wish: Begin) -> Running:
    """Begin a scan; `running` tells how it goes."""
    fields = {"targets": " ".join(wish.targets), "impact": wish.impact}
    settings = await asyncio.to_thread(wanted, site, fields)
    try:
        site.scans.start(settings)
    except Busy:
        raise HTTPException(409, "A scan is running already.") from None
    return _running(site)


@api.get("/running")
def running(site: Reading) -> Running:
    """How the scan goes that runs, or how the last one ended."""
    return _running(site)


@api.delete("/running", status_code=202)
def stop(site: Scanning) -> Running:
    """End the scan that runs; its report holds what is known."""
    site.scans.stop()
    return _running(site)


@api.get("/compare", responses=_MISSING)
def compare(
    site: Reading,
    before: Annotated[int, Query(ge=1, le=_LARGEST)],
    after: Annotated[int, Query(ge=1, le=_LARGEST)],
) -> Difference:
    """What changed from one scan to another."""
    _found(site, before)
    _found(site, after)
    return site.store.diff(before, after)


@api.get("/devices")
def devices(site: Reading) -> list[DeviceTold]:
    """Every device of every scan, the last seen first."""
    return [_told(known) for known in site.store.devices()]


@api.patch("/devices/{device}", responses=_MISSING)
def describe(site: Writing, device: Number, words: DeviceWords) -> DeviceTold:
    """Give a device a name, and say whether it belongs here."""
    if not any(one.id == device for one in site.store.devices()):
        raise HTTPException(404, f"There is no device {device}.")
    if words.name is not None:
        site.store.name_device(device, words.name)
    if words.known is not None:
        site.store.mark_known(device, words.known)
    return next(_told(one) for one in site.store.devices() if one.id == device)


@api.get("/risks")
def risks(site: Reading) -> list[AcceptedRisk]:
    """The risks that were accepted, ended ones too."""
    return site.store.acceptances()


@api.post("/risks", status_code=201)
def accept(site: Writing, risk: RiskWords) -> Made:
    """Accept a risk from the next scan on, until a day."""
    words = risk.model_dump(exclude={"rule", "device"})
    return Made(id=site.store.accept(risk.rule, risk.device, **words))


@api.delete("/risks/{risk}", status_code=204, responses=_MISSING)
def revoke(site: Writing, risk: Number) -> None:
    """Accept a risk no longer."""
    if not any(one.id == risk for one in site.store.acceptances()):
        raise HTTPException(404, f"There is no accepted risk {risk}.")
    site.store.revoke(risk)


def _told(known: KnownDevice) -> DeviceTold:
    marks = [Mark(kind=kind, value=value) for kind, value in known.marks]
    return DeviceTold.model_validate(asdict(known) | {"marks": marks})


def _found(site: Site, scan: int) -> Scan:
    try:
        return site.store.find(str(scan))
    except UsageError as error:
        raise HTTPException(404, str(error)) from None


def _running(site: Site) -> Running:
    scans = site.scans
    ended = scans.ended
    return Running(
        running=scans.running,
        stage=STAGES[scans.stage],
        hosts=list(scans.hosts),
        scan=int(ended.scan) if ended is not None and ended.scan else None,
        fault=ended.fault if ended is not None else "",
    )
