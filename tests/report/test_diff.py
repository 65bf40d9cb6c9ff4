"""Differences for people and programs; what devices say is shown and never obeyed."""

from __future__ import annotations

import io
import json
from types import ModuleType

import pytest

from iotscan import codec
from iotscan.errors import UsageError
from iotscan.model import Severity
from iotscan.model.difference import (
    Change,
    DeviceChange,
    Difference,
    FieldChange,
    FindingChange,
    Side,
)
from iotscan.report.diff import FORMATS, writer


def difference(words: str = "Hallway", many: int = 1) -> Difference:
    sides = (
        Side("16", "2026-01-01T08:00:00+00:00", "scan", True, "1.0", "r", id=16),
        Side("report.json", "2026-01-02T08:00:00+00:00", "scan", False, "1.0", "r", "home"),
    )
    devices = (
        DeviceChange(Change.NEW, words, after="a", doubt=f"the same name, but another {words}"),
        DeviceChange(Change.GONE, words, before="b"),
        DeviceChange(Change.STILL, words, "c", "d", (f"MAC {words}",), True, "",
                     (FieldChange("firmware", "1.0", words),)),
        DeviceChange(Change.STILL, f"{words} 2", "e", "e", ("name x",), False),
    )  # fmt: skip
    findings = tuple(
        FindingChange(change, "telnet-exposed", f"Telnet {words}", Severity.HIGH, "a", words,
                      "23/tcp", f"{change.value}{number}", reason, change is Change.UNKNOWN)
        for number in range(many)
        for change, reason in (
            (Change.NEW, ""),
            (Change.RESOLVED, f"23/tcp is closed {words}"),
            (Change.UNKNOWN, f"not looked at {words}"),
            (Change.STILL, "was low"),
        )
    )  # fmt: skip
    return Difference(1, *sides, devices, findings, (f"The rules differ {words}.",))


def written(name: str, found: Difference) -> str:
    out = io.StringIO()
    writer(name)(found, out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["terminal", "markdown"])
def test_everything_that_changed_is_said(name: str) -> None:
    text = " ".join(written(name, difference()).split())
    for words in (
        "1 new device, 1 not seen any more, 1 new finding, 1 resolved, 1 unknown, 1 as before",
        "scan 16 (2026-01-01 at 08:00 UTC)",
        "report.json (2026-01-02 at 08:00 UTC, policy home)",
        "the same name, but another Hallway",
        "firmware: 1.0 → Hallway",
        "Known by MAC Hallway",
        "Telnet Hallway (high, 23/tcp)",
        "23/tcp is closed Hallway",
        "(high, accepted, 23/tcp)",
        "Not looked at Hallway",
        "Was low",
        "Hallway 2",
    ):
        assert words.casefold() in text.replace("\\", "").casefold(), words


def test_json_loads_back_equal() -> None:
    found = difference()
    assert codec.decode(written("json", found), Difference) == found


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_hostile_words_have_no_effect(name: str, samples: ModuleType) -> None:
    for words in samples.HOSTILE:
        text = written(name, difference(words))
        assert not set(text) & set("\x1b\x07\x9b\x85\u2028\u202e\u2066\u200f"), words[:20]
        if name == "json":
            json.loads(text)


def test_markdown_takes_no_markup_from_devices() -> None:
    text = written("markdown", difference("[x](http://e.org) <b> *y* `z` # | www.e.org\n\n# h"))
    for mark in ("[x]", "<b>", "*y*", "`z`", "http://", "\n# h"):
        assert mark not in text


def test_nothing_changed_is_one_sentence() -> None:
    found = difference(many=0)
    empty = Difference(1, found.before, found.after)
    for name in ("terminal", "markdown"):
        assert "0 new findings" in written(name, empty)


def test_unknown_format_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="formats are: terminal, json, markdown"):
        writer("pdf")
