"""Every report for people says by which policy it was made, and which accepted risks have ended."""

from __future__ import annotations

import io
from dataclasses import replace
from types import ModuleType

import pytest

from iotscan.model import Acceptance, PolicyNote
from iotscan.report import Options, render

POLICY = PolicyNote("home", "A <home>", "0831bc06aaaabbbbcccc")
ENDED = Acceptance("telnet-exposed", "Hallway", "until spring", "Jane", "2026-01-02")


@pytest.mark.parametrize("name", ["terminal", "markdown", "html"])
def test_policy_and_ended_risks_are_told(name: str, samples: ModuleType) -> None:
    report = samples.home()
    found = replace(report, policy=POLICY, outside=report.findings[:2], expired=(ENDED,))
    texts = []
    for one in (report, found):
        out = io.StringIO()
        render(one, name, out, Options(width=100))
        texts.append(" ".join(out.getvalue().replace("\\", "").split()))
    for words in ("0831bc06", "2 findings left out", "telnet-exposed at Hallway", "2026-01-02"):
        assert words not in texts[0], words
        assert words in texts[1], words
    assert ("A &lt;home&gt;" if name == "html" else "A <home>") in texts[1]


@pytest.mark.parametrize("name", ["terminal", "markdown", "html"])
def test_accepted_risk_says_by_whom_and_until_when(name: str, samples: ModuleType) -> None:
    report = samples.home()
    risk = replace(ENDED, expires="2027-01-31")
    found = replace(report, findings=tuple(replace(f, accepted=risk) for f in report.findings))
    out = io.StringIO()
    render(found, name, out, Options(width=100))
    assert "Jane until 2027-01-31: until spring" in " ".join(out.getvalue().split())
