"""``requirements:FRAMEWORK``: a table per device, as text, HTML, CSV or JSON by the file's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO

from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.rules import Framework, Provision
from iotscan.errors import UsageError
from iotscan.model import Report, Standing
from iotscan.report import Argued, Options
from iotscan.report.conformity import Line, Sheet, observable, sheets
from iotscan.report.exchange import place, proofs, short
from iotscan.report.json import written
from iotscan.report.page import Page
from iotscan.report.tables import Row, write_csv
from iotscan.report.words import (
    device_label,
    device_make,
    device_name,
    device_place,
    looked_at,
    safe,
)

_WORDS = {
    Standing.VIOLATED: "violated",
    Standing.MET: "looks met",
    Standing.NOT_ASSESSED: "not assessed",
}
_STYLES = {Standing.VIOLATED: "bold red", Standing.MET: "green", Standing.NOT_ASSESSED: "dim"}
_DISCLAIMER = (
    "A scan sees little of a product. This table says what was seen, once, from one place; whether "
    "the product meets the requirements is for a tester to say. Titles are short paraphrases: the "
    "document itself is the only authority."
)
_COLUMNS = (
    *("device", "name", "framework", "section", "provision", "title", "level", "condition"),
    *("verdict", "reason", "observable", "note", "findings", "evidence"),
)
_Found = tuple[Framework, list[Sheet]]


def check(options: Options) -> None:
    """Raises UsageError for a framework that is not in the catalogue, or a file of another form."""
    _framework(options)
    _form(options)


def render(report: Report, out: TextIO, options: Options) -> None:
    """The table in the form that the file's name asks for."""
    framework = _framework(options)
    book = load_rulebook(options.rule_folders)
    _form(options)(report, out, options, (framework, list(sheets(report, framework, book))))


def _framework(options: Options) -> Framework:
    known = load_rulebook(options.rule_folders).frameworks
    try:
        return known[options.argument]
    except KeyError:
        names = ", ".join(known)
        raise UsageError(
            f"there is no framework {options.argument!r}; frameworks are: {names}"
        ) from None


def _form(options: Options) -> Callable[[Report, TextIO, Options, _Found], None]:
    try:
        return _FORMS[options.form.lower()]
    except KeyError:
        raise UsageError(
            f"requirements are written as .html, .csv, .json or .txt, not as .{options.form}"
        ) from None


def _text(report: Report, out: TextIO, options: Options, found: _Found) -> None:
    framework, tables = found
    page = Page(out, options)
    page.line(f"{framework.name} ({framework.publisher} {framework.version})", "bold")
    page.line(looked_at(report))
    page.line(_DISCLAIMER, "dim")
    for sheet in tables:
        page.line()
        page.rule()
        page.line(device_label(sheet.view.device), "bold")
        page.line(_counts(sheet))
        section = None
        for line in sheet.lines:
            if line.section != section:
                section = line.section
                page.line()
                if section:
                    page.line(f"{line.provision.section} {section}", "bold")
            _text_line(page, line)
        page.flush()
    page.flush()


def _text_line(page: Page, line: Line) -> None:
    provision = line.provision
    words = f"{provision.id}: {provision.title} [{_WORDS[line.standing]}]"
    page.line(words, _STYLES[line.standing], hang=4)
    page.line(safe(line.reason), indent=4)
    if line.standing is Standing.NOT_ASSESSED and (note := _note(provision)):
        page.line(note, "dim", indent=4)
    for finding in line.findings:
        cited = "; ".join(proofs(finding))
        page.line(f"{safe(finding.title)}: {place(finding)} ({cited})", indent=4, hang=2)


def _html(report: Report, out: TextIO, options: Options, found: _Found) -> None:
    from iotscan.report.html.paper import write

    framework, tables = found
    write(
        "requirements.html.j2",
        out,
        report=report,
        framework=framework,
        sheets=tables,
        standings=_WORDS,
        observable=observable,
        proofs=proofs,
        counts=_counts,
        disclaimer=_DISCLAIMER,
    )


def _csv(report: Report, out: TextIO, options: Options, found: _Found) -> None:
    write_csv(_rows(*found), _COLUMNS, out)


def _rows(framework: Framework, tables: list[Sheet]) -> Iterator[Row]:
    for sheet in tables:
        for line in sheet.lines:
            yield {
                "device": sheet.view.device.key,
                "name": device_name(sheet.view.device),
                "framework": framework.id,
                "section": line.provision.section,
                "provision": line.provision.id,
                "title": line.provision.title,
                "level": line.provision.level,
                "condition": line.provision.condition,
                "verdict": _WORDS[line.standing],
                "reason": safe(line.reason),
                "observable": observable(line.provision),
                "note": _note(line.provision),
                "findings": "; ".join(f"{f.rule} at {place(f)}" for f in line.findings),
                "evidence": "; ".join(text for f in line.findings for text in proofs(f)),
            }


def _json(report: Report, out: TextIO, options: Options, found: _Found) -> None:
    framework, tables = found
    tree = {
        "framework": {
            "id": framework.id,
            "name": framework.name,
            "publisher": framework.publisher,
            "version": framework.version,
            "url": framework.details.get("url", ""),
        },
        "scan": {
            "started": short(report.started),
            "version": short(report.version),
            "rules": short(report.rules),
            "complete": report.complete,
        },
        "disclaimer": _DISCLAIMER,
        "devices": [_sheet(sheet) for sheet in tables],
    }
    out.write(written(tree))


def _sheet(sheet: Sheet) -> Mapping[str, Any]:
    device = sheet.view.device
    return {
        "device": short(device.key),
        "name": device_name(device),
        "make": device_make(device),
        "place": device_place(device),
        "counts": {standing.value: sheet.count(standing) for standing in Standing},
        "provisions": [_provision(line) for line in sheet.lines],
    }


def _provision(line: Line) -> Mapping[str, Any]:
    provision = line.provision
    return {
        "id": provision.id,
        "section": provision.section,
        "title": provision.title,
        "level": provision.level,
        "condition": provision.condition,
        "verdict": line.standing.value,
        "reason": safe(line.reason),
        "observable": observable(provision),
        "note": _note(provision),
        "findings": [
            {
                "fingerprint": short(finding.fingerprint),
                "rule": short(finding.rule),
                "title": safe(finding.title),
                "detail": safe(finding.detail),
                "relation": finding.relation.value,
                "confidence": finding.confidence.value,
                "place": place(finding),
                "proofs": proofs(finding),
            }
            for finding in line.findings
        ],
    }


def _note(provision: Provision) -> str:
    """What a scan can and cannot see of the provision; empty where the catalogue does not say."""
    return provision.observability.note if provision.observability else ""


def _counts(sheet: Sheet) -> str:
    """ "2 violated, 1 looks met, 75 not assessed (of 78)"."""
    parts = [f"{sheet.count(standing)} {words}" for standing, words in _WORDS.items()]
    return f"{', '.join(parts)} (of {len(sheet.lines)})"


_FORMS: Mapping[str, Callable[[Report, TextIO, Options, _Found], None]] = {
    "": _text,
    "txt": _text,
    "html": _html,
    "htm": _html,
    "csv": _csv,
    "json": _json,
}
RENDERER = Argued(render, "FRAMEWORK", check)
