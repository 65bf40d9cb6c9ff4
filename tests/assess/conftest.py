"""A small rule pack of its own, so that the machinery is tested apart from the built-in rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import read_packs
from iotscan.model import Kind

LAMP = Kind(
    "lamp.state",
    {"open": bool, "version": str, "bits": int, "ratio": float, "names": tuple, "login": str},
    "For tests.",
)
GUARD = Kind("lamp.guard", {"locked": bool}, "For tests.")

PRINCIPLES = """
principles:
  - {id: light, title: Light is good, plain: It should be bright.}
"""
FRAMEWORK = """
id: house-rules
name: Rules of the house
publisher: the owner
version: '1'
use: rule
sections: [{id: '1', title: Doors}]
provisions:
  - {id: '1-1', title: Strong, section: '1',
     observability: {by: [active], evidence_against: strong, evidence_for: partial}}
  - {id: '1-2', title: Hinted, section: '1',
     observability: {by: [active], evidence_against: indicative, evidence_for: weak}}
  - {id: '1-3', title: Never against,
     observability: {by: [active], evidence_against: 'no', evidence_for: 'no'}}
  - {id: '1-4', title: Hidden, observability: {by: [], evidence_against: 'no', evidence_for: 'no'}}
  - {id: '1-5', title: Looked up,
     observability: {by: [lookup], evidence_against: strong, evidence_for: partial}}
  - {id: '1-6', title: Overheard,
     observability: {by: [passive], evidence_against: strong, evidence_for: partial}}
  - {id: '1-7', title: Needs a login,
     observability: {by: [active], evidence_against: strong, evidence_for: weak}}
"""
CWE = """
id: cwe
name: Weaknesses
publisher: MITRE
version: '4'
use: rule
provisions: [{id: CWE-306, title: No login}]
"""
RULE = """
id: {id}
title: The lamp is open
status: stable
principle: light
severity: {severity}
severity_if_internet_reachable: critical
severity_rationale: Because.
relation: {relation}
confidence: confirmed
intrusiveness: {intrusiveness}
about: lamp.state
when: {{{when}}}
says: 'The lamp at {{endpoint}} is open[ in version {{version}}].'
plain_language: Close it.
remediation: Turn the key.
does_not_prove: Anything else.
covers: [{covers}]
crosswalk: {{house-rules: [{provisions}], cwe: [CWE-306]}}
crosswalk_if_internet_reachable: {{house-rules: ['1-3']}}
examples:
  hit: [{hit}]
  miss: [{miss}]
  unknown: [{{}}]
"""
EVIDENCE = """
id: lamp-locked
title: The lamp was locked
strength: partial
by: active
shows: It holds.
does_not_prove: Windows.
crosswalk: {house-rules: ['1-1', '1-2']}
shown_by: [{about: lamp.guard, when: {locked: true}}]
ruled_out_by: [lamp-open]
examples:
  hit: [{lamp.guard: {locked: true}}]
  miss: [{lamp.guard: {locked: false}}]
  unknown: [{lamp.state: {open: true}}]
"""


def rule(
    name: str,
    when: str = "open: true",
    hit: str = "{open: true}",
    miss: str = "{open: false}",
    severity: str = "high",
    relation: str = "contradicts",
    provisions: str = "'1-1', '1-2', '1-3'",
    covers: str = "",
    intrusiveness: str = "safe",
) -> str:
    return RULE.format(
        id=name,
        when=when,
        hit=hit,
        miss=miss,
        severity=severity,
        relation=relation,
        provisions=provisions,
        covers=covers,
        intrusiveness=intrusiveness,
    )


def write_pack(folder: Path, rules: dict[str, str]) -> Path:
    for name in ("frameworks", "findings", "evidence"):
        (folder / name).mkdir(parents=True)
    (folder / "principles.yaml").write_text(PRINCIPLES)
    (folder / "frameworks" / "house.yaml").write_text(FRAMEWORK)
    (folder / "frameworks" / "cwe.yaml").write_text(CWE)
    (folder / "evidence" / "locked.yaml").write_text(EVIDENCE)
    for name, text in rules.items():
        (folder / "findings" / f"{name}.yaml").write_text(text)
    return folder


KINDS = {kind.name: kind for kind in (LAMP, GUARD)}
GOOD = {
    "lamp-open": rule("lamp-open", covers="lamp-ajar"),
    "lamp-ajar": rule(
        "lamp-ajar", "open: true, bits: {below: 8}", "{open: true, bits: 4}", "{open: false}", "low"
    ),
    "lamp-dim": rule(
        "lamp-dim",
        "version: {any_of: ['1', '2']}",
        "{version: '1'}",
        "{version: '3'}",
        "medium",
        "suggests",
    ),
    "lamp-default": rule(
        "lamp-default",
        "login: {present: true}, open: true",
        "{login: a, open: true}",
        "{open: false}",
        "critical",
        provisions="'1-7'",
        intrusiveness="login-attempt",
    ),
}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write_pack(tmp_path / "pack", GOOD)


@pytest.fixture
def book(pack: Path) -> Rulebook:
    return read_packs([pack], KINDS)
