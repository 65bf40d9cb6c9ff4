"""``iotscan feeds``: take in, list and forget lists of flaws."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iotscan.feeds import store

KEV = {
    "catalogVersion": "2026.11.19",
    "dateReleased": "2026-11-19T15:00:00Z",
    "vulnerabilities": [{"cveID": "CVE-2019-3978"}],
}


def test_a_list_is_taken_in_listed_and_forgotten(command: Callable[..., Any]) -> None:
    Path("kev.json").write_text(json.dumps(KEV))
    done = command("feeds", "import", "kev.json")
    assert (done.code, done.err) == (0, "")
    told = "cisa-kev (CISA, known exploited vulnerabilities) of 2026-11-19: 1 flaw"
    assert done.out == f"{told}, of 1 entry in the list.\n"
    assert command("feeds", "list").out.startswith(f"{told}, SHA-256 ")
    assert command("feeds", "remove", "cisa-kev").code == 0
    assert "iotscan feeds import FILE" in command("feeds", "list").out


def test_lists_lie_where_the_settings_say(command: Callable[..., Any], tmp_path: Path) -> None:
    Path("kev.json").write_text(json.dumps(KEV))
    Path("mine.toml").write_text(f'feeds = "{tmp_path}/mine"\n')
    assert command("feeds", "import", "--config", "mine.toml", "kev.json").code == 0
    assert [note.name for note in store.load(tmp_path / "mine").notes] == ["cisa-kev"]
    assert "cisa-kev" in command("feeds", "list", "--config", "mine.toml").out
    assert "cisa-kev" not in command("feeds", "list").out
    assert command("feeds", "remove", "--config", "mine.toml", "cisa-kev").code == 0


def test_what_cannot_be_taken_in_is_told(command: Callable[..., Any]) -> None:
    Path("page.html").write_text("<html>")
    done = command("feeds", "import", "page.html")
    assert done.code == 2
    assert "page.html cannot be taken in: it is no JSON" in done.err
    assert "no file that can be read" in command("feeds", "import", "missing.json").err
    assert command("feeds", "remove", "nvd").code == 2
    assert command("feeds", "import").code == 2
