"""The documents are built as web pages without a warning, and hold every rule and every page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.plugins import discoverers, probes

DOCS = Path(__file__).resolve().parent.parent / "docs"
WRITTEN = ("protocols.md", "rules.md")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages; built from a copy, for the sources of others are not ours to write in."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("docs", "iotscan", "rules", "CONTRIBUTING.md"):
        (folder / name).symlink_to(DOCS.parent / name)
    (folder / "docs").unlink()
    shutil.copytree(DOCS, folder / "docs", ignore=shutil.ignore_patterns(*WRITTEN))
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*command, folder / "docs", folder / "html"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "html"


def test_every_page_is_built_and_in_the_contents(built: Path) -> None:
    index = (built / "index.html").read_text("utf-8")
    pages = {path.name for path in DOCS.glob("*.md")} - {"index.md"} | {*WRITTEN}
    assert [name for name in pages if f'href="{name[:-3]}.html"' not in index] == []


def test_every_rule_is_documented(built: Path) -> None:
    page = (built / "rules.html").read_text("utf-8")
    rules = load_rulebook().rules
    assert len(rules) > 100
    assert [name for name in rules if f'id="{name}"' not in page] == []


def test_every_protocol_is_documented(built: Path) -> None:
    """Each probe and each way of discovery, with all that it reads and can find."""
    page = (built / "protocols.html").read_text("utf-8")
    names = [probe.name for probe in probes()] + [found.name for found in discoverers()]
    assert [name for name in names if f"<h2>{name}<" not in page] == []
    kinds = {kind.name for probe in probes() for kind in probe.emits}
    kinds |= {kind.name for found in discoverers() for kind in found.emits}
    assert len(kinds) > 100
    assert [name for name in sorted(kinds) if f">{name}</span>" not in page] == []


def test_pages_load_nothing_from_elsewhere(built: Path) -> None:
    for path in built.glob("*.html"):
        text = path.read_text("utf-8")
        assert 'src="http' not in text, path.name
        assert '<link rel="stylesheet" type="text/css" href="http' not in text, path.name
