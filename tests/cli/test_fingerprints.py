"""``iotscan fingerprints`` on those built in and on a user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from iotscan.assess.rulebook.packs import load_rulebook

MINE = """fingerprints:
  - id: my-lamp
    signal: http.title
    exact: [My lamp]
    gives: {vendor: Lampco, kind: bulb}
    examples: [{text: My lamp}]
"""


def flat(text: str) -> str:
    return " ".join(text.split())


def pack(name: str, text: str) -> str:
    """A folder of its own name for each test: what was read of a folder is remembered."""
    Path(name, "fingerprints").mkdir(parents=True)
    Path(name, "fingerprints", "lamp.yaml").write_text(text)
    return name


def test_check_counts_what_was_tried(command: Callable[..., Any]) -> None:
    ran = command("fingerprints", "check")
    known = load_rulebook().fingerprints
    assert ran.code == 0
    assert f"{len(known.entries)} fingerprints of {len(known.vendors())} makers" in flat(ran.out)
    assert "Ambiguous" not in ran.out


def test_check_tells_faults_with_file_and_line(command: Callable[..., Any]) -> None:
    ran = command("fingerprints", "check", pack("dark", MINE.replace("bulb", "lantern")))
    assert ran.code == 2
    assert "dark/fingerprints/lamp.yaml:2: gives: there is no kind" in flat(ran.err)


def test_check_reports_ambiguous_ones_with_exit_1(command: Callable[..., Any]) -> None:
    other = MINE.replace("my-lamp", "your-lamp").replace("bulb", "plug").partition("\n")[2]
    ran = command("fingerprints", "check", pack("twofold", MINE + other))
    assert ran.code == 1
    assert "Ambiguous: my-lamp and your-lamp say different things of the kind" in flat(ran.out)


def test_list_shows_those_with_all_words(command: Callable[..., Any]) -> None:
    ran = command("fingerprints", "list", "hue", "MDNS", "--rules", pack("bright", MINE))
    assert ran.code == 0
    assert "hue-mdns (mdns.types): vendor Signify, family Hue, kind hub" in flat(ran.out)
    assert "my-lamp" not in ran.out
    ran = command("fingerprints", "list", "--rules", "bright")
    assert "my-lamp (http.title): vendor Lampco, kind bulb" in flat(ran.out)
    assert "model as it says" in flat(ran.out)
