"""Sample reports and a browser as fixtures, and the flag that writes golden files anew."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from iotscan.api import replay
from iotscan.model import Report

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """The module ``samples.py`` beside this file."""
    spec = importlib.util.spec_from_file_location("samples", HERE / "samples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def recorded() -> Report:
    """The report of the recording beside this file; another rule that says nothing new about it
    does not change a word.
    """
    return replace(replay([HERE / "home.jsonl"]), version="0.0.0", rules="0" * 64)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--golden", default=False))


@pytest.fixture(autouse=True)
def known_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have wishes about colour; the pages must not change with them."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
