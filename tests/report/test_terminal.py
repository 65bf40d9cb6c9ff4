"""The report on a screen: golden pages, order, hostile words, narrow screens, speed."""

from __future__ import annotations

import io
import time
import unicodedata
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from rich.cells import cell_len

from iotscan.model import Finding, Identity, Report, Severity
from iotscan.report import Options, render

GOLDEN = Path(__file__).parent / "golden"
# What makes a terminal do something else than show a character.
ACTIVE = {"Cc", "Cs", "Zl", "Zp"}
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def shown(report: Report, width: int = 80, colour: bool | None = None) -> str:
    out = io.StringIO()
    render(report, "terminal", out, Options(width, colour))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 40])
@pytest.mark.parametrize("name", ["home", "secure", "empty"])
def test_page_is_the_golden_one(name: str, width: int, samples: ModuleType, golden: bool) -> None:
    page = shown(getattr(samples, name)(), width)
    path = GOLDEN / f"{name}-{width}.txt"
    if golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, "utf-8")
    assert page == path.read_text("utf-8")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_screen(width: int, samples: ModuleType) -> None:
    for text in ("", *samples.HOSTILE):
        report = samples.hostile(text) if text else samples.home()
        assert max(map(cell_len, shown(report, width).split("\n"))) <= width


def test_hostile_words_are_shown_and_never_obeyed(samples: ModuleType) -> None:
    for text in samples.HOSTILE:
        page = shown(samples.hostile(text))
        bad = [c for c in page if c != "\n" and (unicodedata.category(c) in ACTIVE or c in BIDI)]
        assert not bad, text[:40]
    assert "[bold red]x[/bold red][/nonsense]" in shown(samples.hostile(samples.HOSTILE[0]))
    assert ":smile:" in shown(samples.hostile(":smile:"))


def test_piped_page_has_no_colour_and_a_terminal_has(samples: ModuleType) -> None:
    assert "\x1b" not in shown(samples.home())
    assert "\x1b[1;31m" in shown(samples.home(), colour=True)


def test_no_color_is_obeyed(samples: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;31m" not in shown(samples.home(), colour=True)


def test_devices_stand_by_need_of_attention(samples: ModuleType) -> None:
    page = shown(samples.home())
    places = [page.index(f"\n{line}\n") for line in (
        "Hallway: act now",
        "hub: act now",
        "Küchenlampe 名前: improve",
        "Device at 192.168.1.9: good to know",
        "Devices where nothing was found",
        "Front door",
        "What could not be seen",
        "What to do next",
    )]  # fmt: skip
    assert places == sorted(places)


def test_every_finding_is_shown_with_its_four_parts_and_its_proof(samples: ModuleType) -> None:
    page = shown(samples.home(), 200)
    flat = " ".join(page.split())
    for finding in samples.findings():
        for words in (finding.title, finding.detail, finding.plain, finding.remedy):
            assert words in flat
        assert finding.does_not_prove in flat
        assert f"{finding.endpoint} · {finding.rule} · {finding.severity.value}" in flat
        assert finding.proofs[0].source in flat


def test_texts_of_a_rule_stand_once_and_are_referred_to(samples: ModuleType) -> None:
    page = shown(samples.home())
    assert page.count("Anyone on your network, and malware") == 1
    assert "As under 1, where the reasons stand too." in page


def test_rule_whose_words_differ_is_told_in_full_again(samples: ModuleType) -> None:
    base = samples.home()
    exposed = replace(base.findings[3], plain="It can be reached from the internet.")
    page = shown(replace(base, findings=(*base.findings[:3], exposed)))
    assert "It can be reached from the internet." in page


def test_grade_that_rests_on_nothing_is_not_shown_unless_something_speaks_against(
    samples: ModuleType,
) -> None:
    bare = replace(samples.posture(samples.LOCK, "A", False), assessed=0, verdicts=())
    page = shown(replace(samples.secure(), postures=(bare,)))
    assert "Not graded: none of the 21" in page
    assert "Grade" not in page.replace("Not graded", "")
    doubted = shown(replace(samples.secure(), postures=(replace(bare, grade="C"),)))
    assert "Grade C: 0 of 21" in doubted


def test_maker_stands_once_where_the_model_begins_with_it(samples: ModuleType) -> None:
    device = replace(samples.devices()[1], identity=Identity("Acme", "ACME CX-1"))
    page = shown(replace(samples.home(), devices=(device,)))
    assert "\nACME CX-1\n" in page


def test_finding_of_a_device_that_is_not_listed_is_not_lost(samples: ModuleType) -> None:
    assert "Telnet" in shown(replace(samples.home(), devices=()))


def test_incomplete_report_says_so_at_the_top(samples: ModuleType) -> None:
    assert "INCOMPLETE" in shown(samples.home()).split("\n\n")[0]
    assert "INCOMPLETE" not in shown(samples.secure())


def test_scan_that_was_stopped_says_so_even_without_gaps(samples: ModuleType) -> None:
    page = shown(replace(samples.secure(), complete=False))
    assert "did not run to its end" in page.split("What could not be seen\n")[1]


def test_passwords_are_shown_only_when_asked_for(
    samples: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from iotscan.credentials import Credential, Credentials

    known = Credentials((Credential("mirai-12", (), "system", "root", "pa[b]ss"),))
    monkeypatch.setattr("iotscan.report.reveal.load", lambda: known)
    out = io.StringIO()
    render(samples.home(), "terminal", out, Options(80, show_passwords=True))
    assert "The password is “pa[b]ss”." in " ".join(out.getvalue().split())
    assert "pa[b]ss" not in shown(samples.home())


def test_login_that_nobody_knows_any_more_stays_masked(samples: ModuleType) -> None:
    from iotscan.credentials import Credentials
    from iotscan.report.reveal import revealed

    assert revealed(samples.home(), Credentials(())) == samples.home()


@pytest.mark.parametrize(
    ("severities", "said"),
    [
        ([], "Nothing to fix was found on the 5 devices."),
        ([Severity.INFO], "Nothing to fix was found on the 5 devices."),
        ([Severity.LOW], "Of 5 devices, 1 can be improved."),
        ([Severity.HIGH], "Of 5 devices, 1 needs attention soon."),
        ([Severity.CRITICAL, Severity.HIGH], "Of 5 devices, 1 needs attention now, 1 soon."),
    ],
)
def test_headline_counts_devices_by_urgency(
    severities: list[Severity], said: str, samples: ModuleType
) -> None:
    keys = (samples.CAMERA, samples.HUB)
    found: list[Finding] = [
        replace(samples.default_login(key, "192.168.1.20", 1), severity=severity)
        for key, severity in zip(keys, severities, strict=False)
    ]
    page = shown(replace(samples.home(), findings=tuple(found)))
    assert page.startswith(said + "\n")


def test_thousand_devices_take_seconds_not_minutes(samples: ModuleType) -> None:
    report = samples.crowd(1000)
    began = time.process_time()
    assert shown(report).count("Well-known default login") >= 1000
    # 0.6 s on one slow core; a screen library laying out each paragraph takes ten times that.
    assert time.process_time() - began < 5


def test_accepted_risks_are_told_last_and_do_not_alarm(samples: ModuleType) -> None:
    page = shown(samples.accepted(), 200)
    assert "hub: risks accepted" in page
    assert "Accepted    by Jane Doe until 2027-01-31: It is behind a lock." in page
    assert page.splitlines()[0].startswith("Of 5 devices, 1 needs attention soon")
    camera = page[page.index("Hallway: fix soon") :]
    assert camera.index("· fix soon") < camera.index("· risk accepted")
    todo = page[page.index("What to do next") :]
    assert "default login" not in todo
