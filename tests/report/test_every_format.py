"""Every format there is, found by listing: golden files, hostile words, the same bytes again."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from iotscan.errors import UsageError
from iotscan.model import Report
from iotscan.report import Argued, Options, render, renderer, renderers

GOLDEN = Path(__file__).parent / "golden"
# An argument for each format that takes one, and the forms that its files can have.
ARGUMENTS = {"requirements": ("uk-psti", ("", "html", "csv", "json"))}
# What makes a program do something else than show a character.
ACTIVE = {"Cc", "Cs", "Zl", "Zp"}
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_RENDER = (
    "import sys; from iotscan.report import Options, render; from iotscan.report.json import loads;"
    "render(loads(open(sys.argv[1]).read()), sys.argv[2], sys.stdout,"
    " Options(80, argument=sys.argv[3], form=sys.argv[4]))"
)


def formats() -> list[tuple[str, Options]]:
    found = []
    for name in sorted(renderers()):
        argument, forms = ARGUMENTS.get(name, ("", ("",)))
        found += [(name, Options(80, argument=argument, form=form)) for form in forms]
    return found


FORMATS = formats()
IDS = [f"{name}.{options.form}" if options.form else name for name, options in FORMATS]
every_format = pytest.mark.parametrize(("name", "options"), FORMATS, ids=IDS)


def written(report: Report, name: str, options: Options) -> str:
    out = io.StringIO()
    render(report, name, out, options)
    return out.getvalue()


def test_formats_with_an_argument_are_tried_with_one() -> None:
    argued = [name for name in renderers() if isinstance(renderer(name), Argued)]
    assert sorted(argued) == sorted(ARGUMENTS)


@every_format
def test_report_of_the_recording_is_the_golden_one(
    name: str, options: Options, recorded: Report, golden: bool
) -> None:
    path = GOLDEN / f"recorded-{name}{f'.{options.form}' if options.form else ''}.out"
    text = written(recorded, name, options)
    if golden:
        path.write_text(text, "utf-8", newline="")
    with path.open(encoding="utf-8", newline="") as file:
        assert text == file.read()


@every_format
@pytest.mark.parametrize("sample", ["empty", "secure", "accepted", "hidden"])
def test_reports_of_all_sorts_can_be_written(
    name: str, options: Options, sample: str, samples: ModuleType
) -> None:
    report = samples.empty() if sample == "hidden" else getattr(samples, sample)()
    if sample == "hidden":
        report = replace(report, complete=False, findings=samples.home().findings)
    lines = written(report, name, options)
    # A table or stream with a line for each thing has none where there is nothing.
    assert lines or not report.findings


@every_format
def test_hostile_words_are_shown_and_never_obeyed(
    name: str, options: Options, samples: ModuleType
) -> None:
    allowed = "\n\r" if "csv" in (name, options.form) else "\n"
    for text in samples.HOSTILE:
        page = written(samples.hostile(text), name, options)
        bad = {c for c in page if unicodedata.category(c) in ACTIVE or c in BIDI} - set(allowed)
        assert not bad, text[:40]


@every_format
def test_words_beyond_measure_are_cut(name: str, options: Options, samples: ModuleType) -> None:
    """The report as JSON and its tables hold all that is known; elsewhere a long name cannot drown
    the rest.
    """
    page = written(samples.hostile("A" * 10_240), name, options)
    if name not in ("json", "csv"):
        assert "A" * 4100 not in page


@every_format
def test_the_same_bytes_in_another_process(
    name: str, options: Options, recorded: Report, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    file.write_text(written(recorded, "json", Options()), "utf-8")
    command = [sys.executable, "-c", _RENDER, str(file), name, options.argument, options.form]
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONUTF8": "1"}
    again = subprocess.run(command, env=environment, capture_output=True, check=True)
    text = written(recorded, name, options).replace("\r\n", "\n")
    assert again.stdout.decode().replace("\r\n", "\n") == text


@pytest.mark.parametrize(
    ("argument", "form", "said"),
    [("utopia", "", "frameworks are: "), ("uk-psti", "pdf", "not as .pdf")],
)
def test_requirements_that_cannot_be_written_are_told(argument: str, form: str, said: str) -> None:
    found = renderer("requirements")
    assert isinstance(found, Argued)
    with pytest.raises(UsageError, match=said):
        found.check(Options(argument=argument, form=form))
