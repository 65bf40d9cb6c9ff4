"""Messages fit any messenger, and none of them obeys what is in them."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from iotscan.model import Severity
from iotscan.model.difference import Change, DeviceChange, FindingChange
from iotscan.watch.message import LONGEST, of_failure, of_first, of_news, plain
from iotscan.watch.news import News

ACTIVE = set("<>&@[]*_~`|#\\{}$\n\r\x1b\u202e")


@pytest.fixture(scope="module")
def samples() -> ModuleType:
    path = Path(__file__).parent.parent / "report" / "samples.py"
    spec = importlib.util.spec_from_file_location("samples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def finding(label: str = "lamp", severity: Severity = Severity.HIGH) -> FindingChange:
    return FindingChange(
        Change.NEW,
        "telnet-exposed",
        "Old remote control is open (telnet)",
        severity,
        "k",
        label,
        "23/tcp",
        "",
    )


@pytest.mark.parametrize(
    "name",
    [
        "@everyone <!channel> <@U123>",
        "[click](https://example.org/x)",
        "![](http://example.org/pixel.png)",
        "<a href='https://example.org'>x</a>",
        "*b* _i_ ~s~ `c` ||spoiler|| # head",
        "ssh://x\x1b]8;;http://example.org\x07y",
        "safe\u202egnp.exe",
        "${jndi:ldap://example.org} {{7*7}} %n \\u0000",
    ],
)
def test_name_of_a_device_is_no_markup_link_or_mention(name: str) -> None:
    shown = plain(name)
    assert not ACTIVE & set(shown)
    assert "://" not in shown


def test_words_that_are_harmless_stay_as_they_are() -> None:
    words = "Küchenlampe 名前 (192.0.2.8), 23/tcp: 1.0 → 1.1; it's 50% off - “yes”!"
    assert plain(words) == words


def test_news_name_every_change_and_where_all_of_it_is() -> None:
    gone = DeviceChange(Change.GONE, "lamp")
    message = of_news(News(3, 4, new=(finding("cam@home"),), gone=(gone,)))
    assert message.title == "iotscan: 1 new finding, 1 not seen any more"
    assert message.body.splitlines() == [
        "New finding: Old remote control is open (telnet) (high): cam＠home, 23/tcp",
        "Not seen any more: lamp",
        "All of it: iotscan diff 3 4",
    ]
    assert message.tone == "warning"
    assert of_news(News(3, 4, gone=(gone,))).tone == "info"
    assert of_news(News(3, 4, new=(finding(severity=Severity.LOW),))).tone == "info"


@pytest.mark.parametrize("label", ["lamp", "L" * 10_000, "名" * 10_000])
def test_long_news_are_cut_between_lines_and_say_how_much_is_missing(label: str) -> None:
    message = of_news(News(3, 4, new=(finding(label),) * 500))
    lines = message.body.splitlines()
    assert len(message.body) <= LONGEST
    assert len(lines) > 4
    assert lines[-2:] == [f"… and {500 - len(lines) + 2} more.", "All of it: iotscan diff 3 4"]
    assert all(len(line) <= 240 for line in lines)
    assert len(message.title) < 120


def test_first_message_is_a_summary_worst_first(samples: ModuleType) -> None:
    message = of_first(samples.home(), 7)
    lines = message.body.splitlines()
    devices = len(samples.home().devices)
    assert message.title == f"iotscan: watching {devices} devices"
    assert lines[0].startswith(f"{devices} devices in ")
    assert "(critical)" in next(line for line in lines if "(" in line and ":" in line[5:])
    assert lines[-2:] == ["From now on only changes are told.", "All of it: iotscan report 7"]


def test_summary_says_that_a_scan_is_incomplete_and_leaves_accepted_risks_out(
    samples: ModuleType,
) -> None:
    report = replace(samples.accepted(), complete=False)
    body = of_first(report, 1).body
    open_ = [one for one in report.findings if one.accepted is None]
    assert len(open_) < len(report.findings)
    assert f"{len(open_)} finding" in body
    assert "The scan is incomplete" in body
    assert "incomplete" not in of_first(replace(report, complete=True), 1).body


def test_every_hostile_text_goes_through_a_summary(samples: ModuleType) -> None:
    for text in samples.HOSTILE:
        message = of_first(samples.hostile(text), 1)
        assert not (ACTIVE - {"\n"}) & set(message.body + message.title)
        assert len(message.body) <= LONGEST


def test_failure_is_told_in_words() -> None:
    message = of_failure("lamp.local cannot be resolved <b>\x1b[31m")
    assert message.tone == "failure"
    assert message.body == "lamp.local cannot be resolved ＜b＞ ［31m"
