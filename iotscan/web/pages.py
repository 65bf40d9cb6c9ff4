"""The pages that only show something."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.rules import Framework
from iotscan.errors import UsageError
from iotscan.model import Severity
from iotscan.model.difference import Change, Difference
from iotscan.net.interfaces import attachments
from iotscan.net.scope import resolve_targets
from iotscan.report import Argued, Options, render, renderer, renderers
from iotscan.report.html.page import Page
from iotscan.report.plan import plan
from iotscan.store import Scan
from iotscan.web.site import Site, page, site_of, visitor

router = APIRouter()
Cookie = Annotated[str, Depends(visitor)]

IMPACTS = (
    ("login", "Greet services, and try a few well-known passwords (the full check)"),
    ("greet", "Greet services, but try no password"),
    ("listen", "Only listen to what devices announce"),
)
# What is made for a screen is nothing to save.
_NOT_SAVED = {"terminal"}
_MOST_SCANS = 200


@router.get("/")
def home(request: Request, cookie: Cookie) -> Response:
    """What would be scanned, and the last scan."""
    return first_page(request, cookie)


def first_page(
    request: Request, cookie: str, fault: str = "", targets: str = "", impact: str = "login"
) -> Response:
    """The first page; again with what was typed where it could not be used."""
    site = site_of(request)
    last = next(iter(site.store.scans(1)), None)
    lines, wrong = _plan(site)
    return page(
        request,
        "home.html.j2",
        cookie,
        400 if fault else 200,
        fault_text=fault or wrong,
        plan=lines,
        fixed=site.fixed,
        targets=targets,
        impacts=IMPACTS,
        impact=impact,
        last=last,
        last_tally=_tally(last) if last else (),
    )


@router.get("/scans")
def history(request: Request, cookie: Cookie) -> Response:
    """Every scan, newest first."""
    scans = site_of(request).store.scans(_MOST_SCANS)
    return page(request, "history.html.j2", cookie, scans=[(s, _tally(s)) for s in scans])


@router.get("/scans/{scan:int}")
def report(request: Request, cookie: Cookie, scan: int) -> Response:
    """The report of a scan."""
    store = site_of(request).store
    found = store.find(str(scan))
    read = store.report(found.id)
    return page(
        request,
        "scan.html.j2",
        cookie,
        page=Page(read),
        scan=found,
        previous=_before(site_of(request), found),
        formats=formats(),
        frameworks=frameworks(site_of(request).settings.rule_folders),
    )


@router.get("/scans/{scan:int}/as/{name}")
def saved(request: Request, cookie: Cookie, scan: int, name: str, framework: str = "") -> Response:
    """The report in a format, as a file to save."""
    return download(site_of(request), scan, name, framework)


@router.get("/compare")
def compare(request: Request, cookie: Cookie, before: int, after: int) -> Response:
    """What changed from one scan to another."""
    difference = site_of(request).store.diff(before, after)
    groups = [(title, hint, difference.of(change)) for change, title, hint in _FINDINGS]
    devices = list(_devices(difference))
    quiet = not any(members for _, _, members in (*groups[:-1], *devices))
    return page(
        request,
        "compare.html.j2",
        cookie,
        difference=difference,
        finding_groups=groups,
        device_groups=devices,
        quiet=quiet,
    )


@router.get("/devices")
def devices(request: Request, cookie: Cookie) -> Response:
    """Every device of every scan."""
    return page(request, "devices.html.j2", cookie, devices=site_of(request).store.devices())


@router.get("/devices/{device:int}")
def device(request: Request, cookie: Cookie, device: int) -> Response:
    """One device: what is known, and what the last scan that saw it found."""
    return device_page(request, cookie, device)


def device_page(request: Request, cookie: str, device: int, fault: str = "") -> Response:
    """The page of a device; with what was wrong in a form of it."""
    site = site_of(request)
    known = next((one for one in site.store.devices() if one.id == device), None)
    if known is None:
        raise UsageError(f"there is no device {device}")
    read = site.store.report(known.last_scan)
    findings = sorted(
        (finding for finding in read.findings if finding.device == known.key),
        key=lambda finding: -finding.severity.rank,
    )
    return page(
        request,
        "device.html.j2",
        cookie,
        400 if fault else 200,
        device=known,
        findings=findings,
        accepted={
            risk.rule for risk in site.store.acceptances() if risk.device in (None, known.id)
        },
        today=site.today(),
        fault_text=fault,
    )


@router.get("/risks")
def risks(request: Request, cookie: Cookie) -> Response:
    """The risks that were accepted here."""
    site = site_of(request)
    titles: dict[int | None, str] = {one.id: one.title for one in site.store.devices()}
    titles[None] = "all devices"
    rows = [(risk, titles.get(risk.device, "a device")) for risk in site.store.acceptances()]
    return page(request, "risks.html.j2", cookie, risks=rows, today=site.today())


def formats() -> list[str]:
    """The formats in which a report can be saved without saying more."""
    found = renderers().items()
    return sorted({name for name, one in found if not isinstance(one, Argued)} - _NOT_SAVED)


def frameworks(folders: Sequence[str]) -> list[Framework]:
    """Those by which devices are judged, in the built-in pack and the user's ``folders``."""
    known = load_rulebook(folders).frameworks.values()
    return [framework for framework in known if framework.judged]


def download(site: Site, scan: int, name: str, argument: str = "") -> Response:
    """A report in a format; ``argument``: a framework, for requirements as a page.

    Raises UsageError that says which there are.
    """
    if name in _NOT_SAVED:
        raise UsageError(f"there is nothing to save as {name!r}; formats are: {_listed()}")
    form = "html" if argument else ""
    folders = site.settings.rule_folders
    options = Options(100, False, argument=argument, form=form, rule_folders=folders)
    found = renderer(name)
    if isinstance(found, Argued):
        found.check(options)
    out = io.StringIO()
    render(site.store.report(scan), name, out, options)
    title = f"{scan}-{argument}.{form}" if isinstance(found, Argued) else f"{scan}.{name}"
    # Always a download: a browser that showed it would show what devices say under our name.
    headers = {
        "content-disposition": f'attachment; filename="iotscan-{title}"',
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(out.getvalue(), media_type="application/octet-stream", headers=headers)


def _listed() -> str:
    return ", ".join(formats())


def _before(site: Site, scan: Scan) -> Scan | None:
    """The scan of the same networks before this one."""
    place = (scan.scope, scan.source)
    earlier = (one for one in site.store.scans(_MOST_SCANS) if one.started < scan.started)
    return next((one for one in earlier if (one.scope, one.source) == place), None)


def _plan(site: Site) -> tuple[list[str], str]:
    """What is going to be done, line by line; or why nothing can be."""
    if site.fixed:
        return ["iotscan scans a virtual home that exists only on this machine."], ""
    try:
        attached = attachments()
        scope = resolve_targets(site.settings, attached).scope
    except UsageError as error:
        return [], str(error)
    return list(plan(site.settings, scope.allow, scope.deny, attached)), ""


def _tally(scan: Scan) -> list[tuple[Severity, int]]:
    counted = ((severity, scan.findings.get(severity, 0)) for severity in reversed(Severity))
    return [(severity, number) for severity, number in counted if number]


_FINDINGS = (
    (Change.NEW, "New findings", "Not there before, or not looked at before."),
    (Change.RESOLVED, "Resolved", "The later scan looked again and saw otherwise."),
    (Change.UNKNOWN, "Cannot be said", "No longer reported, but not looked at again either."),
    (Change.GONE, "On devices that are gone", "The device was not seen: it may be switched off."),
    (Change.STILL, "Still there", "Found both times."),
)


def _devices(difference: Difference) -> list[tuple[str, str, list[object]]]:
    groups: list[tuple[str, str, list[object]]] = [
        ("New devices", "Not seen in the earlier scan.", []),
        ("Devices that are gone", "They may be switched off.", []),
        ("Devices that changed", "The same device, but something about it differs.", []),
    ]
    for one in difference.devices:
        if one.change is Change.NEW:
            groups[0][2].append(one)
        elif one.change is Change.GONE:
            groups[1][2].append(one)
        elif one.changes:
            groups[2][2].append(one)
    return groups
